-- Ids are 16 bytes, times microseconds since 1970, money nano-dollars.
-- Rows that belong to an account carry its id and are found by it, so that no query can forget the account and still be fast.

CREATE TABLE accounts (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name            TEXT    NOT NULL UNIQUE,
    sealed_data_key BLOB    NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE teams (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB    NOT NULL REFERENCES accounts (id),
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, name),
    -- What access keys refer to: a team together with its account.
    UNIQUE (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id   BLOB    NOT NULL REFERENCES accounts (id),
    team_id      BLOB    NOT NULL,
    name         TEXT,
    description  TEXT,
    metadata     TEXT,
    secret_hash  TEXT    NOT NULL,
    redacted     TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    updated_by   TEXT    NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    FOREIGN KEY (account_id, team_id) REFERENCES teams (account_id, id)
) STRICT;

CREATE INDEX access_keys_live ON access_keys (account_id, id) WHERE revoked_at IS NULL;

CREATE TABLE api_keys (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id  BLOB    NOT NULL REFERENCES accounts (id),
    role        TEXT    NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
    name        TEXT,
    secret_hash TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER
) STRICT;

CREATE TABLE operator_keys (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    secret_hash TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER
) STRICT;

-- A provider is named by its text: it may be a built-in one, of which no row exists.
CREATE TABLE provider_keys (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id    BLOB    NOT NULL REFERENCES accounts (id),
    provider_name TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    description   TEXT,
    metadata      TEXT,
    sealed_value  BLOB    NOT NULL,
    redacted      TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    updated_by    TEXT    NOT NULL
) STRICT;

CREATE INDEX provider_keys_of_account ON provider_keys (account_id, id);
CREATE INDEX provider_keys_of_provider ON provider_keys (account_id, provider_name, id);

CREATE TABLE custom_providers (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id    BLOB    NOT NULL REFERENCES accounts (id),
    provider_name TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    base_url      TEXT    NOT NULL,
    metadata      TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    updated_by    TEXT    NOT NULL,
    UNIQUE (account_id, provider_name),
    -- What surfaces and models refer to, and the order of lists.
    UNIQUE (account_id, id)
) STRICT;

CREATE TABLE custom_surfaces (
    account_id  BLOB    NOT NULL,
    provider_id BLOB    NOT NULL,
    position    INTEGER NOT NULL,
    surface     TEXT    NOT NULL,
    base_url    TEXT,
    PRIMARY KEY (account_id, provider_id, position),
    FOREIGN KEY (account_id, provider_id) REFERENCES custom_providers (account_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE custom_models (
    account_id        BLOB    NOT NULL,
    provider_id       BLOB    NOT NULL,
    position          INTEGER NOT NULL,
    id                BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    model_id          TEXT    NOT NULL,
    provider_model_id TEXT,
    PRIMARY KEY (account_id, provider_id, position),
    FOREIGN KEY (account_id, provider_id) REFERENCES custom_providers (account_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The ledger outlives the keys and providers it names, so it refers to nothing: an event that arrives late is never refused.
CREATE TABLE usage_events (
    id                    BLOB    NOT NULL CHECK (length(id) = 16),
    request_id            BLOB    NOT NULL CHECK (length(request_id) = 16),
    account_id            BLOB    NOT NULL CHECK (length(account_id) = 16),
    team_id               BLOB    NOT NULL CHECK (length(team_id) = 16),
    access_key_id         BLOB    NOT NULL CHECK (length(access_key_id) = 16),
    event_time            INTEGER NOT NULL,
    surface               TEXT    NOT NULL,
    provider              TEXT    NOT NULL,
    model                 TEXT    NOT NULL,
    provider_key_id       BLOB    CHECK (length(provider_key_id) = 16),
    provider_key_redacted TEXT,
    attempt_number        INTEGER NOT NULL,
    is_final              INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    status_code           INTEGER NOT NULL,
    completion            TEXT    NOT NULL,
    is_streaming          INTEGER NOT NULL CHECK (is_streaming IN (0, 1)),
    stop_reason           TEXT,
    input_uncached        INTEGER NOT NULL,
    cache_read            INTEGER NOT NULL,
    cache_write_5m        INTEGER NOT NULL,
    cache_write_1h        INTEGER NOT NULL,
    cache_write_other     INTEGER NOT NULL,
    output                INTEGER NOT NULL,
    reasoning             INTEGER NOT NULL,
    usage_source          TEXT    NOT NULL,
    cost_nano_usd         INTEGER,
    duration_us           INTEGER NOT NULL,
    first_token_us        INTEGER,
    -- An event that is sent again has the same time, so this recognizes it, and serves the list without another index.
    PRIMARY KEY (account_id, event_time, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_events_by_key ON usage_events (account_id, access_key_id, event_time, id);
