"""Templates rendered by minijinja."""
