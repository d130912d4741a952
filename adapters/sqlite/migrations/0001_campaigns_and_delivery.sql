-- Records are JSON; columns beside them are what they are found, ordered and guarded by.
-- Instants are microseconds since 1970.

CREATE TABLE campaigns (
    campaign_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_check_at INTEGER,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX campaigns_by_state ON campaigns (state, campaign_id);
CREATE INDEX campaigns_to_check ON campaigns (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE campaign_changes (
    campaign_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (campaign_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_changes_by_time ON campaign_changes (at);

CREATE TABLE fan_out_ranges (
    campaign_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (campaign_id, number)
) STRICT, WITHOUT ROWID;

-- Written once, at fan-out; only erasure changes it.
CREATE TABLE chunk_manifests (
    campaign_id TEXT NOT NULL,
    range_number INTEGER NOT NULL,
    number INTEGER NOT NULL,
    recipients TEXT NOT NULL,
    PRIMARY KEY (campaign_id, range_number, number)
) STRICT;

CREATE TABLE chunks (
    campaign_id TEXT NOT NULL,
    range_number INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    next_check_at INTEGER,
    progress TEXT NOT NULL,
    PRIMARY KEY (campaign_id, range_number, number)
) STRICT;
CREATE INDEX chunks_to_check ON chunks (next_check_at) WHERE next_check_at IS NOT NULL;

-- One row for a campaign: there is one writer at a time, so none is hot.
CREATE TABLE tallies (
    campaign_id TEXT PRIMARY KEY,
    last_finished_at INTEGER,
    tally TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    digest TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

-- By a keyed hash of the address, which erasure leaves.
CREATE TABLE suppressions (
    suppression_id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

-- `address_hash_key`, made with the database: who has this file has the addresses, too.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
