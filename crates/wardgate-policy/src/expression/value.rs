//! The values of expressions. They borrow from the world as far as they can.

use super::world::{At, KeyFacts, Lately, ModelFacts, World};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;
use wardgate_model::Datacenter;
use wardgate_model::price::Rates;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'w> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'w, str>),
    Model(&'w ModelFacts<'w>),
    Key(&'w KeyFacts<'w>),
    /// None: the model has no known price.
    Pricing(Option<&'w Rates>),
    Datacenter(&'w Datacenter),
    /// The metrics of a model or a key, and each part of them.
    Lately(Lately<'w>),
    Time(At),
    /// `ai`, `request`, `key`, `team`, `account`: they have no value of their own but the whole.
    World(&'w World<'w>),
    List(List<'w>),
}

/// A list of values.
#[derive(Debug, Clone)]
pub(crate) enum List<'w> {
    Models(&'w [ModelFacts<'w>]),
    Keys(&'w [KeyFacts<'w>]),
    Texts(&'w [String]),
    Names(&'w [&'static str]),
    Datacenters(&'w [Datacenter]),
    Own(Rc<Vec<Value<'w>>>),
}

impl<'w> List<'w> {
    pub(crate) fn own(values: Vec<Value<'w>>) -> Value<'w> {
        Value::List(Self::Own(Rc::new(values)))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Models(items) => items.len(),
            Self::Keys(items) => items.len(),
            Self::Texts(items) => items.len(),
            Self::Names(items) => items.len(),
            Self::Datacenters(items) => items.len(),
            Self::Own(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value<'w>> {
        Some(match self {
            Self::Models(items) => Value::Model(items.get(index)?),
            Self::Keys(items) => Value::Key(items.get(index)?),
            Self::Texts(items) => Value::text(items.get(index)?),
            Self::Names(items) => Value::text(items.get(index)?),
            Self::Datacenters(items) => Value::Datacenter(items.get(index)?),
            Self::Own(items) => items.get(index)?.clone(),
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Value<'w>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<'w> Value<'w> {
    pub(crate) fn text(text: &'w str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    pub(crate) const fn as_number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a number that large compares all the same")]
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn as_list(&self) -> Option<&List<'w>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether it is known: a number may not be.
    pub(crate) const fn is_known(&self) -> bool {
        match self {
            Self::Double(number) => !number.is_nan(),
            Self::Pricing(rates) => rates.is_some(),
            _ => true,
        }
    }

    /// How two values compare; none when neither is more, as of a number that is not known.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.as_ref().cmp(other.as_ref())),
            _ => self.as_number()?.partial_cmp(&other.as_number()?),
        }
    }

    /// Whether two values are the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Model(one), Self::Model(other)) => std::ptr::eq(*one, *other),
            (Self::Key(one), Self::Key(other)) => one.credential == other.credential,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| one.is_same(&other))
            }
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}
