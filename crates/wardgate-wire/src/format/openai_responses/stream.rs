//! A stream of Responses events, in passing.
//!
//! It is whole when one of the three terminal events came. An error is a terminal event, too.

use super::reply::Response;
use crate::json::{Text, from_bytes};
use crate::stream::{Envelope, StreamFacts, Verdict, malformed};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Typed<'b> {
    #[serde(borrow, rename = "type")]
    kind: Text<'b>,
    #[serde(borrow)]
    delta: Option<&'b RawValue>,
    #[serde(borrow)]
    response: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Started {
    id: Option<Box<str>>,
    model: Option<Box<str>>,
    created_at: Option<f64>,
}

pub(crate) fn read(data: &[u8], credential: Option<&str>, facts: &mut StreamFacts) -> Verdict {
    // Some hosts end as Chat Completions does; the terminal event came before.
    if data == b"[DONE]" {
        return Verdict::Pass;
    }
    match read_event(data, credential, facts) {
        Ok(verdict) => {
            facts.envelope.events += u64::from(matches!(verdict, Verdict::Pass));
            verdict
        }
        Err(error) => malformed(&error),
    }
}

fn read_event(data: &[u8], credential: Option<&str>, facts: &mut StreamFacts) -> Result<Verdict, serde_json::Error> {
    let event: Typed<'_> = from_bytes(data)?;
    if let Some(delta) = event.delta {
        facts.has_content = true;
        facts.content_bytes += delta.get().len().saturating_sub(2) as u64;
        return Ok(Verdict::Pass);
    }
    match &*event.kind.0 {
        "response.created" => {
            if let Some(response) = event.response {
                let started: Started = serde_json::from_str(response.get())?;
                let created = started.created_at.map(|seconds| seconds as i64);
                let events = facts.envelope.events;
                facts.envelope = Envelope { id: started.id, model: started.model, created, events };
            }
        }
        "response.output_item.done" => facts.has_content = true,
        "response.completed" | "response.incomplete" => {
            if let Some(response) = event.response {
                let response: Response<'_> = serde_json::from_str(response.get())?;
                facts.stop_reason = response.reason().map(Into::into);
                facts.usage = response.used().or(facts.usage);
            }
            facts.has_content = true;
            facts.is_stopped = true;
            facts.is_finished = true;
        }
        "response.failed" => {
            let Some(response) = event.response else { return Ok(Verdict::Fault(missing())) };
            let response: Response<'_> = serde_json::from_str(response.get())?;
            facts.usage = response.used().or(facts.usage);
            return Ok(Verdict::Fault(response.error.map_or_else(missing, |error| crate::reply::in_band(error, credential))));
        }
        "error" => {
            let whole = from_bytes::<&RawValue>(data)?;
            return Ok(Verdict::Fault(crate::reply::in_band(event.error.unwrap_or(whole), credential)));
        }
        _ => {}
    }
    Ok(Verdict::Pass)
}

pub(super) fn missing() -> wardgate_core::fault::Fault {
    wardgate_core::fault::Fault::new(
        wardgate_core::fault::FaultClass::Server,
        "the provider's answer failed without saying why",
    )
}
