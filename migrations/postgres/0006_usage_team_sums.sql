-- Sums of usage by team: those of all its access keys together. An overview by provider, model or team of an account with very
-- many keys reads these, which are few.

CREATE TABLE usage_team_sums (
    account_id         UUID   NOT NULL,
    span_hours         BIGINT NOT NULL,
    start              BIGINT NOT NULL,
    provider           TEXT   NOT NULL,
    model              TEXT   NOT NULL,
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
    PRIMARY KEY (account_id, span_hours, start, provider, model, team_id)
) WITH (fillfactor = 70);

-- Triggers, so that what a gateway of the version before adds is in both tables as well. Nobody writes to the one above but they.
-- The lock is of one account: of two processes that add to the same teams one waits for the other and never each for the other.
CREATE FUNCTION usage_sums_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'77677465'::integer, hashtext(account_id::text))
        FROM (SELECT DISTINCT account_id FROM new_sums ORDER BY account_id) AS accounts;
    INSERT INTO usage_team_sums (
        account_id, span_hours, start, provider, model, team_id, cost_nano_usd, attempts, unpriced, requests, errors,
        input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
    SELECT
        account_id, span_hours, start, provider, model, team_id,
        least(sum(cost_nano_usd), 9223372036854775807)::bigint, least(sum(attempts), 9223372036854775807)::bigint,
        least(sum(unpriced), 9223372036854775807)::bigint, least(sum(requests), 9223372036854775807)::bigint,
        least(sum(errors), 9223372036854775807)::bigint, least(sum(input_tokens), 9223372036854775807)::bigint,
        least(sum(cache_read_tokens), 9223372036854775807)::bigint,
        least(sum(cache_write_tokens), 9223372036854775807)::bigint,
        least(sum(output_tokens), 9223372036854775807)::bigint,
        least(sum(reasoning_tokens), 9223372036854775807)::bigint
    FROM new_sums AS added
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account_id, span_hours, start, provider, model, team_id) DO UPDATE SET
        cost_nano_usd = least(usage_team_sums.cost_nano_usd::numeric + excluded.cost_nano_usd, 9223372036854775807)::bigint,
        attempts = least(usage_team_sums.attempts::numeric + excluded.attempts, 9223372036854775807)::bigint,
        unpriced = least(usage_team_sums.unpriced::numeric + excluded.unpriced, 9223372036854775807)::bigint,
        requests = least(usage_team_sums.requests::numeric + excluded.requests, 9223372036854775807)::bigint,
        errors = least(usage_team_sums.errors::numeric + excluded.errors, 9223372036854775807)::bigint,
        input_tokens = least(usage_team_sums.input_tokens::numeric + excluded.input_tokens, 9223372036854775807)::bigint,
        cache_read_tokens = least(usage_team_sums.cache_read_tokens::numeric + excluded.cache_read_tokens, 9223372036854775807)::bigint,
        cache_write_tokens = least(usage_team_sums.cache_write_tokens::numeric + excluded.cache_write_tokens, 9223372036854775807)::bigint,
        output_tokens = least(usage_team_sums.output_tokens::numeric + excluded.output_tokens, 9223372036854775807)::bigint,
        reasoning_tokens = least(usage_team_sums.reasoning_tokens::numeric + excluded.reasoning_tokens, 9223372036854775807)::bigint;
    RETURN NULL;
END $$;

