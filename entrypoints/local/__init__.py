"""Everything on one machine, for trying it out and for working on it."""
