"""Pages, by the standard library."""
