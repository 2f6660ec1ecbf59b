//! A whole answer, and the building of one from events.

use super::content::{Content, Reasoning};
use super::event::{Event, Open};
use super::loss::Warnings;
use super::request::Tier;
use super::tool::Call;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// The most answers that are given at once. What a provider says of others is left out.
pub const ANSWERS_MAX: usize = 128;

/// The most parts that an answer may have.
pub const PARTS_MAX: usize = 4_096;

/// The most bytes of text and arguments that are gathered from one stream, where a format needs them together.
pub const GATHERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// The provider's id for it.
    pub id: Option<String>,
    /// The model, in the provider's spelling.
    pub model: Option<String>,
    /// When it was made, in Unix seconds.
    pub created: Option<i64>,
    /// What it says.
    pub parts: Vec<Content>,
    /// Why it ended.
    pub stop: Stop,
    /// What it used, if that was said.
    pub usage: Option<Usage>,
    /// In which class of service it was made, if that was said in a word that others have.
    pub tier: Option<Tier>,
    /// What of the provider's answer has no place here.
    pub warnings: Warnings,
    /// The other answers, where several were asked for: their parts and why they ended.
    pub others: Vec<Self>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stop {
    /// It was finished.
    #[default]
    End,
    /// It met a stop sequence: this one, if it was said.
    Sequence(Option<String>),
    /// It reached the limit on output.
    MaxTokens,
    /// It filled the model's window.
    ContextWindow,
    /// It waits for tools.
    ToolUse,
    /// A filter stopped it.
    ContentFilter,
    /// The model refused, with these words if any.
    Refusal(Option<String>),
    /// A turn with the provider's own tools was interrupted and can be continued.
    Pause,
    /// Something this gateway has no word for.
    Other(String),
}

impl Stop {
    /// The same reason for a turn that holds a client's call: it waits for tools, whatever the provider said, unless it was
    /// cut off.
    #[must_use]
    pub fn with_calls(self, has_calls: bool) -> Self {
        match self {
            Self::End | Self::Sequence(_) | Self::Other(_) if has_calls => Self::ToolUse,
            stop => stop,
        }
    }

    /// Our own word for it, for logs.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::End => "end",
            Self::Sequence(_) => "stop_sequence",
            Self::MaxTokens => "max_tokens",
            Self::ContextWindow => "context_window",
            Self::ToolUse => "tool_use",
            Self::ContentFilter => "content_filter",
            Self::Refusal(_) => "refusal",
            Self::Pause => "pause",
            Self::Other(word) => word,
        }
    }
}

impl Reply {
    /// Whether it holds a call of a client's tool.
    #[must_use]
    pub fn has_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Content::Call(_)))
    }

    /// Tells the answer as events, for a client that asked for a stream and a provider that gave none.
    pub fn replay(&self, sink: &mut dyn FnMut(Event<'_>)) {
        if let Some(tier) = self.tier {
            sink(Event::Tier(tier));
        }
        sink(Event::Start { id: self.id.as_deref(), model: self.model.as_deref(), created: self.created });
        for (number, other) in self.others.iter().enumerate() {
            sink(Event::Answer(number + 1));
            other.parts.iter().for_each(|part| replay_part(part, sink));
            sink(Event::Stop(&other.stop));
        }
        if !self.others.is_empty() {
            sink(Event::Answer(0));
        }
        for part in &self.parts {
            replay_part(part, sink);
        }
        for warning in self.warnings.as_slice() {
            sink(Event::Lost { code: warning.code, what: &warning.path });
        }
        if let Some(usage) = self.usage {
            sink(Event::Usage(usage));
        }
        sink(Event::Stop(&self.stop));
        sink(Event::End);
    }
}

