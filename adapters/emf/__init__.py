"""Metrics in CloudWatch's embedded metric format: JSON lines that CloudWatch Logs reads."""
