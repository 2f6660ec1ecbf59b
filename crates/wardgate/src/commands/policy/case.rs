//! A case: a request, and what becomes of it.

use super::document::{Policy, texts};
use super::object;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use wardgate_cli::yaml::Position;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ProviderKeyId, TeamId};
use wardgate_core::name::ProviderName;
use wardgate_core::time::Timestamp;
use wardgate_model::Origin;
use wardgate_policy::configuration::Change;
use wardgate_policy::expression::world::{CallerFacts, RequestFacts};
use wardgate_policy::strategy::{self, Situation};
use wardgate_policy::{Ask, Credentials, Dropped, Facts, Plan, VirtualModels, Why};

/// What a case may say of its request.
const GIVEN: [&str; 13] = [
    "models",
    "inputTokens",
    "maxOutputTokens",
    "stream",
    "surface",
    "time",
    "random",
    "tags",
    "key",
    "metadata",
    "team",
    "account",
    "providerKeys",
];

/// What a case may expect.
const EXPECTED: [&str; 5] = ["models", "keys", "refused", "message", "changes"];

/// Noon on a Wednesday.
const NOON: &str = "2026-11-25T12:00:00Z";

/// A request of a case.
pub(super) struct Case;

/// How a case ended.
pub(super) struct Outcome {
    file: String,
    position: Option<Position>,
    policy: String,
    name: String,
    /// What is other than expected, by field: expected and given. Empty: it passed.
    pub(super) differences: Vec<(String, Value, Value)>,
}

impl Case {
    pub(super) fn run(policy: &Policy, case: &Value, position: Option<Position>) -> Outcome {
        let (given, expected) = (object(case.get("given")), object(case.get("expect")));
        let name = case.get("name").and_then(Value::as_str).unwrap_or("a case").to_owned();
        let mut differences = unknown(&given, &GIVEN, "given");
        differences.extend(unknown(&expected, &EXPECTED, "expect"));
        if expected.is_empty() {
            differences.push(("expect".to_owned(), json!("what becomes of the request"), Value::Null));
        }
        let became = became(policy, &given);
        for (field, wanted) in expected.iter().filter(|(field, _)| EXPECTED.contains(&field.as_str())) {
            let found = became.get(field).cloned().unwrap_or(Value::Null);
            if found != *wanted {
                differences.push((field.clone(), wanted.clone(), found));
            }
        }
        // A refusal says why no models are there.
        if !differences.is_empty()
            && !expected.contains_key("refused")
            && let Some(message) = became.get("message")
        {
            differences.push(("refused".to_owned(), Value::Null, message.clone()));
        }
        Outcome { file: policy.file.clone(), position, policy: policy.name.clone(), name, differences }
    }
}

fn unknown(fields: &Map<String, Value>, known: &[&str], what: &str) -> Vec<(String, Value, Value)> {
    let unknown = fields.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| (format!("{what}.{name}"), json!(format!("one of {}", known.join(", "))), json!(name))).collect()
}

/// What becomes of a request: `models`, `keys` and `changes`, or `refused` and `message`.
fn became(policy: &Policy, given: &Map<String, Value>) -> Map<String, Value> {
    let Some(document) = &policy.document else { return refused("invalid_policy", "the policy is wrong".to_owned()) };
    let compiled = wardgate_policy::Policy::compile(document, &policy.overlay);
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let asked = texts(given.get("models"));
    let surface = Surface::from_name(&text("surface")).unwrap_or(Surface::ChatCompletions);
    let request = RequestFacts {
        surface,
        models: &asked,
        is_stream: given.get("stream").and_then(Value::as_bool).unwrap_or(false),
        output_tokens_max: given.get("maxOutputTokens").and_then(Value::as_u64),
        input_tokens: given.get("inputTokens").and_then(Value::as_u64).unwrap_or(1_000),
        now: Timestamp::parse(given.get("time").and_then(Value::as_str).unwrap_or(NOON))
            .unwrap_or(Timestamp::from_unix_millis(0)),
        random: random(given.get("random").and_then(Value::as_f64).unwrap_or(0.5)),
    };
    let (key, metadata, team, account) = (text("key"), text("metadata"), text("team"), text("account"));
    let tags = texts(given.get("tags"));
    let caller = CallerFacts {
        key_id: AccessKeyId::from_bytes([0; 16]),
        key_name: &key,
        key_metadata: &metadata,
        tags: &tags,
        team_id: TeamId::from_bytes([0; 16]),
        team_name: if team.is_empty() { "default" } else { &team },
        account_id: AccountId::from_bytes([0; 16]),
        account_name: &account,
    };
    let keys = provider_keys(policy, given);
    let ids = keys.iter().enumerate().map(|(index, (provider, name))| (provider.clone(), id(index), name));
    let credentials = Credentials::new(ids.clone().map(|(provider, id, _)| (provider, id)));
    let credentials = credentials.with_names(ids.map(|(_, id, name)| (id, name.as_str())));
    let virtual_models = VirtualModels::new(&policy.virtual_models);
    let overlay = &policy.overlay;
    let facts = Facts { overlay, virtual_models: &virtual_models, credentials: &credentials, policy: &compiled, health: None };
    let situation = Situation { request: &request, caller: &caller, credentials: &credentials, health: None };
    let planned = wardgate_policy::plan(Ask { surface, models: &asked, wishes: None, is_traced: false }, facts);
    let planned = match compiled.strategies() {
        Some(strategies) => planned.and_then(|plan| strategy::apply(strategies, plan, situation)),
        None => planned,
    };
    match planned {
        Ok(plan) => answered(&plan, &compiled, situation),
        Err(dropped) => {
            let (code, message) =
                dropped.first().map_or(("nothing_to_try", String::new()), |first| (code(first), first.why.to_string()));
            refused(code, message)
        }
    }
}

