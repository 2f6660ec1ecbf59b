//! Probabilities of tokens as OpenAI tells them, in Chat Completions and in Responses.

use crate::json::{Json, Text};
use crate::neutral::logprobs::Logprob;
use crate::neutral::request::Number;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Token<'b> {
    #[serde(borrow)]
    token: Text<'b>,
    #[serde(borrow)]
    logprob: Option<&'b RawValue>,
    bytes: Option<Vec<u8>>,
    #[serde(borrow)]
    top_logprobs: Option<Vec<Token<'b>>>,
}

impl Token<'_> {
    fn read(self) -> Option<Logprob> {
        let logprob = Number::new(self.logprob?.get())?;
        // A token that is a piece of a character may come without its bytes; its text is then all there is.
        let bytes = self.bytes.filter(|bytes| *bytes != self.token.0.as_bytes());
        let top = self.top_logprobs.into_iter().flatten();
        let top = top.filter_map(|other| Token { top_logprobs: None, ..other }.read()).collect();
        Some(Logprob { token: self.token.0.into_owned(), logprob, bytes, top })
    }
}

/// The tokens of a text, from `choices[].logprobs`. What is not as it should be says nothing: it is no cause to lose an answer.
pub(super) fn read_choice(logprobs: &RawValue) -> Vec<Logprob> {
    #[derive(Deserialize)]
    struct Choice<'b> {
        #[serde(borrow)]
        content: Option<&'b RawValue>,
        /// As in legacy Completions: so do some hosts.
        tokens: Option<Vec<String>>,
        #[serde(borrow)]
        token_logprobs: Option<Vec<Option<&'b RawValue>>>,
        #[serde(borrow)]
        top_logprobs: Option<Vec<Option<BTreeMap<String, &'b RawValue>>>>,
    }
    let Ok(choice) = serde_json::from_str::<Choice<'_>>(logprobs.get()) else { return Vec::new() };
    if let Some(content) = choice.content {
        return read(content);
    }
    let one = |token: String, number: &RawValue| Some(Logprob::new(token, Number::new(number.get())?));
    let mut alternatives = choice.top_logprobs.unwrap_or_default().into_iter();
    let numbers = choice.token_logprobs.into_iter().flatten();
    let tokens = choice.tokens.into_iter().flatten().zip(numbers).filter_map(|(token, number)| {
        let top = alternatives.next().flatten().unwrap_or_default();
        let top = top.into_iter().filter_map(|(token, number)| one(token, number)).collect();
        Some(Logprob { top, ..one(token, number?)? })
    });
    tokens.collect()
}

/// The tokens of a text, from a list of them.
pub(crate) fn read(list: &RawValue) -> Vec<Logprob> {
    if matches!(list.get(), "[]" | "null") {
        return Vec::new();
    }
    let tokens: Vec<Token<'_>> = serde_json::from_str(list.get()).unwrap_or_default();
    tokens.into_iter().filter_map(Token::read).collect()
}

/// Writes tokens as elements of a list.
pub(crate) fn write(json: &mut Json<'_>, tokens: &[Logprob]) {
    for token in tokens {
        json.object(|json| {
            members(json, token);
            json.put_list("top_logprobs", |json| token.top.iter().for_each(|other| json.object(|json| members(json, other))));
        });
    }
}

fn members(json: &mut Json<'_>, token: &Logprob) {
    json.put("token", &token.token);
    json.put_raw("logprob", token.logprob.literal());
    json.put_list("bytes", |json| token.bytes().iter().for_each(|byte| json.number(u64::from(*byte))));
}

/// Writes the member `logprobs` of a choice, from the elements of its list.
pub(super) fn put(json: &mut Json<'_>, elements: &[u8]) {
    json.put_object("logprobs", |json| {
        json.put_list("content", |json| json.0.extend_from_slice(elements));
        json.put_null("refusal");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(told: &str, expected: &str) {
        let told: Option<&RawValue> = serde_json::from_str(told).unwrap_or_default();
        let mut out = Vec::new();
        write(&mut Json(&mut out), &told.map(read_choice).unwrap_or_default());
        assert_eq!(String::from_utf8(out).unwrap_or_default(), expected);
    }

    #[test]
    fn what_can_be_read_is_and_the_rest_says_nothing() {
        check(
            r#"{"content":[{"token":"a","logprob":-1e-3}]}"#,
            r#"{"token":"a","logprob":-1e-3,"bytes":[97],"top_logprobs":[]}"#,
        );
        check(
            r#"{"tokens":["a","b"],"token_logprobs":[null,-2],"top_logprobs":[null,{"b":-2,"c":-3}]}"#,
            r#"{"token":"b","logprob":-2,"bytes":[98],"top_logprobs":[{"token":"b","logprob":-2,"bytes":[98]},{"token":"c","logprob":-3,"bytes":[99]}]}"#,
        );
        for nothing in
            ["{}", r#"{"content":null}"#, r#"{"content":[{"token":"a","logprob":null}]}"#, "[]", "1", r#"{"content":[1]}"#]
        {
            check(nothing, "");
        }
    }
}
