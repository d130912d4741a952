"""The machine's own clock and randomness: the only place that reads either."""
