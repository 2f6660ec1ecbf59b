//! The types of expressions.

use std::fmt;

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    Double,
    Text,
    Record(Record),
    List(Item),
    /// A mistake was told of it already; it goes with everything.
    Broken,
}

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// The empty list, which goes with every other.
    Nothing,
    Bool,
    Int,
    Double,
    Text,
    Record(Record),
}

/// Things with fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    Ai,
    Model,
    Key,
    Request,
    AccessKey,
    Team,
    Account,
    Time,
    Pricing,
    Datacenter,
    Metrics,
    Endpoint,
    Latency,
    ErrorRate,
}

impl Type {
    /// Whether a value of this type can stand where the other is wanted.
    pub(super) fn fits(self, wanted: Self) -> bool {
        self == wanted
            || matches!((self, wanted), (Self::Broken, _) | (_, Self::Broken))
            || matches!((self, wanted), (Self::List(Item::Nothing), Self::List(_)) | (Self::Int, Self::Double))
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Broken)
    }

    /// The type of a list's item that is of this type; none for what no list holds.
    pub(super) const fn item(self) -> Option<Item> {
        Some(match self {
            Self::Bool => Item::Bool,
            Self::Int => Item::Int,
            Self::Double => Item::Double,
            Self::Text => Item::Text,
            Self::Record(record) => Item::Record(record),
            Self::Broken => Item::Nothing,
            Self::List(_) => return None,
        })
    }
}

impl Item {
    pub(super) const fn as_type(self) -> Type {
        match self {
            Self::Nothing => Type::Broken,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Double => Type::Double,
            Self::Text => Type::Text,
            Self::Record(record) => Type::Record(record),
        }
    }
}

impl Record {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Model => "a model",
            Self::Key => "a provider key",
            Self::Request => "the request",
            Self::AccessKey => "the access key",
            Self::Team => "the team",
            Self::Account => "the account",
            Self::Time => "a time",
            Self::Pricing => "a price list",
            Self::Datacenter => "a datacenter",
            Self::Metrics | Self::Endpoint => "metrics",
            Self::Latency => "latencies",
            Self::ErrorRate => "rates of errors",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Double => "a number",
            Self::Text => "a text",
            Self::Record(record) => record.name(),
            Self::List(Item::Nothing) => "an empty list",
            Self::List(Item::Bool) => "a list of true and false",
            Self::List(Item::Int | Item::Double) => "a list of numbers",
            Self::List(Item::Text) => "a list of texts",
            Self::List(Item::Record(Record::Model)) => "a list of models",
            Self::List(Item::Record(Record::Key)) => "a list of provider keys",
            Self::List(Item::Record(_)) => "a list of things",
            Self::Broken => "something broken",
        })
    }
}
