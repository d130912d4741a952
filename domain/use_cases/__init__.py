"""What Sentinel does: one use case a file, ports as fields."""
