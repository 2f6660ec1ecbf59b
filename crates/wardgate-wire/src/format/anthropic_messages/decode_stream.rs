//! Reading a Messages stream as neutral events. Its blocks are the neutral parts, one to one.

use super::decode_reply::{StopDetails, TURN_PAUSED, citation, stop};
use super::gathered::{Gathered, Piece};
use super::served::Pairing;
use super::server_tools;
use super::turn::Turn;
use super::usage::MessagesUsage;
use crate::json::Text;
use crate::neutral::content::Citation;
use crate::neutral::event::{Event, Open};
use crate::neutral::opaque::{Opaque, OpaqueKind, Origin, UNSIGNED};
use crate::neutral::reply::{PARTS_MAX, Stop};
use crate::neutral::tool::CallKind;
use crate::transcode::decoder::{parse, unreadable};
use crate::transcode::parts::Sink;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// The longest signature that is gathered, in bytes. Signatures hold the whole reasoning of some models.
const SIGNATURE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most sources of one text.
const CITATIONS_MAX: usize = 4_096;

#[derive(Deserialize)]
struct Typed<'b> {
    #[serde(borrow, rename = "type")]
    kind: Text<'b>,
}

#[derive(Deserialize)]
struct MessageStart<'b> {
    #[serde(borrow)]
    message: StartedMessage<'b>,
}

#[derive(Deserialize)]
struct StartedMessage<'b> {
    #[serde(borrow)]
    id: Option<Text<'b>>,
    #[serde(borrow)]
    model: Option<Text<'b>>,
    usage: Option<MessagesUsage>,
}

#[derive(Deserialize)]
struct BlockStart<'b> {
    #[serde(borrow)]
    content_block: Block<'b>,
}

/// The same, as it came.
#[derive(Deserialize)]
struct WholeStart<'b> {
    #[serde(borrow)]
    content_block: &'b RawValue,
}

#[derive(Deserialize)]
struct Block<'b> {
    #[serde(borrow, rename = "type")]
    kind: Text<'b>,
    #[serde(borrow)]
    id: Option<Text<'b>>,
    #[serde(borrow)]
    name: Option<Text<'b>>,
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    thinking: Option<Text<'b>>,
    #[serde(borrow)]
    signature: Option<Text<'b>>,
    #[serde(borrow)]
    data: Option<Text<'b>>,
    #[serde(borrow)]
    input: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct BlockDelta<'b> {
    #[serde(borrow)]
    delta: Delta<'b>,
}

#[derive(Deserialize)]
struct Delta<'b> {
    #[serde(borrow)]
    text: Option<Text<'b>>,
    #[serde(borrow)]
    partial_json: Option<Text<'b>>,
    #[serde(borrow)]
    thinking: Option<Text<'b>>,
    #[serde(borrow)]
    signature: Option<Text<'b>>,
    #[serde(borrow)]
    citation: Option<&'b RawValue>,
}

impl Delta<'_> {
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let words = [(Piece::TEXT, &self.text), (Piece::THINKING, &self.thinking), (Piece::SIGNATURE, &self.signature)];
        let words = words.into_iter().filter_map(|(at, word)| word.as_ref().map(|word| Piece::Word(at, &word.0)));
        let input = self.partial_json.as_ref().map(|input| Piece::Input(&input.0));
        words.chain(input).chain(self.citation.map(|citation| Piece::Citation(citation.get())))
    }
}

#[derive(Deserialize)]
struct MessageDelta {
    delta: StopDelta,
    usage: Option<MessagesUsage>,
}

#[derive(Deserialize)]
struct StopDelta {
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
}

#[derive(Deserialize)]
struct ErrorEvent<'b> {
    #[serde(borrow)]
    error: &'b RawValue,
}

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Text,
    Thinking,
    /// Thinking of which nothing came yet: an empty, unsigned block is nothing at all.
    ThinkingUnopened,
    Call,
    /// A call that Anthropic answers itself.
    Served,
    /// What came of one.
    Outcome,
    /// A block that only this format knows.
    Foreign,
}

pub(crate) struct Reader {
    origin: Origin,
    open: Kind,
    signature: String,
    /// The sources of the open text. They may come before its words, and are of all of them.
    cited: Vec<Citation>,
    usage: Usage,
    has_calls: bool,
    count: usize,
    stop: Option<Stop>,
    /// The open block, where all of it is needed.
    gathered: Option<Gathered>,
    pairing: Pairing,
    /// The turn so far, where it may be gone on with.
    turn: Option<Turn>,
    /// What it was when it was interrupted.
    paused: Option<String>,
    /// Whether this is the rest of an answer that has begun.
    is_resumed: bool,
}

