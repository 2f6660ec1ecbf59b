//! The budget, or the credits, that an error is about, for programs.

use crate::limit_body::with_field;
use serde::Serialize;

/// What has too little left. Amounts are dollars, as texts, since numbers of JSON are not exact.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetBody<'b> {
    /// Its id; none for credits.
    pub id: Option<&'b str>,
    /// Its name; none for credits.
    pub name: Option<&'b str>,
    /// Whose spending it counts: `account`, `team` or `key`.
    pub owner: &'b str,
    /// The id of the team or key.
    pub owner_id: Option<&'b str>,
    /// When it begins anew: `day`, `week`, `month` or `total`.
    pub window: &'b str,
    /// The limit; of credits, what is there.
    pub limit: &'b str,
    /// What is left of it that no other gateway holds for its requests.
    pub remaining: &'b str,
    /// What the request may cost at most.
    pub needed: &'b str,
    /// When it begins anew, RFC 3339; none: never by itself.
    pub resets_at: Option<&'b str>,
}

/// Puts it into the body of an error, as its last field.
#[must_use]
pub fn add(body: Vec<u8>, budget: &BudgetBody<'_>) -> Vec<u8> {
    with_field(body, "budget", budget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_body::{ErrorBody, ErrorKind, body};
    use wardgate_core::fault::ErrorOrigin;
    use wardgate_core::format::Format;

    #[test]
    fn every_formats_error_takes_it() {
        let budget = BudgetBody {
            id: Some("aigb_1"),
            name: Some("all \"of\" it"),
            owner: "account",
            owner_id: None,
            window: "day",
            limit: "1.00",
            remaining: "0.00",
            needed: "0.05",
            resets_at: Some("2026-11-23T00:00:00Z"),
        };
        for format in Format::ALL {
            let error = ErrorBody {
                kind: ErrorKind::Payment,
                code: "budget_exceeded",
                message: "no",
                param: None,
                origin: ErrorOrigin::Gateway,
                request_id: "rq_1",
            };
            let read: serde_json::Value = serde_json::from_slice(&add(body(format, &error), &budget)).unwrap_or_default();
            assert_eq!(read["budget"]["name"], "all \"of\" it", "{format:?}");
            assert!(read["error"].is_object(), "{format:?}");
        }
    }
}
