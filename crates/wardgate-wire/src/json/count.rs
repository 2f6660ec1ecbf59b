//! Reading counts that are somebody else's: a count that makes no sense must not cost a client its answer.

use serde::de::{Deserializer, Visitor};
use std::fmt;

/// A count, for `deserialize_with`. What is negative counts as nothing, a fraction is cut off, and what is no number is absent.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Count;
    impl<'de> Visitor<'de> for Count {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a count")
        }

        fn visit_u64<E>(self, count: u64) -> Result<Self::Value, E> {
            Ok(Some(count))
        }

        fn visit_i64<E>(self, count: i64) -> Result<Self::Value, E> {
            Ok(Some(u64::try_from(count).unwrap_or(0)))
        }

        fn visit_f64<E>(self, count: f64) -> Result<Self::Value, E> {
            // Casting cuts off, and makes nothing of what is negative.
            Ok(Some(count as u64))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.parse().ok())
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Count)
}

/// A moment in Unix seconds, for `deserialize_with`, which some hosts write as a fraction or as text.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    count(deserializer).map(|seconds| seconds.and_then(|seconds| i64::try_from(seconds).ok()))
}

/// A name, for `deserialize_with`, for which some hosts have a number.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Name;
    impl Visitor<'_> for Name {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_nothing_or_absent() {
        #[derive(serde::Deserialize)]
        struct Usage {
            #[serde(default, deserialize_with = "count")]
            tokens: Option<u64>,
        }
        let read = |json: &str| serde_json::from_str::<Usage>(json).map(|usage| usage.tokens).ok();
        for (json, expected) in [
            (r#"{"tokens":7}"#, Some(7)),
            (r#"{"tokens":7.9}"#, Some(7)),
            (r#"{"tokens":-1}"#, Some(0)),
            (r#"{"tokens":-0.5}"#, Some(0)),
            (r#"{"tokens":"12"}"#, Some(12)),
            (r#"{"tokens":"many"}"#, None),
            (r#"{"tokens":null}"#, None),
            (r#"{"tokens":true}"#, None),
            ("{}", None),
        ] {
            assert_eq!(read(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn moments_and_names_are_read_however_they_are_written() {
        #[derive(serde::Deserialize)]
        struct Head {
            #[serde(default, deserialize_with = "seconds")]
            created: Option<i64>,
            #[serde(default, deserialize_with = "name")]
            id: Option<String>,
        }
        let read = |json: &str| serde_json::from_str::<Head>(json).map(|head| (head.created, head.id)).ok();
        for (json, created, id) in [
            (r#"{"created":5,"id":"a"}"#, Some(5), Some("a")),
            (r#"{"created":5.9,"id":7}"#, Some(5), Some("7")),
            (r#"{"created":"5","id":-7}"#, Some(5), Some("-7")),
            (r#"{"created":"now","id":null}"#, None, None),
            ("{}", None, None),
        ] {
            assert_eq!(read(json), Some((created, id.map(str::to_owned))), "{json}");
        }
    }
}
