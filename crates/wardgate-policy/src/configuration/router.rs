//! The router: which credentials a provider or a model is called with.

use super::json::{Fields, Place, Problems};
use super::problem::ProblemKind;
use super::{RULES_MAX, STEP_KEYS_MAX, STEPS_MAX};
use serde_json::Value;
use std::fmt;
use wardgate_core::id::ProviderKeyId;
use wardgate_core::secret::Secret;

/// The rules of a document. What no rule is for is called with the account's own keys, then with managed ones.
///
/// `K` is how a step names a provider key: by its id, or, while the document is a draft, by the key that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Router<K = ProviderKeyId> {
    /// In the order in which they were written, which has no meaning.
    pub rules: Vec<Rule<K>>,
}

/// How a provider, or one model of it, is called. What it does not list is not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<K = ProviderKeyId> {
    /// Whose models it is for.
    pub provider: Option<String>,
    /// The one model that it is for, with its provider: `openai:openai/gpt-4o`.
    pub model: Option<String>,
    /// What is tried, in order. Never empty.
    pub steps: Vec<RuleStep<K>>,
}

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleStep<K = ProviderKeyId> {
    /// The account's own keys.
    User {
        /// In the order in which they are tried. Never empty.
        keys: Vec<K>,
        /// Whether `keySelectionStrategy: "ordered"` was written, which is the only way there is.
        is_strategy_written: bool,
    },
    /// The operator's keys that the account was granted.
    Managed {
        /// Whether it was written `ngrok`, as the API calls it that ours is compatible with.
        is_written_ngrok: bool,
    },
}

/// A provider key as a draft names it.
#[derive(Clone)]
pub(super) enum DraftKey {
    /// One that is there.
    Known(ProviderKeyId),
    /// One that is to be made with the document.
    New {
        /// What it shall be called.
        name: String,
        /// The credential.
        value: Secret,
    },
}

const KNOWN_OF_RULE: &str = "provider, model, steps";
const KNOWN_OF_STEP: &str = "type, keys, keySelectionStrategy";
const KNOWN_OF_KEY: &str = "id; or name, value";
const KEY_NAME_CHARACTERS_MAX: usize = 255;

impl Router<DraftKey> {
    pub(super) fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let values = fields.list("rules", RULES_MAX, place, problems).unwrap_or_default();
        fields.finish(Some(place), "rules", problems);
        let place = place.field("rules");
        let rules = values.into_iter().enumerate();
        // A broken rule leaves an empty one behind, so that the others keep their places.
        let rules = rules.map(|(index, value)| Rule::read(value, place.index(index), problems).unwrap_or_else(Rule::empty));
        Some(Self { rules: rules.collect() })
    }
}

impl Rule<DraftKey> {
    fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let mut broken = Problems::default();
        let provider = fields.text("provider", place, &mut broken);
        let model = fields.text("model", place, &mut broken);
        let steps = fields.list("steps", STEPS_MAX, place, &mut broken);
        fields.finish(Some(place), KNOWN_OF_RULE, problems);
        if problems.take(broken) {
            return None;
        }
        if provider.is_none() && model.is_none() {
            let text = "is for nothing; name a provider, or a model as \"provider:author/model\"";
            problems.add(place, ProblemKind::Missing, text);
        }
        let place = place.field("steps");
        if steps.as_ref().is_none_or(Vec::is_empty) {
            let text = "must list at least one step, such as {\"type\": \"user\", \"keys\": [{\"id\": \"aigpk_…\"}]}";
            problems.add(place, ProblemKind::Missing, text);
        }
        let steps = steps.unwrap_or_default().into_iter().enumerate();
        let steps =
            steps.map(|(index, value)| RuleStep::read(value, place.index(index), problems).unwrap_or_else(RuleStep::empty));
        Some(Self { provider, model, steps: steps.collect() })
    }

    const fn empty() -> Self {
        Self { provider: None, model: None, steps: Vec::new() }
    }
}

impl RuleStep<DraftKey> {
    const fn empty() -> Self {
        Self::User { keys: Vec::new(), is_strategy_written: false }
    }

    fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let kind = fields.take_some("type");
        let mut broken = Problems::default();
        let keys = fields.list("keys", STEP_KEYS_MAX, place, &mut broken);
        let strategy = fields.take_some("keySelectionStrategy");
        fields.finish(Some(place), KNOWN_OF_STEP, problems);
        if strategy.as_ref().is_some_and(|strategy| strategy != "ordered") {
            let text = "must be \"ordered\", the only way there is; leave it out for the same";
            problems.add(place.field("keySelectionStrategy"), ProblemKind::Malformed, text);
        }
        if problems.take(broken) {
            return None;
        }
        match kind.as_ref().and_then(Value::as_str) {
            Some("user") => {
                let keys = keys_of(keys.unwrap_or_default(), place.field("keys"), problems)?;
                Some(Self::User { keys, is_strategy_written: strategy.is_some() })
            }
            Some(kind @ ("managed" | "ngrok")) => {
                if keys.is_some_and(|keys| !keys.is_empty()) {
                    let text = "must not list keys: a managed step uses the operator's own; make it a step of type \"user\"";
                    problems.add(place.field("keys"), ProblemKind::Contradiction, text);
                }
                Some(Self::Managed { is_written_ngrok: kind == "ngrok" })
            }
            _ => {
                let text = "must be \"user\" for keys of this account, or \"managed\" for those of the operator";
                let problem = if kind.is_none() { ProblemKind::Missing } else { ProblemKind::Malformed };
                problems.add(place.field("type"), problem, text);
                None
            }
        }
    }
}

