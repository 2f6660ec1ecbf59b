//! Answers that are a number or vectors, in passing: counts of tokens, and Gemini's embeddings of one text and of several.

use crate::format::gemini::usage::GeminiUsage;
use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};

#[derive(Deserialize)]
struct Answer<'b> {
    input_tokens: Option<u64>,
    #[serde(rename = "totalTokens")]
    total_tokens: Option<u64>,
    embedding: Option<IgnoredAny>,
    embeddings: Option<IgnoredAny>,
    #[serde(rename = "usageMetadata")]
    usage: Option<GeminiUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

/// Reads a count with status 200.
pub(crate) fn count(body: &[u8], credential: Option<&str>) -> Result<u64, Fault> {
    let answer: Answer<'_> = object(body)?;
    answer.input_tokens.or(answer.total_tokens).ok_or_else(|| missing(&answer, credential, "no count of tokens"))
}

/// Reads a vector or several with status 200. What they used only newer models say.
pub(crate) fn vector(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let answer: Answer<'_> = object(body)?;
    if answer.embedding.is_none() && answer.embeddings.is_none() {
        return Err(missing(&answer, credential, "no embedding"));
    }
    Ok(ReplyFacts { usage: answer.usage.map(|usage| usage.to_usage()), stop_reason: None })
}

fn missing(answer: &Answer<'_>, credential: Option<&str>, what: &str) -> Fault {
    match answer.error {
        Some(error) => in_band(error, credential),
        None => Fault::new(FaultClass::Unreadable, format!("the provider's answer has {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_vectors_say_what_they_used_or_nothing() {
        for body in [r#"{"input_tokens":7}"#, r#"{"totalTokens":7,"promptTokensDetails":[]}"#] {
            assert_eq!(count(body.as_bytes(), None), Ok(7));
        }
        assert_eq!(vector(br#"{"embedding":{"values":[1]}}"#, None), Ok(ReplyFacts::default()));
        let told = vector(br#"{"embeddings":[{"values":[1]}],"usageMetadata":{"promptTokenCount":3}}"#, None);
        assert_eq!(told.map(|facts| facts.usage.map(|usage| usage.input())), Ok(Some(3)));
        assert_eq!(count(b"{}", None).err().map(|fault| fault.class), Some(FaultClass::Unreadable));
        let class = |read: Result<ReplyFacts, Fault>| read.err().map(|fault| fault.class);
        assert_eq!(class(vector(br#"{"error":{"code":429,"message":"x"}}"#, None)), Some(FaultClass::RateLimited));
    }
}
