-- Ids are UUIDs, which sort as their bytes do; times are microseconds since 1970, money is nano-dollars, documents are text.
-- Rows that belong to an account carry its id and are found by it, so that no query can forget the account and still be fast.
-- Whoever writes something of an account holds the lock on the account's row; whoever writes something of the gateway, the one
-- on the row of the table gateway. So what a write has checked is still true when it commits.

CREATE TABLE gateway (
    is_the_only_row  BOOLEAN NOT NULL PRIMARY KEY DEFAULT TRUE CHECK (is_the_only_row),
    master_key_proof BYTEA
);

INSERT INTO gateway DEFAULT VALUES;

CREATE TABLE accounts (
    id              UUID   NOT NULL PRIMARY KEY,
    version         BIGINT NOT NULL,
    name            TEXT   NOT NULL CONSTRAINT accounts_name UNIQUE,
    metadata        TEXT,
    tier            TEXT,
    suspended_at    BIGINT,
    default_team_id UUID   NOT NULL,
    sealed_data_key BYTEA  NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    created_by      TEXT   NOT NULL,
    updated_by      TEXT   NOT NULL
);

CREATE TABLE teams (
    id          UUID   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    account_id  UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name        TEXT   NOT NULL,
    description TEXT,
    metadata    TEXT,
    tier        TEXT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    updated_by  TEXT   NOT NULL,
    CONSTRAINT teams_name UNIQUE (account_id, name),
    -- What access keys refer to: a team together with its account.
    CONSTRAINT teams_of_account UNIQUE (account_id, id)
);

CREATE TABLE tiers (
    id         UUID   NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    name       TEXT   NOT NULL CONSTRAINT tiers_name UNIQUE,
    document   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    updated_by TEXT   NOT NULL
);

-- A provider is named by its text: it may be a built-in one, of which no row exists.
CREATE TABLE provider_keys (
    id            UUID   NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    account_id    UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_used_at  BIGINT,
    provider_name TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    description   TEXT,
    metadata      TEXT,
    sealed_value  BYTEA  NOT NULL,
    redacted      TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    updated_by    TEXT   NOT NULL,
    CONSTRAINT provider_keys_of_account UNIQUE (account_id, id)
);

CREATE INDEX provider_keys_of_provider ON provider_keys (account_id, provider_name, id);

CREATE TABLE managed_keys (
    id            UUID   NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    last_used_at  BIGINT,
    provider_name TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    description   TEXT,
    metadata      TEXT,
    sealed_value  BYTEA  NOT NULL,
    redacted      TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    updated_by    TEXT   NOT NULL
);

CREATE INDEX managed_keys_of_provider ON managed_keys (provider_name, id);

CREATE TABLE grants (
    managed_key_id UUID NOT NULL REFERENCES managed_keys (id) ON DELETE CASCADE,
    account_id     UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (managed_key_id, account_id)
);

CREATE INDEX grants_of_account ON grants (account_id, managed_key_id);

CREATE TABLE custom_providers (
    id            UUID   NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    account_id    UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    provider_name TEXT   NOT NULL,
    display_name  TEXT   NOT NULL,
    base_url      TEXT   NOT NULL,
    metadata      TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    updated_by    TEXT   NOT NULL,
    CONSTRAINT custom_providers_name UNIQUE (account_id, provider_name),
    CONSTRAINT custom_providers_of_account UNIQUE (account_id, id)
);

CREATE TABLE custom_surfaces (
    account_id       UUID    NOT NULL,
    provider_id      UUID    NOT NULL,
    position         BIGINT  NOT NULL,
    surface          TEXT    NOT NULL,
    base_url         TEXT,
    supported_params TEXT[]  NOT NULL,
    PRIMARY KEY (account_id, provider_id, position),
    FOREIGN KEY (account_id, provider_id) REFERENCES custom_providers (account_id, id) ON DELETE CASCADE
);

CREATE TABLE custom_models (
    account_id         UUID    NOT NULL,
    provider_id        UUID    NOT NULL,
    position           BIGINT  NOT NULL,
    id                 UUID    NOT NULL CONSTRAINT custom_models_id UNIQUE,
    model_id           TEXT    NOT NULL,
    provider_model_id  TEXT,
    unsupported_params TEXT[]  NOT NULL,
    PRIMARY KEY (account_id, provider_id, position),
    FOREIGN KEY (account_id, provider_id) REFERENCES custom_providers (account_id, id) ON DELETE CASCADE
);

