//! Probabilities of tokens as Gemini tells them.

use crate::json::{Json, Text};
use crate::neutral::logprobs::Logprob;
use crate::neutral::request::Number;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logprobs<'b> {
    #[serde(borrow)]
    chosen_candidates: Option<Vec<Token<'b>>>,
    #[serde(borrow)]
    top_candidates: Option<Vec<Top<'b>>>,
}

#[derive(Deserialize)]
struct Top<'b> {
    #[serde(borrow)]
    candidates: Option<Vec<Token<'b>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token<'b> {
    #[serde(borrow)]
    token: Option<Text<'b>>,
    #[serde(borrow)]
    log_probability: Option<&'b RawValue>,
}

impl Token<'_> {
    /// Google's JSON leaves out a number that is zero, and text that is empty.
    fn read(self) -> Option<Logprob> {
        let logprob = Number::new(self.log_probability.map_or("0", RawValue::get))?;
        Some(Logprob::new(self.token.unwrap_or_default().0.into_owned(), logprob))
    }
}

/// The tokens of `logprobsResult`. What is not as it should be says nothing: it is no cause to lose an answer.
pub(super) fn read(result: &RawValue) -> Vec<Logprob> {
    let Ok(result) = serde_json::from_str::<Logprobs<'_>>(result.get()) else { return Vec::new() };
    let mut tops = result.top_candidates.unwrap_or_default().into_iter();
    let tokens = result.chosen_candidates.into_iter().flatten().filter_map(|token| {
        let top = tops.next().and_then(|top| top.candidates).unwrap_or_default();
        Some(Logprob { top: top.into_iter().filter_map(Token::read).collect(), ..token.read()? })
    });
    tokens.collect()
}

/// Writes the member `logprobsResult`, if there is anything to tell.
pub(super) fn put<'t>(json: &mut Json<'_>, tokens: impl Iterator<Item = &'t Logprob> + Clone) {
    if tokens.clone().next().is_none() {
        return;
    }
    json.put_object("logprobsResult", |json| {
        if tokens.clone().any(|token| !token.top.is_empty()) {
            json.put_list("topCandidates", |json| {
                for token in tokens.clone() {
                    json.object(|json| {
                        json.put_list("candidates", |json| token.top.iter().for_each(|other| write(json, other)));
                    });
                }
            });
        }
        json.put_list("chosenCandidates", |json| tokens.for_each(|token| write(json, token)));
    });
}

fn write(json: &mut Json<'_>, token: &Logprob) {
    json.object(|json| {
        json.put("token", &token.token);
        json.put_raw("logProbability", token.logprob.literal());
    });
}
