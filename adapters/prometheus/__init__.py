"""Metrics as Prometheus collects them, by its own client library."""
