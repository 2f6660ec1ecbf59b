//! The names that expressions know, and the fields of things.

use super::node::{Domain, Field};
use super::types::{Item, Record, Type};
use super::value::{List, Value};
use crate::plan::MODELS_MAX;
use std::borrow::Cow;
use wardgate_core::access_key::TAGS_MAX;
use wardgate_core::format::Surface;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::zone::WEEKDAYS;
use wardgate_model::{Ability, Origin, Target};

/// The most provider keys that a model is called with.
const KEYS_MAX: u64 = 10;

/// The longest name of anything, in bytes: 255 characters of four.
const NAME_BYTES_MAX: u64 = 1_020;

/// The longest metadata, in bytes.
const METADATA_BYTES_MAX: u64 = 16_384;

const MODELS: Type = Type::List(Item::Record(Record::Model));

/// A field that reads a kind of value.
macro_rules! field {
    ($variant:ident, $name:literal, $gives:expr, $read:expr) => {
        Field {
            name: $name,
            gives: $gives,
            size_max: NAME_BYTES_MAX,
            item_bytes_max: NAME_BYTES_MAX,
            steps: 1,
            domain: Domain::Any,
            read: |value| match value {
                Value::$variant(of) => typed(of, $read),
                _ => None,
            },
        }
    };
}

/// Tells the compiler what a field's reader takes.
fn typed<'w, T: Copy>(of: &T, read: impl Fn(T) -> Value<'w>) -> Option<Value<'w>> {
    Some(read(*of))
}

const fn sized(field: Field, size_max: u64, item_bytes_max: u64) -> Field {
    Field { size_max, item_bytes_max, ..field }
}

const fn within(field: Field, domain: Domain) -> Field {
    Field { domain, ..field }
}

const fn number(value: Option<u64>) -> Value<'static> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "no count of tokens is that large")]
        Some(number) => Value::Double(number as f64),
        None => Value::Double(f64::NAN),
    }
}

fn int(value: u64) -> Value<'static> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn owned(text: impl Into<String>) -> Value<'static> {
    Value::Text(Cow::Owned(text.into()))
}

/// What every expression can name.
pub(super) static ROOTS: [Field; 9] = [
    field!(World, "ai", Type::Record(Record::Ai), Value::World),
    field!(World, "request", Type::Record(Record::Request), Value::World),
    field!(World, "key", Type::Record(Record::AccessKey), Value::World),
    field!(World, "team", Type::Record(Record::Team), Value::World),
    field!(World, "account", Type::Record(Record::Account), Value::World),
    sized(field!(World, "tags", Type::List(Item::Text), |of| Value::List(List::Texts(of.caller.tags))), TAGS_MAX as u64, 256),
    field!(World, "time", Type::Record(Record::Time), |of| Value::Time(of.request.time())),
    within(field!(World, "random", Type::Double, |of| Value::Double(of.request.share())), Domain::Range(0, 1)),
    Field {
        read: |value| match value {
            Value::World(world) => world.model.map(Value::Model),
            _ => None,
        },
        ..field!(World, "model", Type::Record(Record::Model), Value::World)
    },
];

static AI: [Field; 4] = [
    sized(field!(World, "models", MODELS, |of| Value::List(List::Models(of.models))), MODELS_MAX as u64, 0),
    sized(field!(World, "keys", Type::List(Item::Record(Record::Key)), |of| Value::List(List::Keys(of.keys))), KEYS_MAX, 0),
    Field {
        steps: 1_000,
        ..sized(
            field!(World, "providers", Type::List(Item::Text), |of| names(
                of.models.iter().map(super::world::ModelFacts::provider_id)
            )),
            MODELS_MAX as u64,
            64,
        )
    },
    Field {
        steps: 1_000,
        ..sized(
            field!(World, "authors", Type::List(Item::Text), |of| names(
                of.models.iter().map(super::world::ModelFacts::author)
            )),
            MODELS_MAX as u64,
            64,
        )
    },
];

/// Each name once.
fn names<'w>(names: impl Iterator<Item = &'w str>) -> Value<'w> {
    let mut each: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    each.sort_unstable();
    each.dedup();
    List::own(each.into_iter().map(Value::text).collect())
}

