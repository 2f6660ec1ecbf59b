-- Versions, texts and makers of all that is managed; tenants' tiers, configurations, virtual models and settings; the operator's
-- own keys; prepaid money; the audit log. What was there before is of version 1 and was made by the process itself.

ALTER TABLE accounts ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN metadata TEXT;
ALTER TABLE accounts ADD COLUMN tier TEXT;
ALTER TABLE accounts ADD COLUMN suspended_at INTEGER;
ALTER TABLE accounts ADD COLUMN default_team_id BLOB NOT NULL DEFAULT x'';
ALTER TABLE accounts ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN created_by TEXT NOT NULL DEFAULT 'wardgate';
ALTER TABLE accounts ADD COLUMN updated_by TEXT NOT NULL DEFAULT 'wardgate';

UPDATE accounts SET
    updated_at = created_at,
    -- Every account was made with a team of this name, as its first.
    default_team_id = coalesce(
        (SELECT id FROM teams WHERE account_id = accounts.id AND name = 'default'),
        (SELECT min(id) FROM teams WHERE account_id = accounts.id),
        x''
    );

ALTER TABLE teams ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE teams ADD COLUMN description TEXT;
ALTER TABLE teams ADD COLUMN metadata TEXT;
ALTER TABLE teams ADD COLUMN tier TEXT;
ALTER TABLE teams ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN created_by TEXT NOT NULL DEFAULT 'wardgate';
ALTER TABLE teams ADD COLUMN updated_by TEXT NOT NULL DEFAULT 'wardgate';

UPDATE teams SET updated_at = created_at;

ALTER TABLE api_keys ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE api_keys ADD COLUMN description TEXT;
ALTER TABLE api_keys ADD COLUMN metadata TEXT;
ALTER TABLE api_keys ADD COLUMN redacted TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_keys ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT 'wardgate';
ALTER TABLE api_keys ADD COLUMN updated_by TEXT NOT NULL DEFAULT 'wardgate';

UPDATE api_keys SET updated_at = created_at;

CREATE INDEX api_keys_of_account ON api_keys (account_id, id);

ALTER TABLE operator_keys ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE operator_keys ADD COLUMN name TEXT;
ALTER TABLE operator_keys ADD COLUMN description TEXT;
ALTER TABLE operator_keys ADD COLUMN metadata TEXT;
ALTER TABLE operator_keys ADD COLUMN redacted TEXT NOT NULL DEFAULT '';
ALTER TABLE operator_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE operator_keys ADD COLUMN last_used_at INTEGER;
ALTER TABLE operator_keys ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operator_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT 'wardgate';
ALTER TABLE operator_keys ADD COLUMN updated_by TEXT NOT NULL DEFAULT 'wardgate';

UPDATE operator_keys SET updated_at = created_at;

ALTER TABLE provider_keys ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE provider_keys ADD COLUMN last_used_at INTEGER;

-- Now what configurations refer to: a key together with its account.
DROP INDEX provider_keys_of_account;
CREATE UNIQUE INDEX provider_keys_of_account ON provider_keys (account_id, id);

-- Lists of texts are JSON arrays.
ALTER TABLE custom_providers ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE custom_surfaces ADD COLUMN supported_params TEXT NOT NULL DEFAULT '[]';
ALTER TABLE custom_models ADD COLUMN unsupported_params TEXT NOT NULL DEFAULT '[]';

CREATE TABLE configurations (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version     INTEGER NOT NULL,
    account_id  BLOB    NOT NULL REFERENCES accounts (id),
    name        TEXT    NOT NULL,
    description TEXT,
    metadata    TEXT,
    document    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    created_by  TEXT    NOT NULL,
    updated_by  TEXT    NOT NULL,
    -- What access keys refer to: a configuration together with its account.
    UNIQUE (account_id, id)
) STRICT;

