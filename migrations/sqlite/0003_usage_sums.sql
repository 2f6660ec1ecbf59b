-- Sums of usage by hour and by day, and an index by which a request is found.

-- What is here already is in no sum yet; a task adds it, a few rows at a time. The index holds only what is left to add.
ALTER TABLE usage_events ADD COLUMN is_summed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX usage_events_left_out ON usage_events (is_summed) WHERE is_summed = 0;

-- Ids of requests ascend with time, so a new entry is at the end of the index.
CREATE INDEX usage_events_by_request ON usage_events (request_id);

CREATE TABLE usage_sums (
    account_id         BLOB    NOT NULL CHECK (length(account_id) = 16),
    -- How many hours it is of: 1 or 24.
    span_hours         INTEGER NOT NULL,
    start              INTEGER NOT NULL,
    provider           TEXT    NOT NULL,
    model              TEXT    NOT NULL,
    access_key_id      BLOB    NOT NULL CHECK (length(access_key_id) = 16),
    team_id            BLOB    NOT NULL CHECK (length(team_id) = 16),
    cost_nano_usd      INTEGER NOT NULL,
    attempts           INTEGER NOT NULL,
    unpriced           INTEGER NOT NULL,
    requests           INTEGER NOT NULL,
    errors             INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    PRIMARY KEY (account_id, span_hours, start, provider, model, access_key_id, team_id)
) STRICT, WITHOUT ROWID;
