"""One durable file, for one machine: SQLite in WAL mode (SQLite's "Write-Ahead Logging").

Every method that writes is one transaction, and committed once it returns: `synchronous` is FULL,
so that by SQLite's own promises a commit outlasts a loss of power. With NORMAL a claim could be
forgotten that a mail had gone out under, and somebody be mailed twice.
"""
