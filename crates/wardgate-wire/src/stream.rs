//! Watching a stream pass: whole events only, usage and endings read from them, the bytes left alone.
//!
//! The state machine is the format's; what it learns is [`StreamFacts`], the same for all. Events pass as they came, except
//! that a usage event which only the gateway asked for is taken out again.

use crate::format::{ConversationFormat, anthropic_messages, gemini, openai_chat, openai_completions, openai_responses};
use crate::sse::{self, Event, EventTooLarge, Splitter};
use bytes::{Bytes, BytesMut};
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::secret::Secret;
use wardgate_core::usage::Usage;

/// What has been learned from a stream so far.
#[derive(Debug, Default)]
pub struct StreamFacts {
    /// Something that the client would show arrived; from then on the stream belongs to the client.
    pub has_content: bool,
    /// The model said why it stopped.
    pub is_stopped: bool,
    /// The format's end marker arrived.
    pub is_finished: bool,
    /// The gateway ended the answer, at a stop sequence that the provider does not take. Nothing more is wanted from it.
    pub is_cut: bool,
    /// Why the model stopped, in the provider's word.
    pub stop_reason: Option<Box<str>>,
    /// The usage as of the last report.
    pub usage: Option<Usage>,
    /// Bytes of generated text and arguments, to reckon usage from if none is reported.
    pub content_bytes: u64,
    /// An error inside the stream. What follows it is not read.
    pub fault: Option<Box<Fault>>,
    /// What an error event in this format repeats of the stream it is in.
    pub envelope: Envelope,
}

/// The fields that every chunk of a Chat stream repeats.
#[derive(Debug, Default, Clone)]
pub struct Envelope {
    /// The answer's id.
    pub id: Option<Box<str>>,
    /// The model as the provider names it.
    pub model: Option<Box<str>>,
    /// Unix seconds.
    pub created: Option<i64>,
    /// How many events passed before, where events are numbered.
    pub events: u64,
}

/// What to do with an event that was read.
pub(crate) enum Verdict {
    /// Pass it on as it came.
    Pass,
    /// Leave it out.
    Drop,
    /// Pass this on instead.
    Replace(Bytes),
    /// It is an error: stop here.
    Fault(Fault),
}

/// Watches one stream.
pub struct Watcher {
    format: Format,
    hides_usage: bool,
    credential: Option<Secret>,
    splitter: Splitter,
    chat: openai_chat::stream::Watch,
    facts: StreamFacts,
}

impl Watcher {
    /// Watches a stream of this format. `hides_usage`: the gateway asked for usage and the client did not.
    #[must_use]
    pub fn new(format: Format, hides_usage: bool) -> Self {
        Self {
            format,
            hides_usage,
            credential: None,
            splitter: Splitter::default(),
            chat: openai_chat::stream::Watch::default(),
            facts: StreamFacts::default(),
        }
    }

    /// Keeps this credential, with which the stream was asked for, out of what an error in it says.
    #[must_use]
    pub fn hiding(self, credential: Option<Secret>) -> Self {
        Self { credential, ..self }
    }

    /// What has been learned so far.
    #[must_use]
    pub const fn facts(&self) -> &StreamFacts {
        &self.facts
    }

