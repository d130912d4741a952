"""One durable file, for one machine: SQLite in WAL mode (SQLite's "Write-Ahead Logging").

Every method that writes is one transaction, which outlasts every kill once it returns. What is in
the ledger waits for the disk, too: `synchronous` is FULL, so that by SQLite's own promises it
outlasts a loss of power. With NORMAL a claim could be forgotten that a mail had gone out under, and
somebody be mailed twice. Only what everybody may forget together (grants, receives) does not wait.
"""
