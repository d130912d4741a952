"""Everything on one machine: for trying it out, for working on it, and as a service over SQLite."""
