//! An answer other than success, as a failure that says what to do.

use crate::failure::{Exit, Failure};
use http::StatusCode;
use serde_json::Value;
use std::fmt::Write as _;
use wardgate_upstream::{SendError, SendErrorKind};

/// The most characters of a text that is shown, whoever sent it.
const SHOWN_MAX: usize = 500;

/// What the gateway's error says: its text, its codes, and each field's problem.
pub(super) fn failure(status: StatusCode, body: &[u8], key_source: &str) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(shown);
    let msg = text("msg").unwrap_or_else(|| "the answer gives no reason".to_owned());
    let details = body.get("details").and_then(Value::as_object);
    let code = details.and_then(|details| details.get("code")).and_then(Value::as_str).map(shown);
    let codes: Vec<String> = [Some(status.as_u16().to_string()), code, text("errorCode")].into_iter().flatten().collect();
    let mut all = format!("{} ({})", msg.trim_end_matches('.'), codes.join(", "));
    let details: Vec<(&str, String)> = details
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "code")
        .filter_map(|(name, value)| Some((name.as_str(), shown(value.as_str()?))))
        // A single field's problem is what the text says already.
        .filter(|(_, value)| !msg.contains(value.as_str()))
        .collect();
    for (name, value) in details {
        // Writing to a text does not fail.
        let _ = write!(all, "\n  {}: {value}", shown(name));
    }
    let failure = Failure::new(exit(status), all);
    match hint(status, key_source) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn exit(status: StatusCode) -> Exit {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Refused,
        StatusCode::NOT_FOUND | StatusCode::GONE => Exit::NotFound,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED => Exit::Conflict,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Exit::Usage,
        _ => Exit::Error,
    }
}

fn hint(status: StatusCode, key_source: &str) -> Option<String> {
    match status {
        StatusCode::UNAUTHORIZED => Some(format!("{key_source} was sent; is it of this gateway?")),
        StatusCode::FORBIDDEN => Some(format!("{key_source} was sent; another key may do this")),
        StatusCode::PRECONDITION_FAILED => Some("look at it again, and repeat the command".to_owned()),
        StatusCode::SERVICE_UNAVAILABLE => Some("try again in a moment".to_owned()),
        _ => None,
    }
}

/// What of a text may reach a terminal: nothing that steers it, and not too much.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(SHOWN_MAX).collect()
}

/// Why there is no answer, in the words of this end.
pub(super) fn reason(error: &SendError) -> String {
    let said = match error.kind {
        SendErrorKind::AddressRefused => "the address may not be called from here",
        SendErrorKind::Connect => "no connection",
        SendErrorKind::ConnectTimeout => "no connection in time",
        SendErrorKind::Broken => "the connection broke",
    };
    let mut cause = std::error::Error::source(error);
    let mut last = None;
    while let Some(error) = cause {
        last = Some(error.to_string());
        cause = error.source();
    }
    last.map_or_else(|| said.to_owned(), |last| format!("{said} ({})", shown(&last)))
}