fn replay_part(part: &Content, sink: &mut dyn FnMut(Event<'_>)) {
    match part {
        Content::Text { text, citations, logprobs } => {
            sink(Event::Open(Open::Text));
            if !logprobs.is_empty() {
                sink(Event::Logprobs(logprobs));
            }
            delta(text, sink);
            citations.iter().for_each(|citation| sink(Event::Cite(citation)));
            sink(Event::Close(None));
        }
        Content::Refusal(text) => {
            sink(Event::Open(Open::Refusal));
            delta(text, sink);
            sink(Event::Close(None));
        }
        Content::Reasoning(Reasoning { text, is_summary, opaque, call_id }) => match opaque {
            Some(opaque) if text.is_empty() => sink(Event::Sealed { opaque, call_id: call_id.as_deref() }),
            _ => {
                sink(Event::Open(Open::Reasoning { is_summary: *is_summary }));
                delta(text, sink);
                sink(Event::Close(opaque.as_ref()));
            }
        },
        Content::Call(Call { id, name, arguments, kind }) => {
            sink(Event::Open(Open::Call { id, name, kind: *kind }));
            delta(arguments, sink);
            sink(Event::Close(None));
        }
        Content::Image { source, .. } => sink(Event::Image(source)),
        Content::Served(served) => sink(Event::Served(served)),
        _ => sink(Event::Lost { code: "unsupported_content", what: "content" }),
    }
}

fn delta(text: &str, sink: &mut dyn FnMut(Event<'_>)) {
    if !text.is_empty() {
        sink(Event::Delta(text));
    }
}

/// Builds an answer from the events of a stream.
#[derive(Debug, Default)]
pub struct Gatherer {
    reply: Reply,
    /// Which answer is told.
    number: usize,
    fault: Option<Fault>,
    is_ended: bool,
}

impl Gatherer {
    /// Takes the next event.
    pub fn push(&mut self, event: &Event<'_>) {
        if let Event::Answer(number) = event {
            self.number = (*number).min(ANSWERS_MAX - 1);
            let others = self.reply.others.len().max(self.number);
            self.reply.others.resize_with(others, Reply::default);
            return;
        }
        // What is of all answers together stands in the first.
        let reply = match self.number.checked_sub(1).filter(|_| event.is_of_one()) {
            Some(other) => &mut self.reply.others[other],
            None => &mut self.reply,
        };
        match event {
            Event::Answer(_) => {}
            Event::Start { id, model, created } => {
                reply.id = id.map(str::to_owned);
                reply.model = model.map(str::to_owned);
                reply.created = *created;
            }
            Event::Open(open) => reply.parts.push(match *open {
                Open::Text => Content::text(""),
                Open::Refusal => Content::Refusal(String::new()),
                Open::Reasoning { is_summary } => Content::Reasoning(Reasoning { is_summary, ..Reasoning::default() }),
                Open::Call { id, name, kind } => {
                    Content::Call(Call { id: id.to_owned(), name: name.to_owned(), arguments: String::new(), kind })
                }
            }),
            Event::Delta(delta) => match reply.parts.last_mut() {
                Some(Content::Text { text, .. } | Content::Refusal(text)) => text.push_str(delta),
                Some(Content::Reasoning(reasoning)) => reasoning.text.push_str(delta),
                Some(Content::Call(call)) => call.arguments.push_str(delta),
                _ => {}
            },
            Event::Cite(citation) => {
                if let Some(Content::Text { citations, .. }) = reply.parts.last_mut() {
                    citations.push((*citation).clone());
                }
            }
            Event::Logprobs(tokens) => {
                if let Some(Content::Text { logprobs, .. }) = reply.parts.last_mut() {
                    logprobs.extend_from_slice(tokens);
                }
            }
            Event::Close(opaque) => {
                if let Some(Content::Reasoning(reasoning)) = reply.parts.last_mut() {
                    reasoning.opaque = opaque.cloned();
                }
            }
            Event::Sealed { opaque, call_id } => reply.parts.push(Content::Reasoning(Reasoning {
                opaque: Some((*opaque).clone()),
                call_id: call_id.map(str::to_owned),
                ..Reasoning::default()
            })),
            Event::Served(served) => reply.parts.push(Content::Served(Box::new((*served).clone()))),
            Event::Image(source) => reply.parts.push(Content::Image { source: (*source).clone(), detail: None }),
            Event::Lost { code, what } => reply.warnings.add(code, *what),
            Event::Tier(tier) => reply.tier = Some(*tier),
            Event::Usage(usage) => reply.usage = Some(*usage),
            Event::Stop(stop) => reply.stop = (*stop).clone(),
            Event::End => self.is_ended = true,
            Event::Fault(fault) => self.fault = Some((*fault).clone()),
        }
    }

    /// The answer.
    ///
    /// # Errors
    /// When the stream held an error, or had no end (then the fault is a truncation).
    pub fn finish(self) -> Result<Reply, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None if self.is_ended => Ok(self.reply),
            None => Err(super::event::truncated()),
        }
    }
}