-- What a document names, so that it stays.
CREATE TABLE configuration_provider_keys (
    account_id       BLOB NOT NULL,
    configuration_id BLOB NOT NULL,
    provider_key_id  BLOB NOT NULL,
    PRIMARY KEY (account_id, configuration_id, provider_key_id),
    FOREIGN KEY (account_id, configuration_id) REFERENCES configurations (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, provider_key_id) REFERENCES provider_keys (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX configuration_provider_keys_by_key ON configuration_provider_keys (account_id, provider_key_id);

-- A provider is named by its text: it may be a built-in one, of which no row exists.
CREATE TABLE configuration_providers (
    account_id       BLOB NOT NULL,
    configuration_id BLOB NOT NULL,
    provider_name    TEXT NOT NULL,
    PRIMARY KEY (account_id, configuration_id, provider_name),
    FOREIGN KEY (account_id, configuration_id) REFERENCES configurations (account_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX configuration_providers_by_name ON configuration_providers (account_id, provider_name);

CREATE TABLE virtual_models (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version     INTEGER NOT NULL,
    account_id  BLOB    NOT NULL REFERENCES accounts (id),
    name        TEXT    NOT NULL,
    description TEXT,
    metadata    TEXT,
    models      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    created_by  TEXT    NOT NULL,
    updated_by  TEXT    NOT NULL
) STRICT;

CREATE INDEX virtual_models_of_account ON virtual_models (account_id, id);
CREATE UNIQUE INDEX virtual_models_name ON virtual_models (account_id, name COLLATE NOCASE);

-- A column that is added cannot refer to two others together, so the table is made anew. Nothing refers to it.
CREATE TABLE access_keys_2 (
    id                    BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version               INTEGER NOT NULL,
    account_id            BLOB    NOT NULL REFERENCES accounts (id),
    team_id               BLOB    NOT NULL,
    configuration_id      BLOB,
    name                  TEXT,
    description           TEXT,
    metadata              TEXT,
    tags                  TEXT    NOT NULL,
    secret_hash           TEXT    NOT NULL,
    previous_secret_hash  TEXT,
    previous_secret_until INTEGER,
    redacted              TEXT    NOT NULL,
    expires_at            INTEGER,
    disabled_at           INTEGER,
    allowed_networks      TEXT    NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    created_by            TEXT    NOT NULL,
    updated_by            TEXT    NOT NULL,
    last_used_at          INTEGER,
    revoked_at            INTEGER,
    FOREIGN KEY (account_id, team_id) REFERENCES teams (account_id, id),
    FOREIGN KEY (account_id, configuration_id) REFERENCES configurations (account_id, id)
) STRICT;

INSERT INTO access_keys_2 (id, version, account_id, team_id, name, description, metadata, tags, secret_hash, redacted,
    allowed_networks, created_at, updated_at, created_by, updated_by, last_used_at, revoked_at)
SELECT id, 1, account_id, team_id, name, description, metadata, '[]', secret_hash, redacted,
    '[]', created_at, updated_at, created_by, updated_by, last_used_at, revoked_at
FROM access_keys ORDER BY rowid;

DROP TABLE access_keys;
ALTER TABLE access_keys_2 RENAME TO access_keys;

CREATE INDEX access_keys_live ON access_keys (account_id, id) WHERE revoked_at IS NULL;
CREATE INDEX access_keys_of_team ON access_keys (account_id, team_id);
CREATE INDEX access_keys_of_configuration ON access_keys (account_id, configuration_id);

CREATE TABLE tiers (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version    INTEGER NOT NULL,
    name       TEXT    NOT NULL UNIQUE,
    document   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    updated_by TEXT    NOT NULL
) STRICT;

CREATE TABLE managed_keys (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version       INTEGER NOT NULL,
    provider_name TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    description   TEXT,
    metadata      TEXT,
    sealed_value  BLOB    NOT NULL,
    redacted      TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    updated_by    TEXT    NOT NULL,
    last_used_at  INTEGER
) STRICT;

CREATE TABLE grants (
    managed_key_id BLOB NOT NULL REFERENCES managed_keys (id) ON DELETE CASCADE,
    account_id     BLOB NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (managed_key_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_account ON grants (account_id, managed_key_id);

CREATE TABLE gateway_configs (
    account_id             BLOB    NOT NULL PRIMARY KEY REFERENCES accounts (id),
    version                INTEGER NOT NULL,
    total_timeout_us       INTEGER NOT NULL,
    per_request_timeout_us INTEGER NOT NULL,
    input_tokens_max       INTEGER,
    output_tokens_max      INTEGER,
    metadata               TEXT,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    created_by             TEXT    NOT NULL,
    updated_by             TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credits (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id      BLOB    NOT NULL REFERENCES accounts (id),
    amount_nano_usd INTEGER NOT NULL,
    category        TEXT    NOT NULL,
    note            TEXT,
    expires_at      INTEGER,
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL
) STRICT;

CREATE INDEX credits_of_account ON credits (account_id, id);

CREATE TABLE purchases (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version         INTEGER NOT NULL,
    account_id      BLOB    NOT NULL REFERENCES accounts (id),
    amount_cents    INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    failure_message TEXT,
    idempotency_key TEXT,
    expires_at      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    updated_by      TEXT    NOT NULL,
    UNIQUE (account_id, idempotency_key)
) STRICT;

CREATE INDEX purchases_of_account ON purchases (account_id, id);

-- The account is empty where the request is about none. Nothing is referred to: a request may end after its account.
CREATE TABLE idempotency (
    account_id    BLOB    NOT NULL,
    digest        BLOB    NOT NULL,
    body_digest   BLOB    NOT NULL,
    -- None while the request runs.
    sealed_answer BLOB,
    over_at       INTEGER NOT NULL,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_over ON idempotency (over_at);

CREATE TABLE master_key_proof (
    is_the_only_row INTEGER NOT NULL PRIMARY KEY CHECK (is_the_only_row = 1),
    proof           BLOB    NOT NULL
) STRICT;

-- The log outlives the accounts that it names, so it refers to nothing.
CREATE TABLE audit_events (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id    BLOB    CHECK (length(account_id) = 16),
    at            INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    address       TEXT,
    action        TEXT    NOT NULL,
    object_id     TEXT    NOT NULL,
    object_before TEXT,
    object_after  TEXT
) STRICT;

CREATE INDEX audit_events_of_account ON audit_events (account_id, id);
CREATE INDEX audit_events_of_object ON audit_events (object_id, id);

-- No check: it would read the whole ledger, and a column without one is added at once.
ALTER TABLE usage_events ADD COLUMN virtual_model TEXT;
ALTER TABLE usage_events ADD COLUMN managed_key_id BLOB;
