//! What a tier allows: the document behind its name.

mod margin;
mod narrow;

pub use margin::{MARGIN, TierMargin};
pub use narrow::{EACH, MODEL_BYTES_MAX, MODELS, MODELS_MAX, Narrow, RATES};

use crate::cost;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use wardgate_core::tier::TierName;
use wardgate_model::price::Prices;
use wardgate_model::{Origin, Target};

/// The limits of a tier. One that is absent does not apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TierLimits {
    /// Requests a minute; see [`crate::rate::Rates`] for what that means.
    pub requests_per_minute: Option<u64>,
    /// Requests in a day (UTC).
    pub requests_per_day: Option<u64>,
    /// Tokens a minute, input and output together.
    pub tokens_per_minute: Option<u64>,
    /// Requests that are being answered at once.
    pub concurrent_requests: Option<u64>,
    /// The largest request body, in bytes.
    pub body_bytes_max: Option<u64>,
    /// Which models may be called; none: all.
    pub model_classes: Vec<ModelClass>,
    /// Limits on each access key, end user and model.
    pub narrow: Narrow,
    /// What its requests cost beside what providers take.
    pub margin: TierMargin,
}

/// A class of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelClass {
    /// Models whose price is known to be nothing.
    Free,
    /// All others. A price that is not known is never taken for nothing.
    Paid,
}

impl ModelClass {
    /// Every class.
    pub const ALL: [Self; 2] = [Self::Free, Self::Paid];

    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }

    /// The class of a model at a provider.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let is_free = match (cost::prices(target), target.provider.origin) {
            (Some(prices), _) => *prices == Prices::free(),
            (None, Origin::Operator | Origin::Tenant) => true,
            (None, Origin::BuiltIn) => false,
        };
        if is_free { Self::Free } else { Self::Paid }
    }
}

/// The names of the fields that hold a number, in the order of documents.
pub const NUMBERS: [&str; 5] = ["requestsPerMinute", "requestsPerDay", "tokensPerMinute", "concurrentRequests", "bodyBytesMax"];

/// The name of the field that holds classes of models.
pub const MODEL_CLASSES: &str = "modelClasses";

/// The largest limit: beyond it a number in JSON loses digits on its way through other programs.
pub const LIMIT_MAX: u64 = 1 << 53;

/// Something wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Problem {
    /// The field, as in `free.requestsPerMinute`.
    pub path: String,
    /// What is wrong, and what to write instead.
    pub why: String,
}

impl TierLimits {
    /// Whether a model of this class may be called.
    #[must_use]
    pub fn admits(&self, class: ModelClass) -> bool {
        self.model_classes.is_empty() || self.model_classes.contains(&class)
    }

    /// The tightest of both in everything.
    #[must_use]
    pub fn tightest(&self, other: &Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let model_classes = match (self.model_classes.as_slice(), other.model_classes.as_slice()) {
            ([], classes) | (classes, []) => classes.to_vec(),
            // Classes that have nothing in common leave the cheapest.
            (one, other) => match one.iter().copied().filter(|class| other.contains(class)).collect::<Vec<_>>() {
                common if common.is_empty() => vec![ModelClass::Free],
                common => common,
            },
        };
        Self {
            requests_per_minute: least(self.requests_per_minute, other.requests_per_minute),
            requests_per_day: least(self.requests_per_day, other.requests_per_day),
            tokens_per_minute: least(self.tokens_per_minute, other.tokens_per_minute),
            concurrent_requests: least(self.concurrent_requests, other.concurrent_requests),
            body_bytes_max: least(self.body_bytes_max, other.body_bytes_max),
            model_classes,
            narrow: self.narrow.tightest(&other.narrow),
            // Nothing of it is a limit.
            margin: self.margin,
        }
    }

    /// Reads a document. All its problems are told at once.
    ///
    /// # Errors
    /// When a field is unknown, no positive whole number, or no class of models.
    pub fn read(document: &Map<String, Value>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let [requests_per_minute, requests_per_day, tokens_per_minute, concurrent_requests, body_bytes_max] =
            NUMBERS.map(|name| narrow::number(name, document.get(name), &mut problems));
        let model_classes = classes(document.get(MODEL_CLASSES), &mut problems);
        let narrow = Narrow::read(document, &mut problems);
        let margin = TierMargin::read(document, &mut problems);
        let fields = || NUMBERS.into_iter().chain(EACH).chain(MARGIN).chain([MODELS, MODEL_CLASSES]);
        for name in document.keys().filter(|name| fields().all(|field| field != name.as_str())) {
            let why = format!("is not a field of a tier; there are {}", fields().collect::<Vec<_>>().join(", "));
            problems.push(Problem { path: name.clone(), why });
        }
        let limits = Self {
            requests_per_minute,
            requests_per_day,
            tokens_per_minute,
            concurrent_requests,
            body_bytes_max,
            model_classes,
            narrow,
            margin,
        };
        if problems.is_empty() { Ok(limits) } else { Err(problems) }
    }

