//! `GET` and `DELETE /v1/responses/{id}`: answers that the gateway keeps for a key (see [`crate::recall`]).
//!
//! Answers that passed as they are stay with their provider. Which one that was is not known by the id.

use crate::body::ReplyBody;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::models::json;
use crate::phase::configure::Caller;
use crate::recall::Kept;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use std::sync::Arc;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::recall::number;

/// The answer as its client got it.
pub(crate) fn get(deps: &Deps, caller: &Caller, id: &str, query: Option<&str>) -> Result<Response<ReplyBody>, Failure> {
    let kept = find(deps, caller, id)?;
    if query.is_some_and(|query| query.split('&').any(|pair| pair == "stream=true")) {
        let why = "an answer that is over is not streamed again: ask for it without";
        return Err(Failure::Untranslatable(Box::new(Untranslatable::new("unsupported_parameter", "stream", why))));
    }
    // However many read it slowly, it is in memory once.
    let mut response = Response::new(ReplyBody::whole(Bytes::from_owner(Told(kept))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A kept answer as a body.
struct Told(Arc<Kept>);

impl AsRef<[u8]> for Told {
    fn as_ref(&self) -> &[u8] {
        self.0.turn.answer.as_bytes()
    }
}

/// Forgets the answer.
pub(crate) fn forget(deps: &Deps, caller: &Caller, id: &str) -> Result<Response<ReplyBody>, Failure> {
    find(deps, caller, id)?;
    deps.recall.forget(caller.key.record.id, number(id));
    Ok(json(&json!({ "id": id, "object": "response", "deleted": true })))
}

fn find(deps: &Deps, caller: &Caller, id: &str) -> Result<Arc<Kept>, Failure> {
    let unknown = || Failure::ResponseUnknown(id.chars().take(100).collect());
    deps.recall.find(caller.key.record.id, number(id)).ok_or_else(unknown)
}
