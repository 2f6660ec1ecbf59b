//! Holding a model to a schema that it has no mode for: it is made to call one tool, whose arguments are the answer.
//!
//! Only where nothing else is in the way. A client with tools of its own is not helped, since a hidden call must not take the
//! place of a real one; a model that thinks may refuse to be forced; and a schema without properties is answered with `{}`.
//!
//! The client sees text and never the tool. What the model says in words before the call is left out: who asks for JSON reads the
//! whole text as JSON. So words wait until there is a call, or none is to be had: then they are the answer after all. A call of
//! anything else is none of ours and passes.

use super::fit::Field;
use super::parts::Sink;
use super::target::{Target, ThinkingWay};
use crate::neutral::content::{Citation, Content, Part, Turn};
use crate::neutral::event::{Event, Open};
use crate::neutral::reply::{Reply, Stop};
use crate::neutral::request::{Effort, OutputForm, Request};
use crate::neutral::tool::{Function, Tool, ToolChoice};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The tool's name. There are no others when it is there, in the history neither, so it is never one of the client's.
const NAME: &str = "structured_output";

/// What the model is told of it where the client does not say what the schema is for.
const DESCRIPTION: &str = "Gives the answer. Call it once, with all of the answer.";

/// What a call without arguments says.
const NOTHING: &str = "{}";

/// How many bytes of words wait for a call. Behind that they are taken for the answer.
const WORDS_BYTES_MAX: usize = 256 * 1024;

/// The request with the tool, where the model needs it and nothing is in its way.
pub(crate) fn rewritten(request: &Request, target: &Target<'_>) -> Option<Request> {
    let OutputForm::JsonSchema { description, schema, .. } = &request.output else { return None };
    let traits = &target.traits;
    let has_tools = !request.tools.is_empty() || request.turns.iter().any(has_calls);
    let thinks = match request.thinking.effort_or_budget() {
        Some(effort) => effort != Effort::None,
        None => request.thinking.is_on == Some(true) || traits.thinks_unasked,
    };
    let is_possible = !traits.has_json_schema && traits.calls_tools && traits.can_force_tools;
    if !is_possible || has_tools || thinks || traits.thinking == ThinkingWay::AlwaysOn || !has_properties(schema) {
        return None;
    }
    let mut request = request.clone();
    request.tools = vec![Tool::Function(Function {
        name: NAME.to_owned(),
        description: Some(description.as_deref().unwrap_or(DESCRIPTION).to_owned()),
        schema: Some(schema.clone()),
        ..Function::default()
    })];
    // There is one tool, so that one must be called is that it must be called; and some know only that.
    request.tool_choice = Some(ToolChoice::Required);
    request.parallel_tools = None;
    request.output = OutputForm::Text;
    if request.sampling.logprobs.take().is_some() {
        // What is known of tokens is of those of text, and the answer is a call.
        request.warnings.add("logprobs_unavailable", Field::Logprobs.name(request.format));
    }
    Some(request)
}

fn has_calls(turn: &Turn) -> bool {
    turn.parts.iter().any(|Part { content, .. }| matches!(content, Content::Call(_) | Content::Result(_)))
}

/// Whether arguments can be of this schema: an object with something in it.
fn has_properties(schema: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Root<'s> {
        #[serde(rename = "type")]
        kind: Option<String>,
        #[serde(borrow, default)]
        properties: BTreeMap<String, &'s RawValue>,
    }
    serde_json::from_str::<Root<'_>>(schema.get())
        .is_ok_and(|root| root.kind.is_none_or(|kind| kind == "object") && !root.properties.is_empty())
}

/// A whole answer with the arguments of the call as its text.
pub(crate) fn unwrap(reply: &mut Reply) {
    let Some(at) = reply.parts.iter().position(is_ours) else { return };
    let has_others = reply.parts.iter().any(|part| matches!(part, Content::Call(_)) && !is_ours(part));
    for (place, part) in std::mem::take(&mut reply.parts).into_iter().enumerate() {
        match part {
            Content::Call(call) if place == at => reply.parts.push(Content::text(said(call.arguments))),
            part if is_ours(&part) || matches!(part, Content::Text { .. }) => {}
            part => reply.parts.push(part),
        }
    }
    reply.stop = stop(&reply.stop, has_others);
}

fn is_ours(part: &Content) -> bool {
    matches!(part, Content::Call(call) if call.name == NAME)
}

