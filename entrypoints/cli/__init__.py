"""The command line: what speaks to Sentinel's HTTP interface for people and their scripts.

It knows nothing of the service but that: it imports neither domain nor adapters.
"""
