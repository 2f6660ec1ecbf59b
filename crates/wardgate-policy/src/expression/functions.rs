//! What can be called.

use super::glob;
use super::run::Fault;
use super::types::{Item, Record, Type};
use super::value::{List, Value};
use super::world::{ModelFacts, World};
use std::cmp::Ordering;
use std::fmt;
use wardgate_model::price::Rates;

/// A function, with its receiver as the first of its arguments if it has one.
pub(crate) struct Function {
    pub(super) name: &'static str,
    /// What stands before the point; none: nothing does.
    pub(super) receiver: Option<Receiver>,
    pub(super) arguments: &'static [Type],
    /// How many of these, from the end, may be left out.
    pub(super) optional: usize,
    pub(super) gives: Gives,
    /// The words that the first argument must be one of, where it is written out.
    pub(super) words: &'static [&'static str],
    /// What a call costs, besides its arguments, and how large what it gives can be.
    pub(super) bound: fn(&[Size]) -> (u64, Size),
    pub(super) run: for<'w> fn(&'w World<'w>, &[Value<'w>]) -> Result<Value<'w>, Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiver {
    Text,
    List,
    Of(Type),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    A(Type),
    /// A list as the receiver is.
    Same,
    /// One of the receiver's items.
    Item,
}

/// How large a value can be: bytes of a text or items of a list, and bytes of a list's item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) size: u64,
    pub(super) item: u64,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Receiver {
    pub(super) const fn takes(self, of: Type) -> bool {
        match (self, of) {
            (Self::Text, Type::Text) | (Self::List, Type::List(_)) => true,
            (Self::Of(Type::List(Item::Record(wanted))), Type::List(Item::Record(there))) => wanted as u8 == there as u8,
            (Self::Of(Type::Record(wanted)), Type::Record(there)) => wanted as u8 == there as u8,
            _ => false,
        }
    }

    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Text => "texts",
            Self::List => "lists",
            Self::Of(Type::List(_)) => "lists of models",
            Self::Of(_) => "the access key",
        }
    }
}

const TEXTS: Type = Type::List(Item::Text);
const MODELS: Option<Receiver> = Some(Receiver::Of(Type::List(Item::Record(Record::Model))));

/// What `underCost` reckons by.
const COSTS: [&str; 4] = ["text.input", "text.output", "text.input_cache_read", "text.input_cache_write"];

/// One of a list's items costs this many steps where its texts are compared with all of another list.
fn each_with_each(sizes: &[Size]) -> (u64, Size) {
    let others = sizes.get(1).map_or(1, |other| other.size.max(1));
    (sizes[0].size * others * (1 + sizes[0].item.max(64) / 64), sizes[0])
}

fn each(sizes: &[Size]) -> (u64, Size) {
    (sizes[0].size + 1, sizes[0])
}

fn through_text(sizes: &[Size]) -> (u64, Size) {
    (1 + sizes[0].size / 64, sizes[0])
}

fn sorted(sizes: &[Size]) -> (u64, Size) {
    (sizes[0].size * 8, sizes[0])
}

