//! What an answer for a client needs beside the answer itself.

use super::USAGE_ESTIMATED;
use super::aliases::Aliases;
use super::json_tool;
use super::stops::Stops;
use crate::neutral::reply::Reply;
use crate::recall::Identity;
use wardgate_core::usage::Usage;

/// What an answer for a client needs beside the answer itself.
#[derive(Debug, Clone, Default)]
pub struct ReplyOptions {
    /// Takes the place of the answer's id where the provider gave none.
    pub request_id: String,
    /// Unix seconds, where the provider said nothing.
    pub created: i64,
    /// The model's name to show; the provider's where there is none.
    pub model: Option<String>,
    /// Whether the client asked for usage in its stream (Chat Completions).
    pub wants_usage: bool,
    /// Whether the stream is one JSON array (Gemini without `alt=sse`).
    pub is_json_array: bool,
    /// The names that were changed for the provider.
    pub aliases: Aliases,
    /// How many answers were asked for; zero counts as one. What comes beside them is left out.
    pub answers: usize,
    /// What the provider does not stop at.
    pub stops: Stops,
    /// The answer comes as the arguments of a call that the client knows nothing of.
    pub is_json_call: bool,
    /// How to reckon what an answer used of which the provider does not say so, or which the gateway ends before that. None: the
    /// client is told what was reported so far.
    pub estimate: Option<Estimate>,
    /// How the client may come back to the answer (Responses). None: its id is the provider's.
    pub identity: Option<Box<Identity>>,
}

/// How usage is reckoned where the provider does not report it.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// The tokens of the request.
    pub input: u64,
    /// The tokens that so many bytes of answer come to.
    pub output: fn(u64) -> u64,
}

impl Estimate {
    /// What was used: the last report may be older than the last content.
    pub(super) fn usage(self, reported: Option<Usage>, content_bytes: u64) -> Usage {
        let usage = reported.unwrap_or(Usage { input_uncached: self.input, ..Usage::default() });
        Usage { output: usage.output.max((self.output)(content_bytes)), ..usage }
    }
}

impl ReplyOptions {
    /// Makes of a provider's whole answer what was asked for, as far as the gateway itself has to see to that.
    pub fn apply(&self, reply: &mut Reply) {
        if self.is_json_call {
            json_tool::unwrap(reply);
        }
        self.stops.cut(reply);
        reply.others.truncate(self.answers.saturating_sub(1));
    }

    /// Fills in what a whole answer of so many bytes used, where the provider said nothing.
    pub fn reckon(&self, reply: &mut Reply, content_bytes: u64) {
        if let (None, Some(estimate)) = (reply.usage, self.estimate) {
            reply.usage = Some(estimate.usage(None, content_bytes));
            reply.warnings.add(USAGE_ESTIMATED, "usage");
        }
    }
}
