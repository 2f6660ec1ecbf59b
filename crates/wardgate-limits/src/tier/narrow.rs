//! Limits beneath whoever is on a tier: on each of its access keys, on each of its end users, on each model.

use super::{LIMIT_MAX, Problem};
use crate::rate::Rates;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The names of the fields that hold a rate, in the order of documents.
pub const RATES: [&str; 4] = ["requestsPerMinute", "requestsPerDay", "tokensPerMinute", "concurrentRequests"];

/// The names of the fields that hold limits on each of a kind.
pub const EACH: [&str; 3] = ["perKey", "perEndUser", "perModel"];

/// The name of the field that holds limits on models by their names.
pub const MODELS: &str = "models";

/// The most models that one tier names.
pub const MODELS_MAX: usize = 200;

/// The longest name of a model, in bytes.
pub const MODEL_BYTES_MAX: usize = 200;

/// The limits beneath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    /// On each access key.
    pub per_key: Rates,
    /// On each end user, as requests name it.
    pub per_end_user: Rates,
    /// On each model that [`Narrow::models`] does not name.
    pub per_model: Rates,
    /// On single models, by their names in lower case: `gpt-4o` at whatever provider, or `openai:gpt-4o` at one.
    pub models: BTreeMap<String, Rates>,
}

impl Narrow {
    /// Whether models are limited.
    #[must_use]
    pub fn has_models(&self) -> bool {
        !self.per_model.is_empty() || !self.models.is_empty()
    }

    /// The limits on a model, and the name by which it is counted. What names its provider counts before what does not.
    #[must_use]
    pub fn model(&self, provider: &str, model: &str) -> Option<(String, &Rates)> {
        let model = model.to_ascii_lowercase();
        if !self.models.is_empty() {
            let qualified = format!("{}:{model}", provider.to_ascii_lowercase());
            if let Some(rates) = self.models.get(&qualified) {
                return Some((qualified, rates));
            }
            if let Some(rates) = self.models.get(&model) {
                return Some((model, rates));
            }
        }
        (!self.per_model.is_empty()).then_some((model, &self.per_model))
    }

    /// The tightest of both in everything.
    pub(super) fn tightest(&self, other: &Self) -> Self {
        let mut models = self.models.clone();
        for (name, rates) in &other.models {
            models.entry(name.clone()).and_modify(|own| *own = own.tightest(rates)).or_insert(*rates);
        }
        Self {
            per_key: self.per_key.tightest(&other.per_key),
            per_end_user: self.per_end_user.tightest(&other.per_end_user),
            per_model: self.per_model.tightest(&other.per_model),
            models,
        }
    }

    /// Reads the fields of a tier's document that it is of.
    pub(super) fn read(document: &Map<String, Value>, problems: &mut Vec<Problem>) -> Self {
        let [per_key, per_end_user, per_model] = EACH.map(|name| match document.get(name) {
            None | Some(Value::Null) => Rates::default(),
            Some(value) => rates(name, value, problems),
        });
        Self { per_key, per_end_user, per_model, models: models(document.get(MODELS), problems) }
    }

    /// Writes them.
    pub(super) fn write(&self, document: &mut Map<String, Value>) {
        for (name, rates) in EACH.into_iter().zip([&self.per_key, &self.per_end_user, &self.per_model]) {
            if !rates.is_empty() {
                document.insert(name.to_owned(), written(rates));
            }
        }
        if !self.models.is_empty() {
            let models = self.models.iter().map(|(name, rates)| (name.clone(), written(rates)));
            document.insert(MODELS.to_owned(), Value::Object(models.collect()));
        }
    }
}

/// Reads a number of a document.
pub(super) fn number(path: &str, value: Option<&Value>, problems: &mut Vec<Problem>) -> Option<u64> {
    let value = value.filter(|value| !value.is_null())?;
    let number = value.as_u64().filter(|number| (1..=LIMIT_MAX).contains(number));
    if number.is_none() {
        let why = format!("must be a whole number from 1 to {LIMIT_MAX}, or left out where there is no limit");
        problems.push(Problem { path: path.to_owned(), why });
    }
    number
}