pub(super) static FUNCTIONS: [Function; 25] = [
    of_any("size", Some(Receiver::Text), &[], |_, args| size(&args[0])),
    of_any("size", Some(Receiver::List), &[], |_, args| size(&args[0])),
    Function { gives: Gives::A(Type::Int), ..of_any("int", None, &[Type::Double], |_, args| to_int(&args[0])) },
    Function {
        gives: Gives::A(Type::Double),
        ..of_any("double", None, &[Type::Double], |_, args| Ok(Value::Double(args[0].as_number().ok_or(Fault::Type)?)))
    },
    Function {
        gives: Gives::A(Type::Text),
        bound: |_| (2, Size { size: 32, item: 0 }),
        ..of_any("string", None, &[Type::Double], |_, args| {
            Ok(Value::Text(match &args[0] {
                Value::Int(number) => number.to_string().into(),
                other => other.as_number().ok_or(Fault::Type)?.to_string().into(),
            }))
        })
    },
    of_text("contains", |_, args| texts(args, |text, other| text.contains(other))),
    of_text("startsWith", |_, args| texts(args, |text, other| text.starts_with(other))),
    of_text("endsWith", |_, args| texts(args, |text, other| text.ends_with(other))),
    Function {
        bound: |sizes| (1 + sizes[0].size * sizes[1].size / 32, Size::default()),
        ..of_text("glob", |_, args| texts(args, |text, pattern| glob::matches(pattern, text)))
    },
    Function {
        gives: Gives::A(Type::Text),
        bound: through_text,
        ..of_any("lowerAscii", Some(Receiver::Text), &[], |_, args| {
            Ok(Value::Text(args[0].as_text().ok_or(Fault::Type)?.to_ascii_lowercase().into()))
        })
    },
    of_list("reverse", Some(Receiver::List), &[], each, |_, args| {
        let mut items: Vec<_> = list(&args[0])?.iter().collect();
        items.reverse();
        Ok(List::own(items))
    }),
    Function {
        gives: Gives::Item,
        ..of_list(
            "random",
            Some(Receiver::List),
            &[],
            |sizes| (1, Size { size: sizes[0].item, item: 0 }),
            |world, args| {
                let items = list(&args[0])?;
                let count = u64::try_from(items.len()).unwrap_or(u64::MAX).max(1);
                let index = usize::try_from(mixed(world.request.random) % count).unwrap_or(0);
                items.get(index).ok_or(Fault::Empty)
            },
        )
    },
    of_list("randomize", Some(Receiver::List), &[], each, |world, args| {
        let mut items: Vec<_> = list(&args[0])?.iter().collect();
        let mut random = world.request.random;
        for last in (1..items.len()).rev() {
            random = mixed(random);
            let count = u64::try_from(last).unwrap_or(0) + 1;
            items.swap(last, usize::try_from(random % count).unwrap_or(0));
        }
        Ok(List::own(items))
    }),
    of_list("only", Some(Receiver::List), &[TEXTS], each_with_each, |_, args| keep(args, true, is_called)),
    of_list("ignore", Some(Receiver::List), &[TEXTS], each_with_each, |_, args| keep(args, false, is_called)),
    of_list("onlyProviders", MODELS, &[TEXTS], each_with_each, |_, args| keep(args, true, is_of_provider)),
    of_list("ignoreProviders", MODELS, &[TEXTS], each_with_each, |_, args| keep(args, false, is_of_provider)),
    of_list("onlyAuthors", MODELS, &[TEXTS], each_with_each, |_, args| keep(args, true, is_of_author)),
    of_list("ignoreAuthors", MODELS, &[TEXTS], each_with_each, |_, args| keep(args, false, is_of_author)),
    of_list("inRegion", MODELS, &[Type::Text], each_with_each, |_, args| {
        keep_models(args, |model, name| model.datacenters().iter().any(|center| center.region.eq_ignore_ascii_case(name)))
    }),
    of_list("inCountryCode", MODELS, &[Type::Text], each_with_each, |_, args| {
        keep_models(args, |model, name| model.datacenters().iter().any(|center| center.country_code.eq_ignore_ascii_case(name)))
    }),
    Function {
        words: &COSTS,
        ..of_list("underCost", MODELS, &[Type::Text, Type::Double], each_with_each, |_, args| {
            let most = args[2].as_number().ok_or(Fault::Type)?;
            keep_models(args, |model, kind| model.prices().is_some_and(|prices| cost(&prices.base, kind) <= most))
        })
    },
    Function {
        words: &["price"],
        ..of_list("sortBy", MODELS, &[Type::Text], sorted, |_, args| {
            let mut models: Vec<_> = list(&args[0])?.iter().collect();
            let price = |value: &Value<'_>| match value {
                Value::Model(model) => model.prices().map_or(f64::INFINITY, |prices| cost(&prices.base, COSTS[0])),
                _ => f64::INFINITY,
            };
            models.sort_by(|one, other| price(one).partial_cmp(&price(other)).unwrap_or(Ordering::Equal));
            Ok(List::own(models))
        })
    },
    Function {
        gives: Gives::Item,
        ..of_list("get", MODELS, &[Type::Text, Type::Text], each_with_each, |_, args| {
            let (provider, name) = (args[1].as_text().ok_or(Fault::Type)?, args[2].as_text().ok_or(Fault::Type)?);
            let mut models = list(&args[0])?.iter();
            let found = models
                .find(|value| matches!(value, Value::Model(model) if model.provider_id() == provider && model.is_called(name)));
            found.ok_or(Fault::Empty)
        })
    },
    Function {
        gives: Gives::A(Type::Text),
        optional: 1,
        bound: |_| (512, Size { size: 16_384, item: 0 }),
        ..of_any(
            "getMetadata",
            Some(Receiver::Of(Type::Record(Record::AccessKey))),
            &[Type::Text, Type::Text],
            |world, args| {
                let path = args[1].as_text().ok_or(Fault::Type)?;
                let found = metadata(world.caller.key_metadata, path).map(|text| Value::Text(text.into()));
                found.or_else(|| args.get(2).cloned()).ok_or(Fault::Unknown("metadata"))
            },
        )
    },
];