fn answered(plan: &Plan, policy: &wardgate_policy::Policy, situation: Situation<'_>) -> Map<String, Value> {
    let mut models: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for candidate in &plan.candidates {
        let (provider, model) = (&candidate.target.provider.name, &candidate.target.model);
        let model = format!("{provider}:{model}");
        if !models.contains(&model) {
            models.push(model);
        }
        keys.push(format!("{provider}/{}", situation.credentials.name_of(candidate.credential)));
    }
    let mut fields = Map::from_iter([("models".to_owned(), json!(models)), ("keys".to_owned(), json!(keys))]);
    if let (Some(strategies), Some(first)) = (policy.strategies(), plan.candidates.first()) {
        match strategy::changes(strategies, first, situation) {
            Ok(changes) => {
                let shown = changes.parameters.iter().map(|(name, change)| ((*name).to_owned(), shown(change)));
                let mut shown: BTreeMap<String, Value> = shown.collect();
                shown.extend(changes.max_output_tokens.map(|tokens| ("max_output_tokens".to_owned(), json!({"cap": tokens}))));
                fields.insert("changes".to_owned(), json!(shown));
            }
            Err(failed) => return refused("strategy_failed", failed.to_string()),
        }
    }
    fields
}

fn shown(change: &Change) -> Value {
    match change {
        Change::Set(value) => json!({ "set": value }),
        Change::Default(value) => json!({ "default": value }),
        Change::Cap(most) => json!({ "cap": most }),
        Change::Remove => json!("remove"),
    }
}

fn refused(code: &str, message: String) -> Map<String, Value> {
    Map::from_iter([("refused".to_owned(), json!(code)), ("message".to_owned(), Value::String(message))])
}

/// The code by which the gateway would refuse.
const fn code(dropped: &Dropped) -> &'static str {
    match &dropped.why {
        Why::NotAdmitted { .. } => "not_admitted",
        Why::StrategyFailed(_) => "strategy_failed",
        Why::NotSelected { .. } => "model_not_selected",
        Why::NoKeySelected { .. } => "no_key_selected",
        Why::ProviderOutOfScope { .. } => "provider_not_allowed",
        Why::ModelOutOfScope { .. } => "model_not_allowed",
        why => why.filter().name(),
    }
}

/// Each key's provider and name: those of the case, else one called `main` for each built-in provider.
fn provider_keys(policy: &Policy, given: &Map<String, Value>) -> Vec<(ProviderName, String)> {
    match given.get("providerKeys").and_then(Value::as_object) {
        Some(keys) => {
            let of_provider = |(provider, names): (&String, &Value)| {
                let provider = ProviderName::new(provider).ok()?;
                Some(texts(Some(names)).into_iter().map(move |name| (provider.clone(), name)))
            };
            keys.iter().filter_map(of_provider).flatten().collect()
        }
        None => {
            let built_in = policy.overlay.providers().filter(|provider| provider.origin == Origin::BuiltIn);
            built_in.map(|provider| (provider.name.clone(), "main".to_owned())).collect()
        }
    }
}

fn id(index: usize) -> ProviderKeyId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(index as u64 + 1).to_be_bytes());
    ProviderKeyId::from_bytes(bytes)
}

/// The number whose share of all numbers is this.
fn random(share: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the share is held between 0 and 1")]
    let random = (share.clamp(0.0, 0.999_999_999) * (1u64 << 53) as f64) as u64;
    random << 11
}

impl Outcome {
    pub(super) fn to_json(&self) -> Value {
        let differences = self
            .differences
            .iter()
            .map(|(field, expected, given)| json!({"field": field, "expected": expected, "given": given}));
        json!({
            "file": self.file,
            "line": self.position.map(|at| at.line),
            "policy": self.policy,
            "name": self.name,
            "passed": self.differences.is_empty(),
            "differences": differences.collect::<Vec<_>>(),
        })
    }
}

/// A failed case, as people read it: what was expected, and what came instead.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(at) = self.position {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        writeln!(f, ": failed: {}: {}", self.policy, self.name)?;
        for (field, expected, given) in &self.differences {
            writeln!(f, "  {field}")?;
            let (expected, given) = (lines(expected), lines(given));
            for line in expected.iter().filter(|line| !given.contains(line)) {
                writeln!(f, "    - {line}")?;
            }
            for line in &given {
                writeln!(f, "    {} {line}", if expected.contains(line) { " " } else { "+" })?;
            }
            let has_same = expected.len() == given.len() && expected.iter().all(|line| given.contains(line));
            if has_same {
                writeln!(f, "    expected in this order: {}", expected.join(", "))?;
            }
        }
        Ok(())
    }
}

/// A value, a line for each part.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().flat_map(lines).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| format!("{name}: {value}")).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}