-- What a document names stands beside it in its order. These lists are short, and the account's lock keeps what they name.
CREATE TABLE configurations (
    id                  UUID   NOT NULL PRIMARY KEY,
    version             BIGINT NOT NULL,
    account_id          UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name                TEXT   NOT NULL,
    description         TEXT,
    metadata            TEXT,
    document            TEXT   NOT NULL,
    used_provider_keys  UUID[] NOT NULL,
    used_providers      TEXT[] NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    created_by          TEXT   NOT NULL,
    updated_by          TEXT   NOT NULL,
    -- What access keys refer to: a configuration together with its account.
    CONSTRAINT configurations_of_account UNIQUE (account_id, id)
);

CREATE TABLE virtual_models (
    id          UUID   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    account_id  UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name        TEXT   NOT NULL,
    description TEXT,
    metadata    TEXT,
    models      TEXT[] NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    updated_by  TEXT   NOT NULL,
    CONSTRAINT virtual_models_of_account UNIQUE (account_id, id)
);

-- The collation C folds the letters a to z and no others, whatever the database's own is.
CREATE UNIQUE INDEX virtual_models_name ON virtual_models (account_id, lower(name COLLATE "C"));

CREATE TABLE access_keys (
    id                    UUID   NOT NULL PRIMARY KEY,
    version               BIGINT NOT NULL,
    account_id            UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_used_at          BIGINT,
    team_id               UUID   NOT NULL,
    configuration_id      UUID,
    name                  TEXT,
    description           TEXT,
    metadata              TEXT,
    tags                  TEXT[] NOT NULL,
    secret_hash           TEXT   NOT NULL,
    previous_secret_hash  TEXT,
    previous_secret_until BIGINT,
    redacted              TEXT   NOT NULL,
    expires_at            BIGINT,
    disabled_at           BIGINT,
    allowed_networks      TEXT[] NOT NULL,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    created_by            TEXT   NOT NULL,
    updated_by            TEXT   NOT NULL,
    revoked_at            BIGINT,
    CONSTRAINT access_keys_team FOREIGN KEY (account_id, team_id) REFERENCES teams (account_id, id),
    CONSTRAINT access_keys_configuration FOREIGN KEY (account_id, configuration_id) REFERENCES configurations (account_id, id)
);

CREATE INDEX access_keys_live ON access_keys (account_id, id) WHERE revoked_at IS NULL;
CREATE INDEX access_keys_of_team ON access_keys (account_id, team_id);
CREATE INDEX access_keys_of_configuration ON access_keys (account_id, configuration_id) WHERE configuration_id IS NOT NULL;

CREATE TABLE api_keys (
    id           UUID   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    account_id   UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_used_at BIGINT,
    role         TEXT   NOT NULL,
    name         TEXT,
    description  TEXT,
    metadata     TEXT,
    secret_hash  TEXT   NOT NULL,
    redacted     TEXT   NOT NULL,
    expires_at   BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    created_by   TEXT   NOT NULL,
    updated_by   TEXT   NOT NULL,
    deleted_at   BIGINT
);

CREATE INDEX api_keys_live ON api_keys (account_id, id) WHERE deleted_at IS NULL;

CREATE TABLE operator_keys (
    id           UUID   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    last_used_at BIGINT,
    name         TEXT,
    description  TEXT,
    metadata     TEXT,
    secret_hash  TEXT   NOT NULL,
    redacted     TEXT   NOT NULL,
    expires_at   BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    created_by   TEXT   NOT NULL,
    updated_by   TEXT   NOT NULL,
    deleted_at   BIGINT
);

CREATE TABLE gateway_configs (
    account_id             UUID   NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    version                BIGINT NOT NULL,
    total_timeout_us       BIGINT NOT NULL,
    per_request_timeout_us BIGINT NOT NULL,
    input_tokens_max       BIGINT,
    output_tokens_max      BIGINT,
    metadata               TEXT,
    created_at             BIGINT NOT NULL,
    updated_at             BIGINT NOT NULL,
    created_by             TEXT   NOT NULL,
    updated_by             TEXT   NOT NULL
);

