"""What Sentinel is about, free of I/O, clock and framework."""