    /// The document that [`TierLimits::read`] reads back.
    #[must_use]
    pub fn document(&self) -> Map<String, Value> {
        let numbers = [
            self.requests_per_minute,
            self.requests_per_day,
            self.tokens_per_minute,
            self.concurrent_requests,
            self.body_bytes_max,
        ];
        let named = NUMBERS.into_iter().zip(numbers).filter_map(|(name, number)| Some((name.to_owned(), number?.into())));
        let mut document: Map<String, Value> = named.collect();
        if !self.model_classes.is_empty() {
            let names = self.model_classes.iter().map(|class| Value::from(class.name())).collect();
            document.insert(MODEL_CLASSES.to_owned(), Value::Array(names));
        }
        self.narrow.write(&mut document);
        self.margin.write(&mut document);
        document
    }
}

fn classes(value: Option<&Value>, problems: &mut Vec<Problem>) -> Vec<ModelClass> {
    let items = match value {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => {
            problems.push(Problem { path: MODEL_CLASSES.to_owned(), why: "must be a list".to_owned() });
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{MODEL_CLASSES}[{index}]");
        match ModelClass::ALL.into_iter().find(|class| item.as_str() == Some(class.name())) {
            Some(class) if found.contains(&class) => {
                problems.push(Problem { path, why: "stands there twice".to_owned() });
            }
            Some(class) => found.push(class),
            None => {
                let names = ModelClass::ALL.map(ModelClass::name).join(" or ");
                problems.push(Problem { path, why: format!("must be {names}") });
            }
        }
    }
    if items.is_empty() {
        let why = "must not be empty: such a tier could call nothing; leave it out to allow all models".to_owned();
        problems.push(Problem { path: MODEL_CLASSES.to_owned(), why });
    }
    found
}

/// Reads a file of tiers: an object from names to documents.
///
/// # Errors
/// All problems, each with the path of its field.
pub fn read_file(file: &Value) -> Result<BTreeMap<TierName, TierLimits>, Vec<Problem>> {
    let Some(file) = file.as_object() else {
        return Err(vec![Problem { path: String::new(), why: "must be a list of `name: limits`".to_owned() }]);
    };
    let (mut tiers, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, document) in file {
        let at = |problem: Problem| Problem { path: format!("{name}.{}", problem.path), why: problem.why };
        match (TierName::new(name), document.as_object()) {
            (Err(error), _) => problems.push(Problem { path: name.clone(), why: error.to_string() }),
            (_, None) => problems.push(Problem { path: name.clone(), why: "must hold limits".to_owned() }),
            (Ok(name), Some(document)) => match TierLimits::read(document) {
                Ok(limits) => {
                    tiers.insert(name, limits);
                }
                Err(found) => problems.extend(found.into_iter().map(at)),
            },
        }
    }
    if problems.is_empty() { Ok(tiers) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_reads_back() {
        let document = json!({"requestsPerMinute": 20, "tokensPerMinute": 5_000, "modelClasses": ["free", "paid"]});
        let limits = TierLimits::read(document.as_object().unwrap_or(&Map::new())).unwrap_or_default();
        assert_eq!((limits.requests_per_minute, limits.requests_per_day), (Some(20), None));
        assert_eq!(Value::Object(limits.document()), document);
    }

    #[test]
    fn the_tightest_of_two_is_taken_field_by_field() {
        let free = TierLimits { requests_per_minute: Some(20), model_classes: vec![ModelClass::Free], ..TierLimits::default() };
        let other = TierLimits { requests_per_minute: Some(90), body_bytes_max: Some(7), ..TierLimits::default() };
        let both = free.tightest(&other);
        assert_eq!((both.requests_per_minute, both.body_bytes_max, both.tokens_per_minute), (Some(20), Some(7), None));
        assert!(both.admits(ModelClass::Free) && !both.admits(ModelClass::Paid));
        let paid = TierLimits { model_classes: vec![ModelClass::Paid], ..TierLimits::default() };
        assert_eq!(free.tightest(&paid).model_classes, [ModelClass::Free]);
    }

    #[test]
    fn all_problems_are_told_with_their_paths() {
        let file = json!({
            "free": {"requestsPerMinute": 0, "tokensPerMinute": "many", "modelClasses": ["free", "free", "cheap"], "rpm": 1},
            "Bad Name": {},
            "none": {"modelClasses": []},
            "list": [],
        });
        let paths: Vec<String> = read_file(&file).err().unwrap_or_default().into_iter().map(|problem| problem.path).collect();
        let expected = [
            "Bad Name",
            "free.requestsPerMinute",
            "free.tokensPerMinute",
            "free.modelClasses[1]",
            "free.modelClasses[2]",
            "free.rpm",
            "list",
            "none.modelClasses",
        ];
        assert_eq!(paths, expected);
    }
}