CREATE FUNCTION usage_sums_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'77677465'::integer, hashtext(account_id::text))
        FROM (SELECT DISTINCT account_id FROM new_sums ORDER BY account_id) AS accounts;
    INSERT INTO usage_team_sums (
        account_id, span_hours, start, provider, model, team_id, cost_nano_usd, attempts, unpriced, requests, errors,
        input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
    SELECT
        account_id, span_hours, start, provider, model, team_id,
        least(sum(cost_nano_usd), 9223372036854775807)::bigint, least(sum(attempts), 9223372036854775807)::bigint,
        least(sum(unpriced), 9223372036854775807)::bigint, least(sum(requests), 9223372036854775807)::bigint,
        least(sum(errors), 9223372036854775807)::bigint, least(sum(input_tokens), 9223372036854775807)::bigint,
        least(sum(cache_read_tokens), 9223372036854775807)::bigint,
        least(sum(cache_write_tokens), 9223372036854775807)::bigint,
        least(sum(output_tokens), 9223372036854775807)::bigint,
        least(sum(reasoning_tokens), 9223372036854775807)::bigint
    FROM (
        SELECT account_id, span_hours, start, provider, model, team_id,
            cost_nano_usd, attempts, unpriced, requests, errors, input_tokens, cache_read_tokens, cache_write_tokens,
            output_tokens, reasoning_tokens
        FROM new_sums
        UNION ALL
        SELECT account_id, span_hours, start, provider, model, team_id,
            -cost_nano_usd, -attempts, -unpriced, -requests, -errors, -input_tokens, -cache_read_tokens,
            -cache_write_tokens, -output_tokens, -reasoning_tokens
        FROM old_sums
    ) AS added
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account_id, span_hours, start, provider, model, team_id) DO UPDATE SET
        cost_nano_usd = least(usage_team_sums.cost_nano_usd::numeric + excluded.cost_nano_usd, 9223372036854775807)::bigint,
        attempts = least(usage_team_sums.attempts::numeric + excluded.attempts, 9223372036854775807)::bigint,
        unpriced = least(usage_team_sums.unpriced::numeric + excluded.unpriced, 9223372036854775807)::bigint,
        requests = least(usage_team_sums.requests::numeric + excluded.requests, 9223372036854775807)::bigint,
        errors = least(usage_team_sums.errors::numeric + excluded.errors, 9223372036854775807)::bigint,
        input_tokens = least(usage_team_sums.input_tokens::numeric + excluded.input_tokens, 9223372036854775807)::bigint,
        cache_read_tokens = least(usage_team_sums.cache_read_tokens::numeric + excluded.cache_read_tokens, 9223372036854775807)::bigint,
        cache_write_tokens = least(usage_team_sums.cache_write_tokens::numeric + excluded.cache_write_tokens, 9223372036854775807)::bigint,
        output_tokens = least(usage_team_sums.output_tokens::numeric + excluded.output_tokens, 9223372036854775807)::bigint,
        reasoning_tokens = least(usage_team_sums.reasoning_tokens::numeric + excluded.reasoning_tokens, 9223372036854775807)::bigint;
    RETURN NULL;
END $$;

CREATE TRIGGER inserted AFTER INSERT ON usage_sums REFERENCING NEW TABLE AS new_sums
    FOR EACH STATEMENT EXECUTE FUNCTION usage_sums_inserted();
CREATE TRIGGER updated AFTER UPDATE ON usage_sums REFERENCING OLD TABLE AS old_sums NEW TABLE AS new_sums
    FOR EACH STATEMENT EXECUTE FUNCTION usage_sums_updated();

-- What is there already.
INSERT INTO usage_team_sums (
    account_id, span_hours, start, provider, model, team_id, cost_nano_usd, attempts, unpriced, requests, errors,
    input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
SELECT
    account_id, span_hours, start, provider, model, team_id, least(sum(cost_nano_usd), 9223372036854775807)::bigint,
    least(sum(attempts), 9223372036854775807)::bigint, least(sum(unpriced), 9223372036854775807)::bigint,
    least(sum(requests), 9223372036854775807)::bigint, least(sum(errors), 9223372036854775807)::bigint,
    least(sum(input_tokens), 9223372036854775807)::bigint,
    least(sum(cache_read_tokens), 9223372036854775807)::bigint,
    least(sum(cache_write_tokens), 9223372036854775807)::bigint,
    least(sum(output_tokens), 9223372036854775807)::bigint, least(sum(reasoning_tokens), 9223372036854775807)::bigint
FROM usage_sums GROUP BY 1, 2, 3, 4, 5, 6;