static REQUEST: [Field; 8] = [
    within(
        field!(World, "surface", Type::Text, |of| Value::text(of.request.surface.name())),
        Domain::Words(|| Surface::ALL.iter().map(|surface| surface.name()).collect()),
    ),
    sized(field!(World, "model", Type::Text, |of| Value::text(of.request.models.first().map_or("", String::as_str))), 1_024, 0),
    sized(field!(World, "models", Type::List(Item::Text), |of| Value::List(List::Texts(of.request.models))), 65, 1_024),
    field!(World, "stream", Type::Bool, |of| Value::Bool(of.request.is_stream)),
    within(field!(World, "max_output_tokens", Type::Double, |of| number(of.request.output_tokens_max)), Domain::Positive),
    within(field!(World, "estimated_input_tokens", Type::Int, |of| int(of.request.input_tokens)), Domain::Positive),
    within(field!(World, "estimated_output_tokens", Type::Int, |of| int(of.request.output_tokens())), Domain::Positive),
    within(
        field!(World, "estimated_tokens", Type::Int, |of| int(of
            .request
            .input_tokens
            .saturating_add(of.request.output_tokens()))),
        Domain::Positive,
    ),
];

static ACCESS_KEY: [Field; 4] = [
    field!(World, "id", Type::Text, |of| owned(&*of.caller.key_id.to_text())),
    field!(World, "name", Type::Text, |of| Value::text(of.caller.key_name)),
    sized(field!(World, "metadata", Type::Text, |of| Value::text(of.caller.key_metadata)), METADATA_BYTES_MAX, 0),
    sized(field!(World, "tags", Type::List(Item::Text), |of| Value::List(List::Texts(of.caller.tags))), TAGS_MAX as u64, 256),
];

static TEAM: [Field; 2] = [
    field!(World, "id", Type::Text, |of| owned(&*of.caller.team_id.to_text())),
    field!(World, "name", Type::Text, |of| Value::text(of.caller.team_name)),
];

static ACCOUNT: [Field; 2] = [
    field!(World, "id", Type::Text, |of| owned(&*of.caller.account_id.to_text())),
    field!(World, "name", Type::Text, |of| Value::text(of.caller.account_name)),
];

static TIME: [Field; 8] = [
    within(field!(Time, "year", Type::Int, |of| Value::Int(of.read.year().into())), Domain::Range(1970, 9999)),
    within(field!(Time, "month", Type::Int, |of| Value::Int(of.read.month().into())), Domain::Range(1, 12)),
    within(field!(Time, "day", Type::Int, |of| Value::Int(of.read.day().into())), Domain::Range(1, 31)),
    within(field!(Time, "hour", Type::Int, |of| Value::Int(of.read.hour().into())), Domain::Range(0, 23)),
    within(field!(Time, "minute", Type::Int, |of| Value::Int(of.read.minute().into())), Domain::Range(0, 59)),
    within(field!(Time, "weekday", Type::Text, |of| Value::text(of.read.weekday())), Domain::Words(|| WEEKDAYS.to_vec())),
    field!(Time, "date", Type::Text, |of| owned(of.read.to_string())),
    field!(Time, "unix", Type::Int, |of| Value::Int(of.instant.unix_seconds())),
];

