//! Answers that pass as they are: images, transcripts, verdicts, ranks. Of those in JSON the usage is read, where there is any,
//! and what else is charged for.

use crate::reply::{ReplyFacts, in_band, object};
use crate::units::Count;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::{Units, Usage};

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    usage: Option<&'b RawValue>,
    /// Jina and Cohere.
    #[serde(borrow)]
    meta: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
    /// Images.
    #[serde(borrow)]
    data: Option<&'b RawValue>,
    /// Seconds of what was transcribed, as a number or as text.
    #[serde(borrow)]
    duration: Option<&'b RawValue>,
}

impl Answer<'_> {
    fn images(&self) -> u32 {
        let count = self.data.and_then(|data| serde_json::from_str::<Count>(data.get()).ok());
        count.map_or(0, |Count(count)| u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn duration_ms(&self) -> u64 {
        self.duration.and_then(|seconds| seconds.get().trim_matches('"').parse().ok()).map_or(0, milliseconds)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative, and saturates")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1_000.0).ceil() as u64
}

/// The counts of those who count in tokens, in seconds or in searches.
#[derive(Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    #[serde(alias = "input_token_details")]
    input_tokens_details: Option<OfKinds>,
    #[serde(alias = "output_token_details")]
    output_tokens_details: Option<OfKinds>,
    seconds: Option<f64>,
    search_units: Option<f64>,
}

#[derive(Default, Deserialize)]
struct OfKinds {
    image_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Meta {
    tokens: Option<Counts>,
    billed_units: Option<Counts>,
}

impl Counts {
    fn usage(&self) -> Option<Usage> {
        let output = self.output_tokens.or(self.completion_tokens);
        let input = self.input_tokens.or(self.prompt_tokens);
        let input = input.or_else(|| self.total_tokens.map(|total| total.saturating_sub(output.unwrap_or(0))));
        let units = self.units();
        if input.is_none() && units == Units::default() {
            return None;
        }
        let cache_read = self.input_tokens_details.as_ref().and_then(|kinds| kinds.cached_tokens).unwrap_or(0);
        let input_uncached = input.unwrap_or(0).saturating_sub(cache_read);
        Some(Usage { input_uncached, cache_read, output: output.unwrap_or(0), units, ..Usage::default() })
    }

    fn units(&self) -> Units {
        let (input, output) = (self.input_tokens_details.as_ref(), self.output_tokens_details.as_ref());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        let queries = self.search_units.map_or(0, |searches| searches.ceil() as u32);
        Units {
            input_image: input.and_then(|kinds| kinds.image_tokens).unwrap_or(0),
            input_audio: input.and_then(|kinds| kinds.audio_tokens).unwrap_or(0),
            output_image: output.and_then(|kinds| kinds.image_tokens).unwrap_or(0),
            output_audio: output.and_then(|kinds| kinds.audio_tokens).unwrap_or(0),
            audio_ms: self.seconds.map_or(0, milliseconds),
            queries,
            ..Units::default()
        }
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
    let meta = answer.meta.and_then(|meta| serde_json::from_str::<Meta>(meta.get()).ok());
    let billed = meta.as_ref().and_then(|meta| meta.billed_units.as_ref());
    let of_meta = || meta.as_ref().and_then(|meta| meta.tokens.as_ref().or(billed)?.usage());
    let mut usage = counts.and_then(|counts| counts.usage()).or_else(of_meta);
    let mut units = usage.unwrap_or_default().units;
    units.images = answer.images();
    if units.audio_ms == 0 {
        units.audio_ms = answer.duration_ms();
    }
    if units.queries == 0 {
        units.queries = billed.map_or(0, |billed| billed.units().queries);
    }
    if units != Units::default() {
        usage.get_or_insert_default().units = units;
    }
    Ok(ReplyFacts { usage, stop_reason: None })
}

/// The same of ranks, whose list is none of images.
pub(crate) fn ranks(body: &[u8], credential: Option<&str>) -> Result<ReplyFacts, Fault> {
    let facts = read(body, credential)?;
    let usage = facts.usage.map(|usage| Usage { units: Units { images: 0, ..usage.units }, ..usage });
    Ok(ReplyFacts { usage: usage.filter(|usage| *usage != Usage::default()), ..facts })
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
        check(r#"{"text":"x","usage":{"type":"tokens","input_tokens":9,"output_tokens":3}}"#, Ok(Some((9, 3))));
        check(r#"{"results":[],"usage":{"total_tokens":7}}"#, Ok(Some((7, 0))));
        check(r#"{"results":[],"meta":{"tokens":{"input_tokens":5}}}"#, Ok(Some((5, 0))));
        check(r#"{"results":[],"usage":"odd"}"#, Ok(None));
        check("WEBVTT\n\n00:00", Ok(None));
        check(r#"{"error":{"message":"no"}}"#, Err("no"));
        check("<html>", Err("the provider answered with a page of HTML or XML instead of JSON"));
        check("", Err("the provider's answer is empty"));
        check("{\"data\":", Err("the provider's answer is not valid JSON (line 1 column 8)"));
    }

    #[test]
    fn what_is_charged_beside_tokens_is_counted() {
        let check = |body: &str, tokens: (u64, u64), units: Units| {
            let usage = read(body.as_bytes(), None).ok().and_then(|facts| facts.usage).unwrap_or_default();
            assert_eq!(((usage.input(), usage.output), usage.units), (tokens, units), "{body}");
        };
        check(
            r#"{"data":[{"b64_json":"x"},{}],"usage":{"input_tokens":9,"output_tokens":80,"total_tokens":89,
                "input_tokens_details":{"text_tokens":4,"image_tokens":5},"output_tokens_details":{"image_tokens":80}}}"#,
            (9, 80),
            Units { images: 2, input_image: 5, output_image: 80, ..Units::default() },
        );
        check(r#"{"data":[{"url":"x"}]}"#, (0, 0), Units { images: 1, ..Units::default() });
        let sound = |audio_ms| Units { audio_ms, ..Units::default() };
        check(r#"{"text":"x","usage":{"type":"duration","seconds":9}}"#, (0, 0), sound(9_000));
        check(r#"{"text":"x","duration":8.4705}"#, (0, 0), sound(8_471));
        check(r#"{"text":"x","duration":"8.5"}"#, (0, 0), sound(8_500));
        check(r#"{"text":"x","duration":-1,"data":5}"#, (0, 0), sound(0));
        let heard = r#"{"text":"x","usage":{"input_tokens":9,"input_token_details":{"text_tokens":2,"audio_tokens":7}}}"#;
        check(heard, (9, 0), Units { input_audio: 7, ..Units::default() });
        let searched = Units { queries: 2, ..Units::default() };
        check(r#"{"results":[],"meta":{"billed_units":{"search_units":2}}}"#, (0, 0), searched);
        check(r#"{"results":[],"usage":{"search_units":2,"total_tokens":7}}"#, (7, 0), searched);
        check(r#"{"results":[],"meta":{"tokens":{"input_tokens":7},"billed_units":{"search_units":2}}}"#, (7, 0), searched);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes, None);
        }
    }
}
