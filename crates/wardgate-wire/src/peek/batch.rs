//! Requests within a body, each of which names the model again: several (Gemini's batchEmbedContents), or one that is to be
//! counted (its countTokens).

use super::{Key, PeekError, REQUESTS_MAX, span};
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// What routing reads at the top of such a body, beside what it reads of all.
pub(super) const READ: [&str; 1] = ["requests"];

/// The same of a body that holds a request to be counted, in both spellings that Google reads.
pub(super) const COUNTED: [&str; 2] = ["generateContentRequest", "generate_content_request"];

/// Finds where the requests name their model, which must be the one of the path: whoever may call that one would else be
/// served another. What is no list of objects is left to the provider.
pub(super) fn model_spans(text: &str, requests: &RawValue, model: &str) -> Result<Vec<Range<usize>>, PeekError> {
    let mut found = Found { text, model, spans: Vec::new(), wrong: None };
    // It was read as part of the body, so that only its shape can be wrong.
    let _ = serde_json::Deserializer::from_str(requests.get()).deserialize_seq(Requests(&mut found));
    found.wrong.map_or(Ok(found.spans), Err)
}

/// Finds where one request, which stands in the body by this name, names its model: the same holds for it.
pub(super) fn model_span(text: &str, request: &RawValue, model: &str, name: &str) -> Result<Option<Range<usize>>, PeekError> {
    let mut found = Found { text, model, spans: Vec::new(), wrong: None };
    let place = || name.to_owned();
    let _ = serde_json::Deserializer::from_str(request.get()).deserialize_map(Request { found: &mut found, place });
    found.wrong.map_or(Ok(found.spans.pop()), Err)
}

struct Found<'t> {
    text: &'t str,
    model: &'t str,
    spans: Vec<Range<usize>>,
    wrong: Option<PeekError>,
}

struct Requests<'f, 't>(&'f mut Found<'t>);

impl<'de> Visitor<'de> for Requests<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(request) = list.next_element::<&RawValue>()? {
            if index == REQUESTS_MAX {
                self.0.wrong.get_or_insert(PeekError::TooManyRequests);
            }
            if self.0.wrong.is_none() {
                let _ = serde_json::Deserializer::from_str(request.get())
                    .deserialize_map(Request { found: self.0, place: || format!("requests[{index}]") });
            }
            index += 1;
        }
        Ok(())
    }
}

struct Request<'f, 't, P> {
    found: &'f mut Found<'t>,
    /// Where it stands.
    place: P,
}

impl<'de, P: Fn() -> String> Visitor<'de> for Request<'_, '_, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, place } = self;
        let mut is_named = false;
        while let Some(Key(key)) = map.next_key()? {
            if key != "model" {
                if key.eq_ignore_ascii_case("model") {
                    found.wrong.get_or_insert(PeekError::OtherCase(format!("{}.{key}", place())));
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &RawValue = map.next_value()?;
            let wrong = match serde_json::from_str::<Key<'_>>(value.get()) {
                _ if is_named => Some(PeekError::Duplicate(format!("{}.model", place()))),
                Err(_) => Some(PeekError::RequestModelNotAString(place())),
                Ok(Key(name)) if name.strip_prefix("models/").unwrap_or(&name) != found.model => {
                    Some(PeekError::RequestModelDiffers(place()))
                }
                Ok(_) => None,
            };
            is_named = true;
            match wrong {
                Some(wrong) => drop(found.wrong.get_or_insert(wrong)),
                None => found.spans.push(span(found.text, value)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::peek::{REQUESTS_MAX, peek_gemini};
    use expect_test::{Expect, expect};
    use wardgate_core::format::Surface;

    fn check(body: &str, expected: &Expect) {
        let found = match peek_gemini(body.as_bytes(), Surface::BatchEmbedContents, "a/b:c", false) {
            Ok(peek) => format!("{:?}", peek.request_model_spans.iter().map(|span| &body[span.clone()]).collect::<Vec<_>>()),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn a_request_to_be_counted_names_the_model_of_the_path_too() {
        let check = |body: &str, expected: &Expect| {
            let found = match peek_gemini(body.as_bytes(), Surface::GeminiCountTokens, "a/b:c", false) {
                Ok(peek) => {
                    format!("{:?}", peek.request_model_spans.iter().map(|span| &body[span.clone()]).collect::<Vec<_>>())
                }
                Err(error) => error.to_string(),
            };
            expected.assert_eq(&found);
        };
        check(r#"{"generateContentRequest":{"contents":[],"model":"models/a/b:c"}}"#, &expect![[r#"["\"models/a/b:c\""]"#]]);
        check(r#"{"contents":[{"model":"x"}]}"#, &expect!["[]"]);
        check(
            r#"{"generate_content_request":{"model":"models/other"}}"#,
            &expect![
                "generate_content_request.model names another model than the path; all that is in one body goes to one model"
            ],
        );
        check(
            r#"{"generateContentRequest":{},"generate_content_request":{}}"#,
            &expect![[r#"the field "generate_content_request" stands in the body more than once"#]],
        );
        check(
            r#"{"GenerateContentRequest":{}}"#,
            &expect![[r#"the field "GenerateContentRequest" is written in another case than the format has it"#]],
        );
    }

    #[test]
    fn each_model_is_found_and_must_be_that_of_the_path() {
        check(
            r#"{"requests":[{"model":"models/a/b:c","content":{"model":"x"}},{},{"model" : "a\/b:c"},5]}"#,
            &expect![[r#"["\"models/a/b:c\"", "\"a\\/b:c\""]"#]],
        );
        check(
            r#"{"requests":[{"model":"models/a/b:c"},{"model":"models/other"}]}"#,
            &expect!["requests[1].model names another model than the path; all that is in one body goes to one model"],
        );
        check(
            r#"{"requests":[{"model":"models/A/b:c"}]}"#,
            &expect!["requests[0].model names another model than the path; all that is in one body goes to one model"],
        );
        check(
            r#"{"requests":[{"model":"a/b:c","model":"a/b:c"}]}"#,
            &expect![[r#"the field "requests[0].model" stands in the body more than once"#]],
        );
        check(
            r#"{"requests":[{"Model":"x"}]}"#,
            &expect![[r#"the field "requests[0].Model" is written in another case than the format has it"#]],
        );
        check(r#"{"requests":[{"model":null}]}"#, &expect!["requests[0].model must be a string"]);
        check(
            r#"{"requests":[],"requests":[{"model":"x"}]}"#,
            &expect![[r#"the field "requests" stands in the body more than once"#]],
        );
        check(
            r#"{"Requests":[{"model":"x"}]}"#,
            &expect![[r#"the field "Requests" is written in another case than the format has it"#]],
        );
        for body in ["{}", r#"{"requests":null}"#, r#"{"requests":{"model":"x"}}"#] {
            check(body, &expect!["[]"]);
        }
        let many = vec!["{}"; REQUESTS_MAX + 1].join(",");
        check(&format!(r#"{{"requests":[{many}]}}"#), &expect![[r#"the field "requests" holds more than 2048 requests"#]]);
    }
}
