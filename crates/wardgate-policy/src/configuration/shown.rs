//! A document as JSON: to be stored, and to be shown.

use super::access::{Access, Scope};
use super::document::Document;
use super::router::{Router, Rule, RuleStep};
use serde_json::{Map, Value, json};
use wardgate_core::id::ProviderKeyId;
use wardgate_core::provider_key::ProviderKey;

/// What stands beside a key's id.
type BesideKey<'b> = &'b dyn Fn(ProviderKeyId) -> Map<String, Value>;

impl Document {
    /// The fields as they are shown to people: what was written, each provider key with its `name` and `keyRedacted`.
    #[must_use]
    pub fn shown(&self, provider_keys: &[ProviderKey]) -> Map<String, Value> {
        self.to_fields(&|id| {
            let key = provider_keys.iter().find(|key| key.id == id);
            key.into_iter()
                .flat_map(|key| [("name", json!(key.label.name())), ("keyRedacted", json!(key.redacted))])
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        })
    }

    pub(super) fn to_fields(&self, beside: BesideKey<'_>) -> Map<String, Value> {
        let mut shown = fields([
            ("access", self.access.as_ref().map(access)),
            ("router", self.router.as_ref().map(|of| router(of, beside))),
        ]);
        shown.append(&mut fields(self.strategies.to_fields()));
        shown
    }
}

/// Those of the fields that are there.
fn fields<const N: usize>(of: [(&str, Option<Value>); N]) -> Map<String, Value> {
    of.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn access(of: &Access) -> Value {
    fields([("providers", of.providers.as_ref().map(scope)), ("models", of.models.as_ref().map(scope))]).into()
}

fn scope(of: &Scope) -> Value {
    fields([("allow", of.allow.as_ref().map(|list| json!(list))), ("deny", of.deny.as_ref().map(|list| json!(list)))]).into()
}

fn router(of: &Router, beside: BesideKey<'_>) -> Value {
    json!({ "rules": of.rules.iter().map(|of| rule(of, beside)).collect::<Vec<_>>() })
}

fn rule(of: &Rule, beside: BesideKey<'_>) -> Value {
    let steps: Vec<_> = of.steps.iter().map(|of| step(of, beside)).collect();
    fields([
        ("provider", of.provider.as_ref().map(|provider| json!(provider))),
        ("model", of.model.as_ref().map(|model| json!(model))),
        ("steps", Some(json!(steps))),
    ])
    .into()
}

fn step(of: &RuleStep, beside: BesideKey<'_>) -> Value {
    match of {
        RuleStep::User { keys, is_strategy_written } => {
            let keys = keys.iter().map(|id| {
                let mut key = beside(*id);
                key.insert("id".to_owned(), json!(id));
                Value::Object(key)
            });
            let keys: Vec<_> = keys.collect();
            let strategy = is_strategy_written.then(|| json!("ordered"));
            fields([("type", Some(json!("user"))), ("keys", Some(json!(keys))), ("keySelectionStrategy", strategy)]).into()
        }
        RuleStep::Managed { is_written_ngrok } => {
            let kind = if *is_written_ngrok { "ngrok" } else { "managed" };
            fields([("type", Some(json!(kind))), ("keys", Some(json!([])))]).into()
        }
    }
}
