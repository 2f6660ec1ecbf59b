//! `GET /api/v1/generation`: what became of one answer, readable as soon as it has ended.
//!
//! An event is in the ledger of this process before the last byte of its answer leaves, and in the store soon after; so both are
//! looked at. Whoever asks another process of the same database may be faster than that, and is given a moment.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::models::json;
use crate::phase::configure::Caller;
use http::Response;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;
use wardgate_core::base62;
use wardgate_core::id::RequestId;
use wardgate_core::money::NanoUsd;
use wardgate_core::usage::{Completion, UsageEvent};

/// How long an answer of another process is waited for, look by look.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(150), Duration::from_millis(300), Duration::from_millis(600)];

/// For how long after its beginning a request is waited for at all.
const RECENT: Duration = Duration::from_secs(15 * 60);

/// The id under which an answer is accounted for, in OpenRouter's form: the second it was asked for, and the request's id.
pub(crate) fn generation_id(id: RequestId) -> String {
    format!("gen-{}-{}", id.made_at().unix_micros().div_euclid(1_000_000), base62::encode_16(id.as_bytes()))
}

/// The request that such an id is of; also the id of a request as we write it.
fn request_id(text: &str) -> Option<RequestId> {
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let (_, digits) = text.strip_prefix("gen-")?.split_once('-')?;
    base62::decode_16(digits).ok().map(RequestId::from_bytes)
}

/// Whether it is an id in OpenRouter's form.
pub(crate) fn is_id(text: &str) -> bool {
    text.starts_with("gen-") && request_id(text).is_some()
}

/// Answers the request.
pub(crate) async fn get(deps: &Deps, caller: &Caller, query: Option<&str>) -> Result<Response<ReplyBody>, Failure> {
    let named = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("id="));
    let unknown = || Failure::GenerationUnknown(named.unwrap_or_default().chars().take(100).collect());
    let id = named.and_then(request_id).ok_or_else(unknown)?;
    let account_id = caller.key.record.account_id;
    let is_recent = deps.clock.now().since(id.made_at()) < RECENT;
    let looks = if is_recent { &LOOKS[..] } else { &LOOKS[..1] };
    for pause in looks {
        sleep(*pause).await;
        let mut events = deps.ledger.find(id);
        events.retain(|event| event.account_id == account_id);
        if !events.iter().any(|event| event.is_final) {
            let stored = deps.tenants.store().tenant(account_id).request_usage(id).await;
            for event in stored.map_err(|_| Failure::StoreAway)? {
                if events.iter().all(|known| known.id != event.id) {
                    events.push(event);
                }
            }
        }
        events.sort_by_key(|event| event.attempt_number);
        if let Some(last) = events.last().filter(|event| event.is_final) {
            return Ok(json(&json!({ "data": show(caller, id, last, &events) })));
        }
    }
    Err(unknown())
}

fn show(caller: &Caller, id: RequestId, last: &UsageEvent, attempts: &[UsageEvent]) -> Value {
    let usage = &last.usage;
    let cost = dollars(attempts.iter().map(|attempt| attempt.cost).sum());
    let millis = |micros: u64| micros / 1_000;
    json!({
        "id": generation_id(id),
        "request_id": id,
        "upstream_id": null,
        "created_at": id.made_at(),
        "model": &*last.model,
        "provider_name": provider_name(caller, last),
        "streamed": last.is_streaming,
        "cancelled": last.completion == Completion::ClientClosed,
        "finish_reason": last.stop_reason,
        "native_finish_reason": last.stop_reason,
        "api_type": "completions",
        "router": last.virtual_model.as_deref(),
        "origin": "",
        "app_id": null,
        "external_user": null,
        "latency": last.first_token_us.map(millis),
        "generation_time": millis(last.duration_us),
        "moderation_latency": null,
        "tokens_prompt": usage.input(),
        "tokens_completion": usage.output,
        "native_tokens_prompt": usage.input(),
        "native_tokens_completion": usage.output,
        "native_tokens_reasoning": usage.reasoning,
        "native_tokens_cached": usage.cache_read,
        "num_media_prompt": null,
        "num_media_completion": null,
        "num_search_results": null,
        "total_cost": cost,
        "usage": cost,
        "upstream_inference_cost": null,
        "cache_discount": null,
        "is_byok": last.provider_key_id.is_some(),
        "provider_responses": attempts.iter().map(|attempt| json!({
            "id": attempt.id,
            "endpoint_id": null,
            "provider_name": provider_name(caller, attempt),
            "model_permaslug": &*attempt.model,
            "status": attempt.status_code,
            "latency": millis(attempt.duration_us),
            "is_byok": attempt.provider_key_id.is_some(),
        })).collect::<Vec<_>>(),
    })
}

/// What people call the provider. One that is gone meanwhile keeps its id.
fn provider_name(caller: &Caller, event: &UsageEvent) -> String {
    let provider = caller.facts().overlay.provider(event.provider.as_str());
    provider.map_or_else(|| event.provider.to_string(), |provider| provider.display_name.clone())
}

/// An amount as a number. A sum of which a part is not known is not known.
pub(crate) fn dollars(amount: Option<NanoUsd>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "a number of JSON is a float to whoever reads it")]
    amount.map_or(Value::Null, |amount| (amount.nano_usd() as f64 / 1e9).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::random::Counting;
    use wardgate_core::time::Timestamp;

    #[test]
    fn ids_are_read_in_either_form() {
        let at = Timestamp::from_unix_millis(1_795_000_000_500);
        let id = RequestId::new(at, &Counting::default());
        let text = generation_id(id);
        assert!(text.starts_with("gen-1795000000-"), "{text}");
        assert_eq!([request_id(&text), request_id(&id.to_string())], [Some(id); 2]);
        for bad in ["", "gen-", "gen-1-", "gen-1-x", "gen-1795000000", "other"] {
            assert_eq!(request_id(bad), None, "{bad}");
        }
    }
}
