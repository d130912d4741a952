-- A contact's member key follows from its id and leads to it: one tree serves look-ups and pages.
CREATE TABLE contacts (
    member_key TEXT PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Those under way.
CREATE TABLE erasures (
    contact_id TEXT PRIMARY KEY,
    next_check_at INTEGER,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX erasures_to_check ON erasures (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE segments (
    segment_id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

CREATE TABLE segment_members (
    segment_id TEXT NOT NULL,
    member_key TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (segment_id, member_key)
) STRICT, WITHOUT ROWID;

-- The current version of each.
CREATE TABLE templates (
    template_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

-- The summary comes first: a list of versions reads no bodies.
CREATE TABLE template_versions (
    template_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    summary TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (template_id, version)
) STRICT;

CREATE TABLE contents (
    campaign_id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_check_at INTEGER,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_kind ON jobs (kind, job_id);
CREATE INDEX jobs_to_check ON jobs (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE series (
    series_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    next_check_at INTEGER,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX series_to_check ON series (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE path_lines (
    day TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_look_at INTEGER,
    expires_at INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (day, campaign_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX path_lines_to_look_at ON path_lines (next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX path_lines_by_expiry ON path_lines (expires_at);

CREATE TABLE webhooks (
    webhook_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;

CREATE TABLE webhook_deliveries (
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    state TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (webhook_id, event_id)
) STRICT;
CREATE INDEX webhook_deliveries_by_state
    ON webhook_deliveries (webhook_id, state, occurred_at, event_id);
CREATE INDEX webhook_deliveries_to_attempt
    ON webhook_deliveries (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_expiry ON webhook_deliveries (expires_at);

-- What objects are called, and the files of the folder that hold them.
CREATE TABLE objects (
    name TEXT PRIMARY KEY,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX objects_by_expiry ON objects (expires_at);

-- Objects that are being written in parts.
CREATE TABLE object_writings (
    writing_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX object_writings_by_expiry ON object_writings (expires_at);

CREATE TABLE object_parts (
    writing_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    tag TEXT NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (writing_id, number)
) STRICT;
