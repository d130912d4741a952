"""Commands for those who deploy Sentinel to AWS."""
