//! A chunk of a Chat Completions stream, as the many hosts that imitate OpenAI write it.

use super::usage::ChatUsage;
use crate::json::Text;
use crate::json::count::seconds;
use crate::neutral::content::Citation;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A chunk. What hardly any chunk has is in boxes, so that reading one moves few bytes.
#[derive(Deserialize)]
pub(super) struct Chunk<'b> {
    /// These two stand in every chunk, and are read in the first one alone.
    #[serde(borrow)]
    pub(super) id: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) model: Option<&'b RawValue>,
    #[serde(default, deserialize_with = "seconds")]
    pub(super) created: Option<i64>,
    #[serde(borrow)]
    pub(super) choices: Option<Choices<'b>>,
    pub(super) usage: Option<Box<ChatUsage>>,
    /// This one as well, and in the last one.
    #[serde(borrow)]
    pub(super) service_tier: Option<&'b RawValue>,
    pub(super) x_groq: Option<Box<XGroq>>,
    /// Perplexity's sources.
    #[serde(borrow)]
    pub(super) search_results: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) citations: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'b RawValue>,
    /// OpenAI's padding, by which the length of a chunk does not tell that of its text.
    #[serde(borrow)]
    pub(super) obfuscation: Option<&'b RawValue>,
}

impl<'b> Chunk<'b> {
    /// The text, if that is all that the chunk says.
    pub(super) fn sole_text(&self) -> Option<&'b RawValue> {
        let Some(Choices { first: Some(choice), more }) = &self.choices else { return None };
        let is_bare = more.is_empty() && self.usage.is_none() && self.x_groq.is_none() && self.error.is_none();
        choice.sole_text().filter(|_| is_bare)
    }
}

#[derive(Deserialize)]
pub(super) struct XGroq {
    pub(super) usage: Option<Box<ChatUsage>>,
}

/// The choices. There is nearly always one, which then needs no list.
pub(super) struct Choices<'b> {
    pub(super) first: Option<Choice<'b>>,
    pub(super) more: Vec<Choice<'b>>,
}

impl<'b> Choices<'b> {
    pub(super) fn into_iter(self) -> impl Iterator<Item = Choice<'b>> {
        self.first.into_iter().chain(self.more)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Choices<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices<'de>, A::Error> {
                let mut choices = Choices { first: list.next_element()?, more: Vec::new() };
                while let Some(choice) = list.next_element()? {
                    choices.more.push(choice);
                }
                Ok(choices)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[derive(Deserialize)]
pub(super) struct Choice<'b> {
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) delta: Option<Box<Delta<'b>>>,
    #[serde(borrow)]
    pub(super) finish_reason: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'b RawValue>,
    pub(super) usage: Option<Box<ChatUsage>>,
}

impl<'b> Choice<'b> {
    pub(super) fn sole_text(&self) -> Option<&'b RawValue> {
        let Self { index: None | Some(0), delta: Some(delta), finish_reason: None, logprobs: None, usage: None } = self else {
            return None;
        };
        let Delta { content, refusal, reasoning_content, reasoning, reasoning_details, tool_calls, annotations } = &**delta;
        let others = [refusal, reasoning_content, reasoning];
        let is_sole = others.iter().all(|other| other.as_ref().is_none_or(Text::is_empty))
            && reasoning_details.as_ref().is_none_or(Vec::is_empty)
            && tool_calls.as_ref().is_none_or(Vec::is_empty)
            && annotations.as_ref().is_none_or(Vec::is_empty);
        content.filter(|content| is_sole && content.get().starts_with('"'))
    }
}

#[derive(Deserialize)]
pub(super) struct Delta<'b> {
    #[serde(borrow)]
    pub(super) content: Option<&'b RawValue>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) reasoning_content: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) reasoning: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) reasoning_details: Option<Vec<&'b RawValue>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<CallDelta<'b>>>,
    pub(super) annotations: Option<Vec<Annotation>>,
}

#[derive(Deserialize)]
pub(super) struct CallDelta<'b> {
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) function: Option<FunctionDelta<'b>>,
    #[serde(borrow)]
    pub(super) custom: Option<CustomDelta<'b>>,
    pub(super) extra_content: Option<ExtraContent>,
}

#[derive(Deserialize)]
pub(super) struct FunctionDelta<'b> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'b RawValue>,
}

#[derive(Deserialize)]
pub(super) struct CustomDelta<'b> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'b>>,
    #[serde(borrow)]
    pub(super) input: Option<Text<'b>>,
}

/// Where Gemini's compatible endpoint signs calls.
#[derive(Deserialize)]
pub(super) struct ExtraContent {
    pub(super) google: Option<Google>,
}

#[derive(Deserialize)]
pub(super) struct Google {
    pub(super) thought_signature: Option<String>,
}

impl ExtraContent {
    pub(super) fn signature(self) -> Option<String> {
        self.google?.thought_signature
    }
}

#[derive(Deserialize)]
pub(super) struct Annotation {
    pub(super) url_citation: Option<UrlCitation>,
}

#[derive(Deserialize)]
pub(super) struct UrlCitation {
    pub(super) url: Option<String>,
    pub(super) title: Option<String>,
    pub(super) start_index: Option<u64>,
    pub(super) end_index: Option<u64>,
}

impl Annotation {
    pub(super) fn citation(self) -> Option<Citation> {
        let UrlCitation { url, title, start_index, end_index } = self.url_citation?;
        Some(Citation { url, title, start: start_index, end: end_index, ..Citation::default() })
    }
}
