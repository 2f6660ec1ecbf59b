-- Sums of usage by team: those of all its access keys together. An overview by provider, model or team of an account with very
-- many keys reads these, which are few.

CREATE TABLE usage_team_sums (
    account_id         BLOB    NOT NULL CHECK (length(account_id) = 16),
    span_hours         INTEGER NOT NULL,
    start              INTEGER NOT NULL,
    provider           TEXT    NOT NULL,
    model              TEXT    NOT NULL,
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
    PRIMARY KEY (account_id, span_hours, start, provider, model, team_id)
) STRICT, WITHOUT ROWID;

-- What is there already. A sum is held where those of keys are.
INSERT INTO usage_team_sums (
    account_id, span_hours, start, provider, model, team_id, cost_nano_usd, attempts, unpriced, requests, errors,
    input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
SELECT
    account_id, span_hours, start, provider, model, team_id, min(sum(cost_nano_usd), 9007199254740992),
    sum(attempts), sum(unpriced), sum(requests), sum(errors), min(sum(input_tokens), 9007199254740992),
    min(sum(cache_read_tokens), 9007199254740992), min(sum(cache_write_tokens), 9007199254740992),
    min(sum(output_tokens), 9007199254740992), min(sum(reasoning_tokens), 9007199254740992)
FROM usage_sums GROUP BY 1, 2, 3, 4, 5, 6;

-- Nobody writes to that table but these.
CREATE TRIGGER usage_sums_inserted AFTER INSERT ON usage_sums BEGIN
    INSERT INTO usage_team_sums (
        account_id, span_hours, start, provider, model, team_id, cost_nano_usd, attempts, unpriced, requests, errors,
        input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
    VALUES (
        NEW.account_id, NEW.span_hours, NEW.start, NEW.provider, NEW.model, NEW.team_id, NEW.cost_nano_usd,
        NEW.attempts, NEW.unpriced, NEW.requests, NEW.errors, NEW.input_tokens, NEW.cache_read_tokens,
        NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens)
    ON CONFLICT DO UPDATE SET
        cost_nano_usd = cost_nano_usd + min(excluded.cost_nano_usd, 9007199254740992 - cost_nano_usd),
        attempts = attempts + excluded.attempts,
        unpriced = unpriced + excluded.unpriced,
        requests = requests + excluded.requests,
        errors = errors + excluded.errors,
        input_tokens = input_tokens + min(excluded.input_tokens, 9007199254740992 - input_tokens),
        cache_read_tokens = cache_read_tokens + min(excluded.cache_read_tokens, 9007199254740992 - cache_read_tokens),
        cache_write_tokens = cache_write_tokens + min(excluded.cache_write_tokens, 9007199254740992 - cache_write_tokens),
        output_tokens = output_tokens + min(excluded.output_tokens, 9007199254740992 - output_tokens),
        reasoning_tokens = reasoning_tokens + min(excluded.reasoning_tokens, 9007199254740992 - reasoning_tokens);
END;

CREATE TRIGGER usage_sums_updated AFTER UPDATE ON usage_sums BEGIN
    UPDATE usage_team_sums SET
        cost_nano_usd = cost_nano_usd + min(NEW.cost_nano_usd - OLD.cost_nano_usd, 9007199254740992 - cost_nano_usd),
        attempts = attempts + NEW.attempts - OLD.attempts,
        unpriced = unpriced + NEW.unpriced - OLD.unpriced,
        requests = requests + NEW.requests - OLD.requests,
        errors = errors + NEW.errors - OLD.errors,
        input_tokens = input_tokens + min(NEW.input_tokens - OLD.input_tokens, 9007199254740992 - input_tokens),
        cache_read_tokens = cache_read_tokens + min(NEW.cache_read_tokens - OLD.cache_read_tokens, 9007199254740992 - cache_read_tokens),
        cache_write_tokens = cache_write_tokens + min(NEW.cache_write_tokens - OLD.cache_write_tokens, 9007199254740992 - cache_write_tokens),
        output_tokens = output_tokens + min(NEW.output_tokens - OLD.output_tokens, 9007199254740992 - output_tokens),
        reasoning_tokens = reasoning_tokens + min(NEW.reasoning_tokens - OLD.reasoning_tokens, 9007199254740992 - reasoning_tokens)
    WHERE account_id = NEW.account_id AND span_hours = NEW.span_hours AND start = NEW.start AND provider = NEW.provider
        AND model = NEW.model AND team_id = NEW.team_id;
END;
