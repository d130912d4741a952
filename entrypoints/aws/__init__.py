"""What AWS Lambda calls: one module a function."""
