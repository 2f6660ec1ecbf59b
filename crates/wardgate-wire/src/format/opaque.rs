//! Answers that pass as they are: images, transcripts, verdicts, ranks. Of those in JSON the usage is read, where there is any.

use crate::reply::{ReplyFacts, in_band, object};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    usage: Option<&'b RawValue>,
    /// Jina and Cohere.
    #[serde(borrow)]
    meta: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

/// The counts of those who count in tokens. Others count seconds or searches, which are no tokens.
#[derive(Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Meta {
    tokens: Option<Counts>,
    billed_units: Option<Counts>,
}

impl Counts {
    fn usage(&self) -> Option<Usage> {
        let input = self.input_tokens.or(self.prompt_tokens);
        let output = self.output_tokens.or(self.completion_tokens);
        let input = input.or_else(|| self.total_tokens.map(|total| total.saturating_sub(output.unwrap_or(0))));
        let (input_uncached, output) = (input?, output.unwrap_or(0));
        Some(Usage { input_uncached, output, ..Usage::default() })
    }
}

/// Reads an answer with status 200. Texts, such as subtitles, are taken as they are.
pub(crate) fn read(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    match body.trim_ascii_start().first() {
        Some(b'{') => {}
        Some(b'<') | None => return Err(object::<Answer<'_>>(body).err().unwrap_or_else(nothing)),
        Some(_) => return Ok(ReplyFacts::default()),
    }
    let answer: Answer<'_> = object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let counts = answer.usage.and_then(|usage| serde_json::from_str::<Counts>(usage.get()).ok());
    let meta = || serde_json::from_str::<Meta>(answer.meta?.get()).ok().and_then(|meta| meta.tokens.or(meta.billed_units));
    let usage = counts.and_then(|counts| counts.usage()).or_else(|| meta().and_then(|counts| counts.usage()));
    Ok(ReplyFacts { usage, stop_reason: None })
}

fn nothing() -> Fault {
    Fault::new(FaultClass::Unreadable, "the provider's answer is empty")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(body: &str, expected: Result<Option<(u64, u64)>, &str>) {
        let found = read(body.as_bytes(), None).map(|facts| facts.usage.map(|usage| (usage.input(), usage.output)));
        let found = found.map_err(|fault| fault.message);
        assert_eq!(found, expected.map_err(str::to_owned), "{body}");
    }

    #[test]
    fn usage_is_read_where_tokens_are_told() {
        check(
            r#"{"data":[{"b64_json":"x"}],"usage":{"input_tokens":9,"output_tokens":80,"total_tokens":89}}"#,
            Ok(Some((9, 80))),
        );
        check(r#"{"text":"x","usage":{"type":"tokens","input_tokens":9,"output_tokens":3}}"#, Ok(Some((9, 3))));
        check(r#"{"text":"x","usage":{"type":"duration","seconds":9}}"#, Ok(None));
        check(r#"{"results":[],"usage":{"total_tokens":7}}"#, Ok(Some((7, 0))));
        check(r#"{"results":[],"meta":{"billed_units":{"search_units":1}}}"#, Ok(None));
        check(r#"{"results":[],"meta":{"tokens":{"input_tokens":5}}}"#, Ok(Some((5, 0))));
        check(r#"{"results":[],"usage":"odd"}"#, Ok(None));
        check("WEBVTT\n\n00:00", Ok(None));
        check(r#"{"error":{"message":"no"}}"#, Err("no"));
        check("<html>", Err("the provider answered with a page of HTML or XML instead of JSON"));
        check("", Err("the provider's answer is empty"));
        check("{\"data\":", Err("the provider's answer is not valid JSON (line 1 column 8)"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes, None);
        }
    }
}