fn keys_of(values: Vec<Value>, place: Place<'_>, problems: &mut Problems) -> Option<Vec<DraftKey>> {
    if values.is_empty() {
        let text =
            "must list at least one key of the account, as {\"id\": \"aigpk_…\"} or a new one as {\"name\": …, \"value\": …}";
        problems.add(place, ProblemKind::Missing, text);
    }
    let keys: Vec<_> =
        values.into_iter().enumerate().map(|(index, value)| DraftKey::read(value, place.index(index), problems)).collect();
    let keys: Vec<DraftKey> = keys.into_iter().collect::<Option<_>>()?;
    for (index, key) in keys.iter().enumerate() {
        let is_same = |other: &DraftKey| match (key, other) {
            (DraftKey::Known(one), DraftKey::Known(other)) => one == other,
            _ => false,
        };
        if keys[..index].iter().any(is_same) {
            problems.add(place.index(index), ProblemKind::Duplicate, "is in this step already; leave it out here");
        }
    }
    Some(keys)
}

impl DraftKey {
    /// Nothing of a key's entry is quoted in a problem: a credential may stand in the wrong field.
    fn read(value: Value, place: Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, place, problems)?;
        let mut broken = Problems::default();
        let id = fields.text("id", place, &mut broken);
        let name = fields.text("name", place, &mut broken);
        let value = fields.text("value", place, &mut broken).map(Secret::new);
        fields.finish(Some(place), KNOWN_OF_KEY, &mut broken);
        if problems.take(broken) {
            return None;
        }
        match (id, name, value) {
            (Some(id), None, None) => match id.parse() {
                Ok(id) => Some(Self::Known(id)),
                Err(error) => {
                    problems.add(place.field("id"), ProblemKind::Malformed, format!("is {error}"));
                    None
                }
            },
            (None, Some(name), Some(value)) => {
                let characters = name.chars().count();
                if characters > KEY_NAME_CHARACTERS_MAX {
                    let text = format!("has {characters} characters, and may have at most {KEY_NAME_CHARACTERS_MAX}");
                    problems.add(place.field("name"), ProblemKind::Malformed, text);
                }
                Some(Self::New { name, value })
            }
            (None, None, None) => {
                problems.add(place, ProblemKind::Missing, "must have an id, or the name and the value of a new key");
                None
            }
            (None, _, _) => {
                problems.add(place, ProblemKind::Missing, "must have both name and value, since it makes a new key");
                None
            }
            (Some(_), _, _) => {
                let text = "names a key by its id and describes a new one at once; send the id alone, or name and value";
                problems.add(place, ProblemKind::Contradiction, text);
                None
            }
        }
    }
}

/// Where a key stands in a router.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyPlace {
    pub(super) rule: usize,
    step: usize,
    key: usize,
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "router.rules[{}].steps[{}].keys[{}]", self.rule, self.step, self.key)
    }
}

impl<K> Router<K> {
    /// The keys, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = (KeyPlace, &K)> {
        let steps = self
            .rules
            .iter()
            .enumerate()
            .flat_map(|(rule, of)| of.steps.iter().enumerate().map(move |(step, of)| (rule, step, of)));
        steps.flat_map(|(rule, step, of)| of.keys().iter().enumerate().map(move |(key, of)| (KeyPlace { rule, step, key }, of)))
    }

    /// The same rules with the keys named in another way.
    pub(super) fn map_keys<T>(self, mut other: impl FnMut(KeyPlace, K) -> T) -> Router<T> {
        let rules = self.rules.into_iter().enumerate().map(|(rule, of)| Rule {
            provider: of.provider,
            model: of.model,
            steps: of
                .steps
                .into_iter()
                .enumerate()
                .map(|(step, of)| of.map_keys(|key, of| other(KeyPlace { rule, step, key }, of)))
                .collect(),
        });
        Router { rules: rules.collect() }
    }
}

impl<K> RuleStep<K> {
    /// The account's keys that it names.
    #[must_use]
    pub fn keys(&self) -> &[K] {
        match self {
            Self::User { keys, .. } => keys,
            Self::Managed { .. } => &[],
        }
    }

    fn map_keys<T>(self, mut other: impl FnMut(usize, K) -> T) -> RuleStep<T> {
        match self {
            Self::User { keys, is_strategy_written } => {
                let keys = keys.into_iter().enumerate().map(|(index, key)| other(index, key)).collect();
                RuleStep::User { keys, is_strategy_written }
            }
            Self::Managed { is_written_ngrok } => RuleStep::Managed { is_written_ngrok },
        }
    }
}