type Run = for<'w> fn(&'w World<'w>, &[Value<'w>]) -> Result<Value<'w>, Fault>;

const fn of_any(name: &'static str, receiver: Option<Receiver>, arguments: &'static [Type], run: Run) -> Function {
    let bound = |_: &[Size]| (1, Size::default());
    Function { name, receiver, arguments, optional: 0, gives: Gives::A(Type::Int), words: &[], bound, run }
}

const fn of_list(
    name: &'static str,
    receiver: Option<Receiver>,
    arguments: &'static [Type],
    bound: fn(&[Size]) -> (u64, Size),
    run: Run,
) -> Function {
    Function { gives: Gives::Same, bound, ..of_any(name, receiver, arguments, run) }
}

/// A question about two texts.
const fn of_text(name: &'static str, run: Run) -> Function {
    let bound = |sizes: &[Size]| (1 + sizes[0].size / 64, Size::default());
    Function { gives: Gives::A(Type::Bool), bound, ..of_any(name, Some(Receiver::Text), &[Type::Text], run) }
}

fn texts<'w>(args: &[Value<'w>], is: impl Fn(&str, &str) -> bool) -> Result<Value<'w>, Fault> {
    let (Some(text), Some(other)) = (args[0].as_text(), args[1].as_text()) else { return Err(Fault::Type) };
    Ok(Value::Bool(is(text, other)))
}

fn size<'w>(of: &Value<'w>) -> Result<Value<'w>, Fault> {
    let size = match of {
        Value::Text(text) => text.chars().count(),
        of => list(of)?.len(),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn to_int<'w>(of: &Value<'w>) -> Result<Value<'w>, Fault> {
    match of {
        Value::Int(number) => Ok(Value::Int(*number)),
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked, and the fraction is cut off")]
        Value::Double(number) if number.abs() < 9.2e18 => Ok(Value::Int(*number as i64)),
        Value::Double(_) => Err(Fault::Overflow),
        _ => Err(Fault::Type),
    }
}

fn list<'v, 'w>(of: &'v Value<'w>) -> Result<&'v List<'w>, Fault> {
    of.as_list().ok_or(Fault::Type)
}

/// The items of which some name of a list is true, or those of which none is.
fn keep<'w>(args: &[Value<'w>], wanted: bool, is: impl Fn(&Value<'w>, &str) -> bool) -> Result<Value<'w>, Fault> {
    let names = list(&args[1])?;
    let is_named = |item: &Value<'w>| names.iter().any(|name| name.as_text().is_some_and(|name| is(item, name)));
    Ok(List::own(list(&args[0])?.iter().filter(|item| is_named(item) == wanted).collect()))
}

fn keep_models<'w>(args: &[Value<'w>], is: impl Fn(&ModelFacts<'_>, &str) -> bool) -> Result<Value<'w>, Fault> {
    let name = args[1].as_text().ok_or(Fault::Type)?;
    let kept = |item: &Value<'w>| matches!(item, Value::Model(model) if is(model, name));
    Ok(List::own(list(&args[0])?.iter().filter(kept).collect()))
}

fn is_called(item: &Value<'_>, name: &str) -> bool {
    match item {
        Value::Model(model) => model.is_called(name),
        Value::Key(key) => key.name == name || key.id() == name,
        other => other.as_text().is_some_and(|text| text == name),
    }
}

fn is_of_provider(item: &Value<'_>, name: &str) -> bool {
    matches!(item, Value::Model(model) if model.provider_id() == name)
}

fn is_of_author(item: &Value<'_>, name: &str) -> bool {
    matches!(item, Value::Model(model) if model.author().eq_ignore_ascii_case(name))
}

/// Dollars a million tokens.
fn cost(rates: &Rates, kind: &str) -> f64 {
    let rate = match kind {
        "text.output" => rates.output,
        "text.input_cache_read" => rates.cache_read.unwrap_or(rates.input),
        "text.input_cache_write" => rates.cache_write.unwrap_or(rates.input),
        _ => rates.input,
    };
    #[expect(clippy::cast_precision_loss, reason = "no price is that large")]
    let dollars = rate.times(1) as f64 / 1e6;
    dollars
}

/// The text at a path of metadata that is JSON.
fn metadata(metadata: &str, path: &str) -> Option<String> {
    let whole: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let found = path.split('.').try_fold(&whole, |value, name| value.get(name))?;
    match found {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(found.to_string()),
        _ => None,
    }
}

/// Another number, in which every bit depends on every bit (splitmix64).
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