fn rates(path: &str, value: &Value, problems: &mut Vec<Problem>) -> Rates {
    let Some(fields) = value.as_object() else {
        let why = format!("must hold limits: {}", RATES.join(", "));
        problems.push(Problem { path: path.to_owned(), why });
        return Rates::default();
    };
    let before = problems.len();
    for name in fields.keys().filter(|name| !RATES.contains(&name.as_str())) {
        let why = format!("is no limit that can stand here; there are {}", RATES.join(", "));
        problems.push(Problem { path: format!("{path}.{name}"), why });
    }
    let [requests_per_minute, requests_per_day, tokens_per_minute, concurrent_requests] =
        RATES.map(|name| number(&format!("{path}.{name}"), fields.get(name), problems));
    let rates = Rates { requests_per_minute, requests_per_day, tokens_per_minute, concurrent_requests };
    if rates.is_empty() && problems.len() == before {
        let why = "limits nothing; give it a limit, or leave it out".to_owned();
        problems.push(Problem { path: path.to_owned(), why });
    }
    rates
}

fn models(value: Option<&Value>, problems: &mut Vec<Problem>) -> BTreeMap<String, Rates> {
    let mut models = BTreeMap::new();
    let entries = match value {
        None | Some(Value::Null) => return models,
        Some(Value::Object(entries)) if entries.len() <= MODELS_MAX => entries,
        Some(_) => {
            let why = format!("must be a list of `model: limits`, of at most {MODELS_MAX} models");
            problems.push(Problem { path: MODELS.to_owned(), why });
            return models;
        }
    };
    for (name, value) in entries {
        let path = format!("{MODELS}.{name}");
        if name.is_empty() || name.len() > MODEL_BYTES_MAX || name.contains(char::is_whitespace) {
            let why = format!("must be named as a model is: 1 to {MODEL_BYTES_MAX} characters without white space");
            problems.push(Problem { path: path.clone(), why });
        }
        let rates = rates(&path, value, problems);
        if models.insert(name.to_ascii_lowercase(), rates).is_some() {
            problems.push(Problem { path, why: "stands there twice, in another case".to_owned() });
        }
    }
    models
}

fn written(rates: &Rates) -> Value {
    let numbers = [rates.requests_per_minute, rates.requests_per_day, rates.tokens_per_minute, rates.concurrent_requests];
    let named = RATES.into_iter().zip(numbers).filter_map(|(name, number)| Some((name.to_owned(), Value::from(number?))));
    Value::Object(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: &Value) -> (Narrow, Vec<String>) {
        let mut problems = Vec::new();
        let narrow = Narrow::read(document.as_object().unwrap_or(&Map::new()), &mut problems);
        (narrow, problems.into_iter().map(|problem| problem.path).collect())
    }

    #[test]
    fn it_reads_back() {
        let document = json!({
            "perKey": {"concurrentRequests": 4},
            "perEndUser": {"requestsPerMinute": 5, "tokensPerMinute": 2_000},
            "models": {"gpt-4o": {"requestsPerDay": 100}},
        });
        let (narrow, problems) = read(&document);
        assert_eq!((narrow.per_end_user.tokens_per_minute, problems), (Some(2_000), Vec::<String>::new()));
        let mut written = Map::new();
        narrow.write(&mut written);
        assert_eq!(Value::Object(written), document);
    }

    #[test]
    fn what_is_named_most_exactly_counts() {
        let limit = |number: u64| json!({"requestsPerMinute": number});
        let document =
            json!({"perModel": limit(1), "models": {"GPT-4o": limit(2), "azure:gpt-4o": limit(3), "groq:other": limit(4)}});
        let (narrow, _) = read(&document);
        let check = |provider: &str, model: &str, name: &str, limit: u64| {
            let found = narrow.model(provider, model).map(|(name, rates)| (name, rates.requests_per_minute));
            assert_eq!(found, Some((name.to_owned(), Some(limit))), "{provider} {model}");
        };
        check("openai", "gpt-4O", "gpt-4o", 2);
        check("Azure", "gpt-4o", "azure:gpt-4o", 3);
        check("openai", "Other", "other", 1);
        assert_eq!(read(&json!({"models": {"a": limit(1)}})).0.model("openai", "b"), None);
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_path() {
        let document = json!({
            "perKey": {},
            "perEndUser": {"requestsPerMinute": 0, "bodyBytesMax": 5},
            "perModel": 7,
            "models": {"a": {"requestsPerMinute": -1}, "A": {"requestsPerMinute": 1}, "b c": {"requestsPerMinute": 1}},
        });
        let mut paths = read(&document).1;
        paths.sort_unstable();
        let expected = [
            "models.a",
            "models.a.requestsPerMinute",
            "models.b c",
            "perEndUser.bodyBytesMax",
            "perEndUser.requestsPerMinute",
            "perKey",
            "perModel",
        ];
        assert_eq!(paths, expected);
        assert_eq!(read(&json!({"models": []})).1, ["models"]);
    }
}
