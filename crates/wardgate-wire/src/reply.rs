//! Reading a whole answer: is it one, what did it use, why did it stop.

use crate::fault;
use crate::format::{anthropic_messages, figures, gemini, opaque, openai_chat, openai_embeddings, openai_responses};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

/// What has been learned from a whole answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReplyFacts {
    /// The usage, if it was reported.
    pub usage: Option<Usage>,
    /// Why the model stopped, in the provider's word.
    pub stop_reason: Option<Box<str>>,
}

/// Reads an answer with status 200.
///
/// # Errors
/// When it is no answer of this format: broken JSON, another shape, or an error in an answer's place.
pub fn read(format: Format, body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    match format {
        Format::OpenAiChat => openai_chat::reply::read(body, credential),
        Format::AnthropicMessages => anthropic_messages::reply::read(body, credential),
        Format::OpenAiResponses => openai_responses::reply::read(body, credential),
        Format::Gemini => gemini::reply::read(body, credential),
        // A completion differs from a chat's in what its choices hold, which nobody looks at here.
        Format::OpenAiCompletions => openai_chat::reply::read(body, credential),
        Format::OpenAiEmbeddings => openai_embeddings::read(body, credential),
        Format::AnthropicTokenCount | Format::GeminiTokenCount | Format::VertexTokenCount | Format::OpenAiTokenCount => {
            // Counting uses nothing.
            figures::count(body, credential).map(|_| ReplyFacts { usage: Some(Usage::default()), stop_reason: None })
        }
        Format::GeminiEmbedding | Format::GeminiBatchEmbedding => figures::vector(body, credential),
        Format::Opaque | Format::OpenAiImages => opaque::read(body, credential),
        Format::JinaRerank | Format::CohereRerank | Format::VoyageRerank | Format::BedrockRerank => {
            opaque::ranks(body, credential)
        }
        // No client is served in these, so nothing of them passes unread.
        Format::CohereChat
        | Format::BedrockConverse
        | Format::CohereEmbedding
        | Format::VertexEmbedding
        | Format::BedrockEmbedding => {
            let reply = crate::transcode::decode_reply(format, body, 0, credential)?;
            Ok(ReplyFacts { usage: reply.usage, stop_reason: Some(reply.stop.name().into()) })
        }
    }
}

/// The first element of a list, if it has one. The others are checked to be JSON and left.
#[derive(Default)]
pub(crate) struct FirstOf<T>(pub(crate) Option<T>);

impl<'b, T: Deserialize<'b>> Deserialize<'b> for FirstOf<T> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'b, T: Deserialize<'b>> Visitor<'b> for List<T> {
            type Value = FirstOf<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'b>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstOf(first))
            }
        }

        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// Reads a body as an object of type `T`. Derived readers take arrays as well, so the first character is looked at.
pub(crate) fn object<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Fault> {
    let what = match body.trim_ascii_start().first() {
        None => "the provider's answer is empty".to_owned(),
        Some(b'<') => "the provider answered with a page of HTML or XML instead of JSON".to_owned(),
        // Reading text is cheaper than reading bytes, each string of which is looked through once more.
        Some(b'{') => match std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), serde_json::from_str) {
            Ok(object) => return Ok(object),
            Err(error) => {
                format!("the provider's answer is not valid JSON (line {} column {})", error.line(), error.column())
            }
        },
        Some(_) => "the provider's answer is not a JSON object".to_owned(),
    };
    Err(Fault::new(FaultClass::Unreadable, what))
}

/// An error that stands where an answer should.
pub(crate) fn in_band(error: &RawValue, credential: Option<&str>) -> Fault {
    if error.get().len() > fault::ERROR_BYTES_MAX {
        return Fault::new(FaultClass::Server, "the provider's error is too long to be read");
    }
    match serde_json::from_str(error.get()) {
        Ok(value) => fault::from_value(&value, credential),
        Err(_) => Fault::new(FaultClass::Server, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[test]
    fn an_error_without_end_is_not_taken_apart() {
        let body = |nested: usize| format!(r#"{{"error":{{"message":"m","x":[{}1]}}}}"#, "[],".repeat(nested));
        let told =
            |nested| read(Format::OpenAiChat, body(nested).as_bytes(), None).map_err(|fault| (fault.class, fault.message));
        assert_eq!(told(10).err(), Some((FaultClass::Server, "m".to_owned())));
        let too_long = "the provider's error is too long to be read".to_owned();
        assert_eq!(told(100_000).err(), Some((FaultClass::Server, too_long)));
    }

    fn check(format: Format, body: &str, expected: &Expect) {
        let found = match read(format, body.as_bytes(), None) {
            Ok(facts) => {
                let usage = facts.usage.map(|usage| {
                    format!(
                        "in {} cached {} out {} reasoning {}",
                        usage.input(),
                        usage.cache_read,
                        usage.output,
                        usage.reasoning
                    )
                });
                format!("{} | {}", usage.as_deref().unwrap_or("no usage"), facts.stop_reason.as_deref().unwrap_or("no reason"))
            }
            Err(fault) => format!("{}: {}", fault.class.name(), fault.message),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn chat() {
        let check = |body, expected| check(Format::OpenAiChat, body, expected);
        check(
            r#"{"choices":[{"finish_reason":"stop","message":{"content":"x"}}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
            &expect!["in 10 cached 4 out 5 reasoning 2 | stop"],
        );
        check("\n\n{\"choices\":[]}", &expect!["no usage | no reason"]);
        check(r#"{"error":{"message":"no","code":429}}"#, &expect!["rate_limited: no"]);
        check("", &expect!["unreadable: the provider's answer is empty"]);
        check("<html>", &expect!["unreadable: the provider answered with a page of HTML or XML instead of JSON"]);
        check(r#"{"choices":["#, &expect!["unreadable: the provider's answer is not valid JSON (line 1 column 12)"]);
        check("{}", &expect!["unreadable: the provider's answer has no choices"]);
        check("[]", &expect!["unreadable: the provider's answer is not a JSON object"]);
    }

    #[test]
    fn messages() {
        let check = |body, expected| check(Format::AnthropicMessages, body, expected);
        check(
            r#"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,"output_tokens":7}}"#,
            &expect!["in 105 cached 90 out 7 reasoning 0 | end_turn"],
        );
        check(r#"{"type":"error","error":{"type":"overloaded_error","message":"later"}}"#, &expect!["overloaded: later"]);
        check("{}", &expect!["unreadable: the provider's answer has no content"]);
    }
}