    /// Takes a chunk and returns what may be passed on: whole events, none behind an error. Look at the facts after each call.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.facts.fault.is_some() {
            return Bytes::new();
        }
        match self.splitter.push(chunk) {
            Ok(run) => self.read(run),
            Err(error @ EventTooLarge) => {
                self.facts.fault = Some(Box::new(Fault::new(FaultClass::Unreadable, error.to_string())));
                Bytes::new()
            }
        }
    }

    /// Says that the stream ended, and returns what may still be passed on. If it ended before its time, the facts now hold
    /// a fault.
    pub fn finish(&mut self) -> Bytes {
        let rest = self.splitter.finish();
        let rest = if self.facts.fault.is_some() { Bytes::new() } else { self.read_last(rest) };
        let ends_without_marker = matches!(self.format, Format::OpenAiChat | Format::OpenAiCompletions | Format::Gemini);
        let is_whole = self.facts.is_finished || (self.facts.is_stopped && ends_without_marker);
        if !is_whole && self.facts.fault.is_none() {
            let fault = Fault::new(FaultClass::Truncated, "the provider's stream ended before its end marker");
            self.facts.fault = Some(Box::new(fault));
        }
        rest
    }

    /// What came behind the last whole event. Half an event is no wrong one: the stream was cut there, and that is the fault.
    fn read_last(&mut self, rest: Bytes) -> Bytes {
        let passed = self.read(rest);
        if self.facts.fault.as_ref().is_some_and(|fault| fault.class == FaultClass::Unreadable) {
            self.facts.fault = None;
        }
        passed
    }

    /// Says from outside that the stream is broken. The first fault stays.
    pub fn fail(&mut self, fault: Fault) {
        self.facts.fault.get_or_insert_with(|| Box::new(fault));
    }

    fn read(&mut self, run: Bytes) -> Bytes {
        // Only filled once an event must not pass as it came.
        let mut edited: Option<BytesMut> = None;
        let mut passed = 0;
        for (bytes, event) in sse::events(&run) {
            match self.judge(&event) {
                Verdict::Pass => {
                    if let Some(edited) = &mut edited {
                        edited.extend_from_slice(bytes);
                    }
                }
                Verdict::Drop => {
                    edited.get_or_insert_with(|| BytesMut::from(&run[..passed]));
                }
                Verdict::Replace(replacement) => {
                    edited.get_or_insert_with(|| BytesMut::from(&run[..passed])).extend_from_slice(&replacement);
                }
                Verdict::Fault(fault) => {
                    self.facts.fault = Some(Box::new(fault));
                    return edited.map_or_else(|| run.slice(..passed), BytesMut::freeze);
                }
            }
            passed += bytes.len();
        }
        edited.map_or(run, BytesMut::freeze)
    }

    fn judge(&mut self, event: &Event<'_>) -> Verdict {
        let credential = self.credential.as_ref().map(Secret::expose);
        match event.data.as_deref() {
            None | Some([]) => Verdict::Pass,
            Some(data) => match ConversationFormat::of(self.format) {
                Some(ConversationFormat::Chat) => self.chat.read(data, self.hides_usage, credential, &mut self.facts),
                Some(ConversationFormat::Messages) => {
                    anthropic_messages::stream::read(event.name, data, credential, &mut self.facts)
                }
                Some(ConversationFormat::Responses) => openai_responses::stream::read(data, credential, &mut self.facts),
                Some(ConversationFormat::Gemini) => gemini::stream::read(data, credential, &mut self.facts),
                Some(ConversationFormat::Completions) => {
                    openai_completions::stream::read(data, self.hides_usage, credential, &mut self.facts)
                }
                // These have no server-sent events that a client would get as they are.
                Some(ConversationFormat::Cohere | ConversationFormat::Converse) | None => Verdict::Pass,
            },
        }
    }
}

