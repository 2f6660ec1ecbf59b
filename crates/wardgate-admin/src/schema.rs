//! How values of other crates are described, for `#[schemars(with = "…")]`.

use crate::page::id_pattern;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::str::FromStr;
use wardgate_core::id::NotAnId;

macro_rules! descriptions {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:tt;)*) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

/// An id: a prefix that says of what, and 22 digits.
pub(crate) struct Id<T>(PhantomData<T>);

impl<T: FromStr<Err = NotAnId>> JsonSchema for Id<T> {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": id_pattern::<T>()})
    }
}

descriptions! {
    /// An instant.
    Time = {"type": "string", "format": "date-time"};
    /// An amount of dollars with five digits after the point.
    Dollars = {"type": "string", "pattern": "^-?[0-9]+\\.[0-9]{5}$"};
    /// An amount of dollars with two to nine digits after the point.
    ExactDollars = {"type": "string", "pattern": "^-?[0-9]+\\.[0-9]{2,9}$"};
    /// A duration as Go writes it.
    GoDuration = {"type": "string", "examples": ["1m30s"]};
    /// How far a purchase is.
    PurchaseStatusName = {"type": "string", "enum": ["pending", "actionRequired", "succeeded", "failed"]};
    /// The name of a role.
    RoleName = {"type": "string", "enum": ["viewer", "editor", "admin"]};
    /// A JSON object of which this API's description says no more.
    AnyObject = {"type": "object", "additionalProperties": true};
}
