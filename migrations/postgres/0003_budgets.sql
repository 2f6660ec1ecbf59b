-- What may be spent in a window of time, by an account, a team or a key. A budget goes with its owner.
CREATE TABLE budgets (
    id            UUID   NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    account_id    UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name          TEXT   NOT NULL,
    description   TEXT,
    metadata      TEXT,
    team_id       UUID   CONSTRAINT budgets_owner_team REFERENCES teams (id) ON DELETE CASCADE,
    access_key_id UUID   CONSTRAINT budgets_owner_key REFERENCES access_keys (id) ON DELETE CASCADE,
    time_window   TEXT   NOT NULL,
    hard_nano_usd BIGINT CHECK (hard_nano_usd > 0),
    soft_nano_usd BIGINT CHECK (soft_nano_usd > 0),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    updated_by    TEXT   NOT NULL,
    CONSTRAINT budgets_name UNIQUE (account_id, name),
    CHECK (team_id IS NULL OR access_key_id IS NULL),
    CHECK (hard_nano_usd IS NOT NULL OR soft_nano_usd IS NOT NULL)
);

CREATE INDEX budgets_of_account ON budgets (account_id, id);
CREATE INDEX budgets_of_team ON budgets (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX budgets_of_access_key ON budgets (access_key_id) WHERE access_key_id IS NOT NULL;

-- What was spent, by the day (UTC) on which the request began: added up in the statement that stores the events. A spender is
-- the account, a team, a key, or all zeros: what was asked with the operator's keys, which credits pay for.
CREATE TABLE spending (
    account_id UUID   NOT NULL,
    spender_id UUID   NOT NULL,
    day        BIGINT NOT NULL,
    nano_usd   BIGINT NOT NULL,
    PRIMARY KEY (account_id, spender_id, day)
) WITH (fillfactor = 70);

-- What gateways hold of what may be spent from then on: of a budget, or of the credits, whose purse has the account's id.
CREATE TABLE holds (
    account_id    UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purse_id      UUID   NOT NULL,
    start         BIGINT NOT NULL,
    holder_id     UUID   NOT NULL,
    call          BIGINT NOT NULL,
    held_nano_usd BIGINT NOT NULL,
    renewed_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, purse_id, start, holder_id)
) WITH (fillfactor = 70);

-- Of which someone was told.
CREATE TABLE soft_limits_passed (
    budget_id UUID   NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    start     BIGINT NOT NULL,
    PRIMARY KEY (budget_id, start)
);

-- Prices are pico-dollars a token.
ALTER TABLE custom_models ADD COLUMN input_price BIGINT;
ALTER TABLE custom_models ADD COLUMN output_price BIGINT;
ALTER TABLE gateway_configs ADD COLUMN unknown_price BIGINT;
