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
}
