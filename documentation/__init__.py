"""The documentation site: what of it is generated, and its pictures."""
