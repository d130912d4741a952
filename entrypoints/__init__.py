"""The ways in: HTTP, Lambda, the local runner. Nothing imports from here."""
