-- What may be spent in a window of time, by an account, a team or a key. A budget goes with its owner.
CREATE TABLE budgets (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version       INTEGER NOT NULL,
    account_id    BLOB    NOT NULL REFERENCES accounts (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    metadata      TEXT,
    team_id       BLOB    REFERENCES teams (id) ON DELETE CASCADE,
    access_key_id BLOB    REFERENCES access_keys (id) ON DELETE CASCADE,
    time_window   TEXT    NOT NULL,
    hard_nano_usd INTEGER CHECK (hard_nano_usd > 0),
    soft_nano_usd INTEGER CHECK (soft_nano_usd > 0),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    updated_by    TEXT    NOT NULL,
    CHECK (team_id IS NULL OR access_key_id IS NULL),
    CHECK (hard_nano_usd IS NOT NULL OR soft_nano_usd IS NOT NULL)
) STRICT;

CREATE INDEX budgets_of_account ON budgets (account_id, id);
CREATE UNIQUE INDEX budgets_name ON budgets (account_id, name);
CREATE INDEX budgets_of_team ON budgets (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX budgets_of_access_key ON budgets (access_key_id) WHERE access_key_id IS NOT NULL;

-- What was spent, by the day (UTC) on which the request began: added up in the transaction that stores the events. A spender is
-- the account, a team, a key, or all zeros: what was asked with the operator's keys, which credits pay for.
CREATE TABLE spending (
    account_id BLOB    NOT NULL CHECK (length(account_id) = 16),
    spender_id BLOB    NOT NULL CHECK (length(spender_id) = 16),
    day        INTEGER NOT NULL,
    nano_usd   INTEGER NOT NULL,
    PRIMARY KEY (account_id, spender_id, day)
) STRICT, WITHOUT ROWID;

-- What gateways hold of what may be spent from then on: of a budget, or of the credits, whose purse has the account's id.
CREATE TABLE holds (
    account_id    BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purse_id      BLOB    NOT NULL CHECK (length(purse_id) = 16),
    start         INTEGER NOT NULL,
    holder_id     BLOB    NOT NULL CHECK (length(holder_id) = 16),
    call          INTEGER NOT NULL,
    held_nano_usd INTEGER NOT NULL,
    renewed_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, purse_id, start, holder_id)
) STRICT, WITHOUT ROWID;

-- Of which someone was told.
CREATE TABLE soft_limits_passed (
    budget_id BLOB    NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    start     INTEGER NOT NULL,
    PRIMARY KEY (budget_id, start)
) STRICT, WITHOUT ROWID;

-- Prices are pico-dollars a token.
ALTER TABLE custom_models ADD COLUMN input_price INTEGER;
ALTER TABLE custom_models ADD COLUMN output_price INTEGER;
ALTER TABLE gateway_configs ADD COLUMN unknown_price INTEGER;
