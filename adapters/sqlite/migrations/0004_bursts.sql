-- One row: which starts were admitted to the direct way, as when each bucket is full again.
CREATE TABLE admissions (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    record TEXT NOT NULL
) STRICT;

-- By which campaign a start waits that nobody has received: one of a kind is enough.
CREATE INDEX messages_waiting_to_start ON messages (body)
    WHERE hidden_until IS NULL AND queue IN ('start', 'start-queue');
