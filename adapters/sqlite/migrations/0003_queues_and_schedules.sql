-- What the queues hold: `queue` is what gave a dead letter up, too (domain.dead_letter.DeadLetterSource).
-- AUTOINCREMENT, so that a receipt of an earlier message is never good for a later one.
CREATE TABLE messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    -- NULL until it is received, where it has no delay: a clock that is set back hides no new one.
    hidden_until INTEGER,
    receives INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX messages_to_receive ON messages (queue, hidden_until);

CREATE TABLE dead_letters (
    message_id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    receives INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_age ON dead_letters (queue, sent_at);

CREATE TABLE schedules (
    campaign_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_by_time ON schedules (at);

-- One row: what was granted in the last second, to all workers.
CREATE TABLE grants (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    log TEXT NOT NULL
) STRICT;

-- Hashes of secrets, never a secret.
CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