impl Reader {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            origin,
            open: Kind::None,
            signature: String::new(),
            cited: Vec::new(),
            usage: Usage::default(),
            has_calls: false,
            count: 0,
            stop: None,
            gathered: None,
            pairing: Pairing::default(),
            turn: None,
            paused: None,
            is_resumed: false,
        }
    }

    /// Keeps the turn, so that it can be gone on with so many times.
    pub(crate) fn continuing(&mut self, rounds: u8) {
        self.turn = Some(Turn::new(rounds));
    }

    /// Whether the turn was interrupted. Then nothing was told of an end, and another stream is to follow.
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// What the assistant said in this turn, when it was interrupted.
    pub(crate) const fn take_paused(&mut self) -> Option<String> {
        self.paused.take()
    }

    /// The next stream is the rest of this one.
    pub(crate) fn resume(&mut self) {
        self.is_resumed = true;
        self.stop = None;
        self.usage = Usage::default();
    }

    /// Reads a message; true at the end marker.
    pub(crate) fn read(
        &mut self,
        name: &[u8],
        data: &[u8],
        credential: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Result<bool, Fault> {
        // Some hosts leave the name out; the data repeats it.
        let typed;
        let name = if name.is_empty() {
            typed = parse::<Typed<'_>>(data)?;
            typed.kind.0.as_bytes()
        } else {
            name
        };
        match name {
            b"content_block_delta" => self.delta(data, sink)?,
            b"content_block_start" => self.start(data, sink)?,
            b"content_block_stop" => self.close(sink),
            b"message_start" => {
                let MessageStart { message } = parse(data)?;
                if let Some(tier) = message.usage.as_ref().and_then(MessagesUsage::tier).filter(|_| !self.is_resumed) {
                    sink(Event::Tier(tier));
                }
                if !self.is_resumed {
                    sink(Event::Start {
                        id: message.id.as_ref().map(|text| &*text.0),
                        model: message.model.as_ref().map(|text| &*text.0),
                        created: None,
                    });
                }
                self.usage(message.usage, sink);
            }
            b"message_delta" => {
                let MessageDelta { delta, usage } = parse(data)?;
                self.usage(usage, sink);
                if delta.stop_reason.is_some() {
                    let explanation = delta.stop_details.and_then(|details| details.explanation);
                    self.stop = Some(stop(delta.stop_reason.as_deref(), delta.stop_sequence, explanation));
                }
            }
            b"message_stop" => {
                self.close(sink);
                if self.stop == Some(Stop::Pause)
                    && let Some(content) = self.turn.as_mut().and_then(Turn::pause)
                {
                    self.paused = Some(content);
                    return Ok(true);
                }
                self.pairing.rest().for_each(|served| sink(Event::Served(&served)));
                let stop = self.stop.take().unwrap_or_default().with_calls(self.has_calls);
                if stop == Stop::Pause {
                    sink(Event::Lost { code: TURN_PAUSED, what: "stop_reason" });
                }
                sink(Event::Stop(&stop));
                sink(Event::End);
                return Ok(true);
            }
            b"error" => return Err(crate::reply::in_band(parse::<ErrorEvent<'_>>(data)?.error, credential)),
            // Pings, and whatever the vendor adds next.
            _ => {}
        }
        Ok(false)
    }

    fn usage(&mut self, usage: Option<MessagesUsage>, sink: &mut Sink<'_>) {
        if let Some(usage) = usage {
            self.usage = usage.over(self.usage);
            sink(Event::Usage(self.usage));
        }
    }

    fn start(&mut self, data: &[u8], sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.close(sink);
        self.count += 1;
        if self.count > PARTS_MAX {
            return Err(unreadable(format!("the provider's answer has more than {PARTS_MAX} parts")));
        }
        let BlockStart { content_block: block } = parse(data)?;
        let is_served = &*block.kind.0 == "server_tool_use" || server_tools::is_result(&block.kind.0);
        if is_served || self.turn.is_some() {
            self.gathered = Some(Gathered::new(parse::<WholeStart<'_>>(data)?.content_block.get()));
        }
        let text = |text: &Option<Text<'_>>| text.as_ref().map(|text| text.0.to_string()).unwrap_or_default();
        match &*block.kind.0 {
            "text" => {
                self.open = Kind::Text;
                sink(Event::Open(Open::Text));
                delta(&text(&block.text), sink);
            }
            "thinking" => {
                self.open = Kind::ThinkingUnopened;
                self.thinking(&text(&block.thinking), sink);
                self.signature = text(&block.signature);
            }
            "redacted_thinking" => {
                let opaque = Opaque { origin: self.origin, kind: OpaqueKind::Redacted, data: text(&block.data) };
                self.open = Kind::Foreign;
                sink(Event::Sealed { opaque: &opaque, call_id: None });
            }
            "tool_use" => {
                self.open = Kind::Call;
                self.has_calls = true;
                let (id, name) = (text(&block.id), text(&block.name));
                sink(Event::Open(Open::Call { id: &id, name: &name, kind: CallKind::Function }));
                // Some hosts send the whole input here.
                delta(block.input.map(RawValue::get).filter(|input| !matches!(*input, "{}" | "null")).unwrap_or(""), sink);
            }
            kind if is_served => self.open = if kind == "server_tool_use" { Kind::Served } else { Kind::Outcome },
            kind => {
                self.open = Kind::Foreign;
                sink(Event::Lost { code: "content_dropped", what: kind });
            }
        }
        Ok(())
    }

    fn thinking(&mut self, text: &str, sink: &mut Sink<'_>) {
        if !text.is_empty() {
            if self.open == Kind::ThinkingUnopened {
                self.open = Kind::Thinking;
                sink(Event::Open(Open::Reasoning { is_summary: false }));
            }
            sink(Event::Delta(text));
        }
    }

    fn delta(&mut self, data: &[u8], sink: &mut Sink<'_>) -> Result<(), Fault> {
        let BlockDelta { delta: said } = parse(data)?;
        if let Some(gathered) = &mut self.gathered {
            said.pieces().for_each(|piece| gathered.push(piece));
        }
        if self.open == Kind::None {
            self.open_for(&said, sink)?;
        }
        match self.open {
            Kind::Text => {
                delta(said.text.as_ref().map_or("", |text| &text.0), sink);
                if let Some(citation) = said.citation.and_then(citation).filter(|_| self.cited.len() < CITATIONS_MAX) {
                    self.cited.push(citation);
                }
            }
            Kind::Call => delta(said.partial_json.as_ref().map_or("", |text| &text.0), sink),
            Kind::Thinking | Kind::ThinkingUnopened => {
                self.thinking(said.thinking.as_ref().map_or("", |text| &text.0), sink);
                if let Some(signature) = said.signature {
                    if self.signature.len() + signature.0.len() > SIGNATURE_BYTES_MAX {
                        return Err(unreadable(format!("a signature is longer than {SIGNATURE_BYTES_MAX} bytes")));
                    }
                    self.signature.push_str(&signature.0);
                }
            }
            Kind::None | Kind::Foreign | Kind::Served | Kind::Outcome => {}
        }
        Ok(())
    }

    /// A delta of a block that never began, as some hosts leave it out where the delta itself says what it is.
    fn open_for(&mut self, said: &Delta<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.count += 1;
        if said.partial_json.is_some() {
            return Err(unreadable("the provider's stream holds arguments of a call that never began"));
        }
        if said.text.is_some() {
            self.open = Kind::Text;
            sink(Event::Open(Open::Text));
        } else if said.thinking.is_some() {
            self.open = Kind::ThinkingUnopened;
        }
        Ok(())
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        let signature = std::mem::take(&mut self.signature);
        let is_signed = !signature.is_empty() && signature != UNSIGNED;
        let opaque = is_signed.then_some(Opaque { origin: self.origin, kind: OpaqueKind::Signature, data: signature });
        let block = self.gathered.take().map(Gathered::finish);
        if let (Some(turn), Some(block)) = (&mut self.turn, &block) {
            turn.push(block.as_deref());
        }
        let block = block.flatten();
        std::mem::take(&mut self.cited).iter().for_each(|citation| sink(Event::Cite(citation)));
        match std::mem::replace(&mut self.open, Kind::None) {
            Kind::Served => {
                if !block.is_some_and(|block| self.pairing.call(&block)) {
                    sink(Event::Lost { code: "content_dropped", what: "server_tool_use" });
                }
            }
            Kind::Outcome => match block.and_then(|block| self.pairing.result(&block, self.origin)) {
                Some(served) => sink(Event::Served(&served)),
                None => sink(Event::Lost { code: "content_dropped", what: "tool_result" }),
            },
            Kind::Text | Kind::Call => sink(Event::Close(None)),
            Kind::Thinking => sink(Event::Close(opaque.as_ref())),
            Kind::ThinkingUnopened if opaque.is_some() => {
                sink(Event::Open(Open::Reasoning { is_summary: false }));
                sink(Event::Close(opaque.as_ref()));
            }
            Kind::None | Kind::Foreign | Kind::ThinkingUnopened => {}
        }
    }
}

fn delta(text: &str, sink: &mut Sink<'_>) {
    if !text.is_empty() {
        sink(Event::Delta(text));
    }
}
