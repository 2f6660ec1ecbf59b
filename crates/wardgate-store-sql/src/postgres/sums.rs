//! The ledger: what events add to the sums.
//!
//! It is one statement with the one that stores the events, so there is no moment in which one is there without the other, and
//! only an event that this statement stored is added. Rows are written in the order of the key, so that of two processes that
//! add to the same sums one waits for the other and never each for the other.

/// Continues a statement that begins with `WITH new AS (…)`, where `new` gives the columns of [`summed_columns!`], and ends with
/// one row: how many events were new.
macro_rules! add_new_to_sums {
    () => {
        ", added AS (
            SELECT account_id, span_hours, event_time - ((event_time % width) + width) % width AS start, provider, model,
                access_key_id, team_id,
                coalesce(sum(cost_nano_usd), 0) AS cost_nano_usd,
                count(*) AS attempts,
                count(*) FILTER (WHERE cost_nano_usd IS NULL) AS unpriced,
                count(*) FILTER (WHERE is_final) AS requests,
                count(*) FILTER (WHERE is_final AND (completion <> 'succeeded' OR status_code >= 400)) AS errors,
                sum(input_uncached::numeric + cache_read + cache_write_5m + cache_write_1h + cache_write_other) AS input_tokens,
                sum(cache_read) AS cache_read_tokens,
                sum(cache_write_5m::numeric + cache_write_1h + cache_write_other) AS cache_write_tokens,
                sum(output) AS output_tokens,
                sum(reasoning) AS reasoning_tokens
            FROM new CROSS JOIN (VALUES (1::bigint, 3600000000::bigint), (24, 86400000000)) AS spans (span_hours, width)
            GROUP BY 1, 2, 3, 4, 5, 6, 7
        ), summed AS (
            INSERT INTO usage_sums (account_id, span_hours, start, provider, model, access_key_id, team_id, cost_nano_usd,
                attempts, unpriced, requests, errors, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
                reasoning_tokens)
            SELECT account_id, span_hours, start, provider, model, access_key_id, team_id,
                least(cost_nano_usd, 9223372036854775807)::bigint, attempts, unpriced, requests, errors,
                least(input_tokens, 9223372036854775807)::bigint, least(cache_read_tokens, 9223372036854775807)::bigint,
                least(cache_write_tokens, 9223372036854775807)::bigint, least(output_tokens, 9223372036854775807)::bigint,
                least(reasoning_tokens, 9223372036854775807)::bigint
            FROM added ORDER BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (account_id, span_hours, start, provider, model, access_key_id, team_id) DO UPDATE SET
                cost_nano_usd =
                    least(usage_sums.cost_nano_usd::numeric + excluded.cost_nano_usd, 9223372036854775807)::bigint,
                attempts = usage_sums.attempts + excluded.attempts,
                unpriced = usage_sums.unpriced + excluded.unpriced,
                requests = usage_sums.requests + excluded.requests,
                errors = usage_sums.errors + excluded.errors,
                input_tokens = least(usage_sums.input_tokens::numeric + excluded.input_tokens, 9223372036854775807)::bigint,
                cache_read_tokens =
                    least(usage_sums.cache_read_tokens::numeric + excluded.cache_read_tokens, 9223372036854775807)::bigint,
                cache_write_tokens =
                    least(usage_sums.cache_write_tokens::numeric + excluded.cache_write_tokens, 9223372036854775807)::bigint,
                output_tokens = least(usage_sums.output_tokens::numeric + excluded.output_tokens, 9223372036854775807)::bigint,
                reasoning_tokens =
                    least(usage_sums.reasoning_tokens::numeric + excluded.reasoning_tokens, 9223372036854775807)::bigint
        ), spent AS (
            INSERT INTO spending (account_id, spender_id, day, nano_usd)
            SELECT account_id, spender_id, began - began % 86400000000, least(sum(cost_nano_usd), 9223372036854775807)::bigint
            FROM (
                SELECT account_id, team_id, access_key_id, cost_nano_usd,
                    accounts.prepaid_scope = 'everything'
                        OR (accounts.prepaid_scope = 'managed' AND managed_key_id IS NOT NULL) AS is_prepaid,
                    -- The time in the request's id.
                    ('x' || translate(left(request_id::text, 13), '-', ''))::bit(48)::bigint * 1000 AS began
                FROM new LEFT JOIN accounts ON accounts.id = account_id WHERE cost_nano_usd > 0
            ) AS priced CROSS JOIN LATERAL (
                VALUES (account_id), (team_id), (access_key_id),
                    (CASE WHEN is_prepaid THEN '00000000-0000-0000-0000-000000000000'::uuid END)
            ) AS spenders (spender_id)
            WHERE spender_id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (account_id, spender_id, day) DO UPDATE SET
                nano_usd = least(spending.nano_usd::numeric + excluded.nano_usd, 9223372036854775807)::bigint
        )
        SELECT count(*) AS new FROM new"
    };
}

/// What `new` gives of each event.
macro_rules! summed_columns {
    () => {
        "usage_events.account_id, usage_events.event_time, usage_events.team_id, usage_events.access_key_id,
         usage_events.provider, usage_events.model, usage_events.is_final, usage_events.completion, usage_events.status_code,
         usage_events.cost_nano_usd, usage_events.input_uncached, usage_events.cache_read, usage_events.cache_write_5m,
         usage_events.cache_write_1h, usage_events.cache_write_other, usage_events.output, usage_events.reasoning,
         usage_events.request_id, usage_events.managed_key_id"
    };
}

pub(super) use {add_new_to_sums, summed_columns};