/// An event whose data is not what the format says.
pub(crate) fn malformed(error: &serde_json::Error) -> Verdict {
    let message = format!("the provider's stream holds an event that is not valid JSON (column {})", error.column());
    Verdict::Fault(Fault::new(FaultClass::Unreadable, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHAT: &str = concat!(
        "data: {\"id\":\"c1\",\"model\":\"m\",\"created\":5,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
        ": keep-alive\n\n",
        "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"usage\\\":null é\"},\"finish_reason\":null}],\"usage\":null}\n\n",
        "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
        "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4,\"total_tokens\":14,\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n",
        "data: [DONE]\n\n",
    );
    const CHAT_UNASKED: &str = concat!(
        "data: {\"id\":\"c1\",\"model\":\"m\",\"created\":5,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
        ": keep-alive\n\n",
        "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"usage\\\":null é\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    const MESSAGES: &str = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":2,\"output_tokens\":1}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );

    /// Feeds a text in pieces and returns what passed, with the facts at the end.
    fn watch(format: Format, hides_usage: bool, text: &str, cuts: &[usize]) -> (String, StreamFacts) {
        let mut watcher = Watcher::new(format, hides_usage);
        let mut passed = Vec::new();
        let mut from = 0;
        for &cut in cuts.iter().chain([&text.len()]) {
            let cut = cut.clamp(from, text.len());
            passed.extend_from_slice(&watcher.push(Bytes::copy_from_slice(&text.as_bytes()[from..cut])));
            from = cut;
        }
        passed.extend_from_slice(&watcher.finish());
        (String::from_utf8(passed).unwrap_or_default(), watcher.facts)
    }

    #[test]
    fn a_whole_chat_stream_passes_unchanged_and_is_read() {
        let (passed, facts) = watch(Format::OpenAiChat, false, CHAT, &[]);
        assert_eq!(passed, CHAT);
        assert!(facts.is_finished && facts.has_content && facts.fault.is_none());
        assert_eq!(facts.usage, Some(Usage { input_uncached: 7, cache_read: 3, output: 4, ..Usage::default() }));
        assert_eq!(facts.stop_reason.as_deref(), Some("stop"));
        assert_eq!(facts.envelope.id.as_deref(), Some("c1"));
    }

    #[test]
    fn usage_that_only_the_gateway_asked_for_is_taken_out_again() {
        assert_eq!(watch(Format::OpenAiChat, true, CHAT, &[]).0, CHAT_UNASKED);
    }

    #[test]
    fn a_whole_messages_stream_passes_unchanged_and_is_read() {
        let (passed, facts) = watch(Format::AnthropicMessages, false, MESSAGES, &[]);
        assert_eq!(passed, MESSAGES);
        assert!(facts.is_finished && facts.fault.is_none());
        assert_eq!(facts.usage, Some(Usage { input_uncached: 7, cache_read: 2, output: 9, ..Usage::default() }));
        assert_eq!((facts.stop_reason.as_deref(), facts.content_bytes), (Some("end_turn"), 5));
    }

    #[test]
    fn content_begins_with_the_first_delta_that_says_something() {
        let first_content = |format, text: &str| {
            let mut watcher = Watcher::new(format, false);
            sse::events(text.as_bytes()).position(|(bytes, _)| {
                let _ = watcher.push(Bytes::copy_from_slice(bytes));
                watcher.facts.has_content
            })
        };
        assert_eq!(first_content(Format::OpenAiChat, CHAT), Some(2));
        assert_eq!(first_content(Format::AnthropicMessages, MESSAGES), Some(3));
    }

    #[test]
    fn a_stream_cut_at_any_event_before_its_end_is_a_fault() {
        for (format, text, whole) in [(Format::OpenAiChat, CHAT, 3), (Format::AnthropicMessages, MESSAGES, 7)] {
            let mut cut = 0;
            for (count, (bytes, _)) in sse::events(text.as_bytes()).enumerate() {
                let (_, facts) = watch(format, false, &text[..cut], &[]);
                assert_eq!(facts.fault.is_some(), count <= whole || !facts.is_stopped, "{format:?} cut behind {count} events");
                cut += bytes.len();
            }
        }
    }

    #[test]
    fn an_error_event_does_not_give_the_credential_away() {
        for format in [Format::OpenAiChat, Format::AnthropicMessages] {
            let mut watcher = Watcher::new(format, false).hiding(Some(Secret::from("a.b c")));
            let _ = watcher.push(Bytes::from_static(
                b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"not a.b c\"}}\n\n",
            ));
            let fault = watcher.facts.fault.map(|fault| fault.message);
            assert_eq!(fault.as_deref(), Some("not [redacted]"), "{format:?}");
        }
    }

    #[test]
    fn an_error_event_stops_the_stream_behind_what_came_before_it() {
        let good = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        let text = format!("{good}data: {{\"error\":{{\"message\":\"no\",\"code\":503}}}}\n\n{good}");
        let (passed, facts) = watch(Format::OpenAiChat, false, &text, &[]);
        assert_eq!(passed, good);
        assert_eq!(facts.fault.map(|fault| fault.class), Some(FaultClass::Overloaded));
    }

    proptest! {
        #[test]
        fn any_split_passes_the_same_bytes_and_reads_the_same(mut cuts in proptest::collection::vec(0usize..900, 0..10), hides in any::<bool>()) {
            cuts.sort_unstable();
            for (format, text) in [(Format::OpenAiChat, CHAT), (Format::AnthropicMessages, MESSAGES)] {
                let (whole, whole_facts) = watch(format, hides, text, &[]);
                let (split, split_facts) = watch(format, hides, text, &cuts);
                prop_assert_eq!(whole, split);
                prop_assert_eq!(whole_facts.usage, split_facts.usage);
                prop_assert_eq!(whole_facts.content_bytes, split_facts.content_bytes);
                prop_assert!(split_facts.is_finished);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for format in [Format::OpenAiChat, Format::AnthropicMessages] {
                let mut watcher = Watcher::new(format, true);
                let _ = watcher.push(Bytes::from(bytes.clone()));
                let _ = watcher.finish();
            }
        }
    }
}
