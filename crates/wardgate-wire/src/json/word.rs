//! Reading a word as what it stands for.

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads a word as what it stands for, without a copy. What is no word, or an unknown one, stands for nothing: words are read
/// here that a vendor may add to, in places where it may not even be a word.
pub(crate) fn word<'de, D: Deserializer<'de>, T>(deserializer: D, means: fn(&str) -> Option<T>) -> Result<Option<T>, D::Error> {
    struct Word<T>(fn(&str) -> Option<T>);
    impl<'de, T> Visitor<'de> for Word<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word")
        }

        fn visit_str<E>(self, word: &str) -> Result<Self::Value, E> {
            Ok((self.0)(word))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    }
    deserializer.deserialize_any(Word(means))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_stands_for_nothing() {
        let read = |json: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            word(&mut deserializer, |word| (word == "é").then_some(1)).unwrap_or_else(|error| panic!("{json}: {error}"))
        };
        assert_eq!(["\"é\"", r#""\u00e9""#].map(read), [Some(1); 2]);
        assert_eq!(["\"e\"", "null", "true", "-1", "1", "1.5", "[1,{}]", r#"{"a":[]}"#].map(read), [None; 8]);
    }
}