/// The arguments of our call as text.
fn said(mut arguments: String) -> String {
    if arguments.trim().is_empty() {
        arguments.push_str(NOTHING);
    }
    arguments
}

/// Nobody waits for our tool.
fn stop(stop: &Stop, has_others: bool) -> Stop {
    if *stop == Stop::ToolUse && !has_others { Stop::End } else { stop.clone() }
}

/// The same for a stream.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    now: Now,
    /// Parts of text that wait for a call.
    words: Vec<Words>,
    words_bytes: usize,
    answer: Answer,
    has_others: bool,
}

/// Words, and what they are based on.
#[derive(Debug, Default)]
struct Words {
    text: String,
    citations: Vec<Citation>,
}

/// What the open part is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Now {
    /// None of ours, or none.
    #[default]
    Passing,
    /// Words that wait.
    Waiting,
    /// Our call. Whether it has any arguments yet.
    Call(bool),
    /// What nobody gets to see.
    Hidden,
}

/// What is known of the answer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Answer {
    #[default]
    Awaited,
    /// It is the call.
    Called,
    /// It is words.
    Said,
}

impl Unwrapper {
    /// Takes the next event and tells what the client gets of it.
    pub(crate) fn push(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) {
        match *event {
            Event::Open(open) => self.open(open, sink),
            Event::Delta(delta) => self.delta(delta, sink),
            Event::Cite(citation) => match self.now {
                Now::Passing => sink(Event::Cite(citation)),
                Now::Waiting => self.words.last_mut().into_iter().for_each(|words| words.citations.push(citation.clone())),
                Now::Call(_) | Now::Hidden => {}
            },
            Event::Logprobs(_) if self.now != Now::Passing => {}
            Event::Close(opaque) => match std::mem::take(&mut self.now) {
                Now::Passing => sink(Event::Close(opaque)),
                Now::Call(has_arguments) => {
                    if !has_arguments {
                        sink(Event::Delta(NOTHING));
                    }
                    sink(Event::Close(None));
                }
                Now::Waiting | Now::Hidden => {}
            },
            Event::Stop(reason) => {
                self.say(sink);
                let reason = if self.answer == Answer::Called { stop(reason, self.has_others) } else { reason.clone() };
                sink(Event::Stop(&reason));
            }
            // Among them faults: words that wait are then not told, so that another provider can still be asked.
            _ => sink(event.clone()),
        }
    }

    fn open(&mut self, open: Open<'_>, sink: &mut Sink<'_>) {
        self.now = match (open, self.answer) {
            (Open::Text, Answer::Awaited) => {
                self.words.push(Words::default());
                Now::Waiting
            }
            (Open::Call { name: NAME, .. }, Answer::Awaited) => {
                self.answer = Answer::Called;
                self.words.clear();
                sink(Event::Open(Open::Text));
                Now::Call(false)
            }
            (Open::Text, Answer::Called) | (Open::Call { name: NAME, .. }, _) => Now::Hidden,
            _ => {
                self.has_others |= matches!(open, Open::Call { .. });
                sink(Event::Open(open));
                Now::Passing
            }
        };
    }

    fn delta(&mut self, delta: &str, sink: &mut Sink<'_>) {
        match &mut self.now {
            Now::Passing => sink(Event::Delta(delta)),
            Now::Call(has_arguments) => {
                *has_arguments |= !delta.trim().is_empty();
                sink(Event::Delta(delta));
            }
            Now::Waiting => {
                if let Some(words) = self.words.last_mut() {
                    words.text.push_str(delta);
                }
                self.words_bytes += delta.len();
                if self.words_bytes > WORDS_BYTES_MAX {
                    self.say(sink);
                }
            }
            Now::Hidden => {}
        }
    }

    /// Tells the words that waited: there is no call that they stand before.
    fn say(&mut self, sink: &mut Sink<'_>) {
        let count = self.words.len();
        for (number, words) in std::mem::take(&mut self.words).into_iter().enumerate() {
            self.answer = Answer::Said;
            sink(Event::Open(Open::Text));
            if !words.text.is_empty() {
                sink(Event::Delta(&words.text));
            }
            words.citations.iter().for_each(|citation| sink(Event::Cite(citation)));
            if self.now == Now::Waiting && number + 1 == count {
                self.now = Now::Passing;
            } else {
                sink(Event::Close(None));
            }
        }
    }
}

#[cfg(test)]
mod tests;
