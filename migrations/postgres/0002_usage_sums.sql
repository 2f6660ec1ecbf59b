-- Sums of usage by hour and by day.

-- What is here already is in no sum yet; a task adds it, a few rows at a time. The index holds only what is left to add.
ALTER TABLE usage_events ADD COLUMN is_summed BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX usage_events_left_out ON usage_events (event_time) WHERE NOT is_summed;

-- The same rows are updated again and again; room in each page keeps such a row in its page, and its index entry as it is.
CREATE TABLE usage_sums (
    account_id         UUID   NOT NULL,
    -- How many hours it is of: 1 or 24.
    span_hours         BIGINT NOT NULL,
    start              BIGINT NOT NULL,
    provider           TEXT   NOT NULL,
    model              TEXT   NOT NULL,
    access_key_id      UUID   NOT NULL,
    team_id            UUID   NOT NULL,
    cost_nano_usd      BIGINT NOT NULL,
    attempts           BIGINT NOT NULL,
    unpriced           BIGINT NOT NULL,
    requests           BIGINT NOT NULL,
    errors             BIGINT NOT NULL,
    input_tokens       BIGINT NOT NULL,
    cache_read_tokens  BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens      BIGINT NOT NULL,
    reasoning_tokens   BIGINT NOT NULL,
    PRIMARY KEY (account_id, span_hours, start, provider, model, access_key_id, team_id)
) WITH (fillfactor = 70);