CREATE TABLE credits (
    id              UUID   NOT NULL PRIMARY KEY,
    account_id      UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    amount_nano_usd BIGINT NOT NULL,
    category        TEXT   NOT NULL,
    note            TEXT,
    expires_at      BIGINT,
    created_at      BIGINT NOT NULL,
    created_by      TEXT   NOT NULL
);

CREATE INDEX credits_of_account ON credits (account_id, id);

CREATE TABLE purchases (
    id              UUID   NOT NULL PRIMARY KEY,
    version         BIGINT NOT NULL,
    account_id      UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    amount_cents    BIGINT NOT NULL,
    status          TEXT   NOT NULL,
    failure_message TEXT,
    idempotency_key TEXT,
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    created_by      TEXT   NOT NULL,
    updated_by      TEXT   NOT NULL,
    CONSTRAINT purchases_idempotency_key UNIQUE (account_id, idempotency_key)
);

CREATE INDEX purchases_of_account ON purchases (account_id, id);

-- The account is all zeros where the request is about none. Nothing is referred to: a request may end after its account.
CREATE TABLE idempotency (
    account_id    UUID   NOT NULL,
    digest        BYTEA  NOT NULL,
    body_digest   BYTEA  NOT NULL,
    -- None while the request runs.
    sealed_answer BYTEA,
    over_at       BIGINT NOT NULL,
    PRIMARY KEY (account_id, digest)
);

CREATE INDEX idempotency_over ON idempotency (over_at);

-- The log outlives the accounts that it names, so it refers to nothing.
CREATE TABLE audit_events (
    id            UUID   NOT NULL PRIMARY KEY,
    account_id    UUID,
    at            BIGINT NOT NULL,
    actor         TEXT   NOT NULL,
    address       TEXT,
    action        TEXT   NOT NULL,
    object_id     TEXT   NOT NULL,
    object_before TEXT,
    object_after  TEXT
);

CREATE INDEX audit_events_of_account ON audit_events (account_id, id);
CREATE INDEX audit_events_of_object ON audit_events (object_id, id);

-- The ledger outlives the keys and providers it names, so it refers to nothing: an event that arrives late is never refused.
-- It is cut by time: a partition for a range is added beside the default one before that range begins.
CREATE TABLE usage_events (
    id                    UUID     NOT NULL,
    request_id            UUID     NOT NULL,
    account_id            UUID     NOT NULL,
    team_id               UUID     NOT NULL,
    access_key_id         UUID     NOT NULL,
    event_time            BIGINT   NOT NULL,
    surface               TEXT     NOT NULL,
    provider              TEXT     NOT NULL,
    model                 TEXT     NOT NULL,
    virtual_model         TEXT,
    provider_key_id       UUID,
    managed_key_id        UUID,
    provider_key_redacted TEXT,
    attempt_number        BIGINT   NOT NULL,
    is_final              BOOLEAN  NOT NULL,
    status_code           BIGINT   NOT NULL,
    completion            TEXT     NOT NULL,
    is_streaming          BOOLEAN  NOT NULL,
    stop_reason           TEXT,
    input_uncached        BIGINT   NOT NULL,
    cache_read            BIGINT   NOT NULL,
    cache_write_5m        BIGINT   NOT NULL,
    cache_write_1h        BIGINT   NOT NULL,
    cache_write_other     BIGINT   NOT NULL,
    output                BIGINT   NOT NULL,
    reasoning             BIGINT   NOT NULL,
    usage_source          TEXT     NOT NULL,
    cost_nano_usd         BIGINT,
    duration_us           BIGINT   NOT NULL,
    first_token_us        BIGINT,
    -- An event that is sent again has the same time, so this recognizes it, and serves the list without another index.
    PRIMARY KEY (account_id, event_time, id)
) PARTITION BY RANGE (event_time);

CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT;

CREATE INDEX usage_events_by_key ON usage_events (account_id, access_key_id, event_time, id);
CREATE INDEX usage_events_by_request ON usage_events (account_id, request_id);

-- News for other processes. Rows older than an hour are deleted, but never the newest.
CREATE TABLE changes (
    seq  BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT   NOT NULL,
    id   UUID,
    at   BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT
);
