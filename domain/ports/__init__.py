"""The doors of the domain: one Protocol a file; each docstring is a contract."""
