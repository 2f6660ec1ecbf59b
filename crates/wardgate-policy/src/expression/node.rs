//! A checked expression: what is worked out.

use super::functions::Function;
use super::syntax::Operator;
use super::types::Type;
use super::value::Value;
use std::fmt;
use wardgate_core::zone::Zone;

/// A part of a checked expression.
#[derive(Debug)]
pub(crate) enum Node {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Box<str>),
    Texts(Vec<String>),
    List(Vec<Node>),
    /// What the world is asked for first.
    Root(&'static Field),
    /// A name of a loop, by its depth.
    Local(usize, Box<str>),
    Field(Box<Node>, &'static Field),
    /// Whether a field is known.
    Has(Box<Node>, &'static Field),
    Index(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Loop(Loop, Box<Node>, usize, Box<Node>),
    /// What a clock in a zone shows.
    At(Box<Node>, Zone),
    Call(&'static Function, Vec<Node>),
}

/// What a loop over a list gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    Filter,
    Map,
    All,
    Exists,
    ExistsOne,
    SortBy,
}

/// A field of a thing, or a name that every expression knows.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(super) name: &'static str,
    pub(super) gives: Type,
    /// The most bytes of a text, or items of a list.
    pub(super) size_max: u64,
    /// The most bytes of a list's item.
    pub(super) item_bytes_max: u64,
    pub(super) steps: u64,
    pub(super) domain: Domain,
    pub(super) read: for<'w> fn(&Value<'w>) -> Option<Value<'w>>,
}

/// What a field's values can be at all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Domain {
    Any,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// Whole numbers from and to.
    Range(i64, i64),
    /// Numbers that are not negative.
    Positive,
    /// The name of a provider.
    Provider,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Loop {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "filter" => Self::Filter,
            "map" => Self::Map,
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" => Self::ExistsOne,
            "sortBy" => Self::SortBy,
            _ => return None,
        })
    }
}