static MODEL: [Field; 22] = [
    field!(Model, "id", Type::Text, |of| Value::text(&of.target.model)),
    within(field!(Model, "provider_id", Type::Text, |of| Value::text(of.provider_id())), Domain::Provider),
    field!(Model, "author_id", Type::Text, |of| Value::text(of.author())),
    field!(Model, "slug", Type::Text, |of| Value::text(of.target.known.as_ref().map_or("", |known| known.slug.as_str()))),
    field!(Model, "display_name", Type::Text, |of| Value::text(
        of.target.known.as_ref().map_or(&*of.target.model, |known| known.display_name.as_str())
    )),
    Field { steps: 4, ..sized(field!(Model, "id_aliases", Type::List(Item::Text), aliases), 2, NAME_BYTES_MAX) },
    field!(Model, "known", Type::Bool, |of| Value::Bool(of.target.known.is_some())),
    field!(Model, "custom", Type::Bool, |of| Value::Bool(of.target.provider.origin == Origin::Tenant)),
    field!(Model, "fallback", Type::Bool, |of| Value::Bool(of.is_fallback)),
    within(
        field!(Model, "max_context_window", Type::Double, |of| number(
            of.target.known.as_ref().and_then(|known| known.context_window)
        )),
        Domain::Positive,
    ),
    within(
        field!(Model, "max_output_tokens", Type::Double, |of| number(
            of.target.known.as_ref().and_then(|known| known.output_tokens_max)
        )),
        Domain::Positive,
    ),
    sized(field!(Model, "input_modalities", Type::List(Item::Text), |of| input_modalities(of.target)), 5, 8),
    sized(field!(Model, "output_modalities", Type::List(Item::Text), |of| output_modalities(of.target)), 1, 16),
    sized(field!(Model, "supported_features", Type::List(Item::Text), |of| features(of.target)), 3, 16),
    within(field!(Model, "data_training_policy", Type::Text, |of| policy(of.target.provider.data_policy.trains)), POLICIES),
    within(field!(Model, "data_retention_policy", Type::Text, |of| policy(of.target.provider.data_policy.retains)), POLICIES),
    field!(Model, "pricing", Type::Record(Record::Pricing), |of| Value::Pricing(
        of.prices().map(|prices| prices.rates_for(of.request.input_tokens))
    )),
    within(field!(Model, "estimated_cost", Type::Double, |of| Value::Double(of.estimated_cost())), Domain::Positive),
    field!(Model, "free", Type::Bool, |of| Value::Bool(
        of.prices()
            .is_some_and(|prices| prices.base.input == PicoUsdPerToken::ZERO && prices.base.output == PicoUsdPerToken::ZERO)
    )),
    field!(Model, "metrics", Type::Record(Record::Metrics), |of| Value::Lately(of.lately)),
    field!(Model, "fits", Type::Bool, |of| Value::Bool(of.fits())),
    sized(
        field!(Model, "datacenters", Type::List(Item::Record(Record::Datacenter)), |of| Value::List(List::Datacenters(
            of.datacenters()
        ))),
        16,
        0,
    ),
];

/// Whether a provider does something.
const POLICIES: Domain = Domain::Words(|| vec!["yes", "no", "unknown"]);

fn policy(does: Option<bool>) -> Value<'static> {
    Value::text(match does {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    })
}

fn abilities(target: &Target, named: &[(Ability, &'static str)]) -> Vec<Value<'static>> {
    let can = target.known.as_ref().map(|known| known.abilities.can).unwrap_or_default();
    named.iter().filter(|(ability, _)| can.has(*ability)).map(|(_, name)| Value::text(name)).collect()
}

fn input_modalities(target: &Target) -> Value<'static> {
    const NAMED: [(Ability, &str); 4] =
        [(Ability::Images, "image"), (Ability::Files, "pdf"), (Ability::Audio, "audio"), (Ability::Video, "video")];
    let mut names = abilities(target, &NAMED);
    names.insert(0, Value::text("text"));
    List::own(names)
}

fn output_modalities(target: &Target) -> Value<'static> {
    let is_chat = target.known.as_ref().is_none_or(|known| known.is_chat);
    Value::List(List::Names(if is_chat { &["text"] } else { &["embedding"] }))
}

fn features(target: &Target) -> Value<'static> {
    const NAMED: [(Ability, &str); 3] =
        [(Ability::Tools, "tools"), (Ability::JsonSchema, "json_schema"), (Ability::Reasoning, "reasoning")];
    List::own(abilities(target, &NAMED))
}

fn aliases<'w>(of: &'w super::world::ModelFacts<'w>) -> Value<'w> {
    let slug = of.target.known.as_ref().map(|known| Value::text(&known.slug));
    List::own(slug.into_iter().chain([owned(format!("{}:{}", of.provider_id(), of.target.model))]).collect())
}

static KEY: [Field; 4] = [
    field!(Key, "id", Type::Text, |of| Value::Text(of.id())),
    field!(Key, "name", Type::Text, |of| Value::text(of.name)),
    field!(Key, "managed", Type::Bool, |of| Value::Bool(of.credential.managed().is_some())),
    field!(Key, "error_rate", Type::Record(Record::ErrorRate), |of| Value::Lately(of.lately)),
];

static PRICING: [Field; 5] = [
    within(field!(Pricing, "input", Type::Double, |of| dollars(of.map(|rates| rates.input))), Domain::Positive),
    within(field!(Pricing, "output", Type::Double, |of| dollars(of.map(|rates| rates.output))), Domain::Positive),
    within(
        field!(Pricing, "input_cache_read", Type::Double, |of| dollars(
            of.map(|rates| rates.cache_read.unwrap_or(rates.input))
        )),
        Domain::Positive,
    ),
    within(
        field!(Pricing, "input_cache_write", Type::Double, |of| dollars(
            of.map(|rates| rates.cache_write.unwrap_or(rates.input))
        )),
        Domain::Positive,
    ),
    within(
        field!(Pricing, "reasoning", Type::Double, |of| dollars(of.map(|rates| rates.reasoning.unwrap_or(rates.output)))),
        Domain::Positive,
    ),
];

/// Dollars a million tokens.
fn dollars(rate: Option<PicoUsdPerToken>) -> Value<'static> {
    #[expect(clippy::cast_precision_loss, reason = "no price is that large")]
    let dollars = rate.map_or(f64::NAN, |rate| rate.times(1) as f64 / 1e6);
    Value::Double(dollars)
}

static DATACENTER: [Field; 2] = [
    field!(Datacenter, "country_code", Type::Text, |of| Value::text(&of.country_code)),
    field!(Datacenter, "region", Type::Text, |of| Value::text(&of.region)),
];

/// Of all that could be measured, what this process measures: a model with a key of the account.
static METRICS: [Field; 1] = [field!(Lately, "endpoint", Type::Record(Record::Endpoint), Value::Lately)];

static ENDPOINT: [Field; 2] = [
    field!(Lately, "latency", Type::Record(Record::Latency), Value::Lately),
    field!(Lately, "error_rate", Type::Record(Record::ErrorRate), Value::Lately),
];

/// What a look at the table of health takes.
const LOOK: u64 = 10;

static LATENCY: [Field; 2] = [
    Field {
        steps: LOOK,
        ..within(
            field!(Lately, "time_to_first_token_ms_avg", Type::Double, |of| milliseconds(
                of.standing().first_token_seconds.map(|seconds| seconds.mean)
            )),
            Domain::Positive,
        )
    },
    Field {
        steps: LOOK,
        ..within(
            field!(Lately, "time_per_output_token_ms_avg", Type::Double, |of| milliseconds(
                of.standing().tokens_per_second.map(|speed| 1.0 / speed.mean).filter(|seconds| seconds.is_finite())
            )),
            Domain::Positive,
        )
    },
];

static ERROR_RATE: [Field; 1] = [Field {
    steps: LOOK,
    ..within(
        field!(Lately, "total", Type::Double, |of| Value::Double(f64::from(of.standing().failure_share))),
        Domain::Range(0, 1),
    )
}];

fn milliseconds(seconds: Option<f64>) -> Value<'static> {
    Value::Double(seconds.map_or(f64::NAN, |seconds| seconds.max(0.0) * 1_000.0))
}

/// The fields of a thing.
pub(super) fn of(record: Record) -> &'static [Field] {
    match record {
        Record::Ai => &AI,
        Record::Model => &MODEL,
        Record::Key => &KEY,
        Record::Request => &REQUEST,
        Record::AccessKey => &ACCESS_KEY,
        Record::Team => &TEAM,
        Record::Account => &ACCOUNT,
        Record::Time => &TIME,
        Record::Pricing => &PRICING,
        Record::Datacenter => &DATACENTER,
        Record::Metrics => &METRICS,
        Record::Endpoint => &ENDPOINT,
        Record::Latency => &LATENCY,
        Record::ErrorRate => &ERROR_RATE,
    }
}
