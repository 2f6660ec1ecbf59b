//! Writing neutral events as a Gemini stream: server-sent events, or one JSON array where the client did not ask for these.
//!
//! Text passes as it comes; a call is told when it is whole, because the format has no pieces of one.

use super::encode_reply::{finish_reason, shown, write_call, write_image};
use super::grounding::Sources;
use super::{error, logprobs, served, usage};
use crate::error_body::ErrorBody;
use crate::json::Json;
use crate::json::write::one_line;
use crate::neutral::event::{Event, Open};
use crate::neutral::logprobs::Logprob;
use crate::neutral::reply::{GATHERED_BYTES_MAX, Stop};
use crate::neutral::request::Tier;
use crate::neutral::tool::CallKind;
use crate::transcode::fit::arguments_object;
use crate::transcode::options::ReplyOptions;
use wardgate_core::usage::Usage;

pub(crate) struct Writer {
    options: ReplyOptions,
    /// Which of several answers it writes.
    index: u64,
    id: String,
    model: String,
    open: Kind,
    /// The open call's id, name and kind, and its arguments so far.
    call: (String, String, CallKind),
    arguments: String,
    /// A signature that belongs to the next part.
    signature: Option<String>,
    /// Of the tokens that the next message brings.
    logprobs: Vec<Logprob>,
    usage: Option<Usage>,
    tier: Option<Tier>,
    has_written: bool,
    is_refusal: bool,
    /// All text so far, where its open part begins, and what it rests on.
    text: String,
    part_start: usize,
    sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
}

impl Writer {
    pub(crate) fn new(options: ReplyOptions) -> Self {
        Self {
            options,
            index: 0,
            id: String::new(),
            model: String::new(),
            open: Kind::Text,
            call: Default::default(),
            arguments: String::new(),
            signature: None,
            logprobs: Vec::new(),
            usage: None,
            tier: None,
            has_written: false,
            is_refusal: false,
            text: String::new(),
            part_start: 0,
            sources: Sources::default(),
        }
    }

    /// Begins another answer of the same stream.
    pub(crate) fn other(&self, index: u64) -> Self {
        let mut other = Self::new(self.options.clone());
        other.index = index;
        other.id.clone_from(&self.id);
        other.model.clone_from(&self.model);
        other
    }

    /// Writes behind what another answer wrote.
    pub(crate) const fn follow(&mut self, last: &Self) {
        self.has_written |= last.has_written;
    }

    pub(crate) fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, .. } => {
                id.unwrap_or(&self.options.request_id).clone_into(&mut self.id);
                self.options.model.as_deref().or(*model).unwrap_or_default().clone_into(&mut self.model);
            }
            Event::Open(open @ (Open::Text | Open::Refusal)) => {
                self.open = Kind::Text;
                self.is_refusal |= *open == Open::Refusal;
                self.part_start = self.text.len();
            }
            Event::Open(Open::Reasoning { .. }) => self.open = Kind::Thought,
            Event::Open(Open::Call { id, name, kind }) => {
                self.open = Kind::Call;
                self.call = ((*id).to_owned(), (*name).to_owned(), *kind);
                self.arguments.clear();
            }
            Event::Delta(delta) => match self.open {
                Kind::Call => {
                    if self.arguments.len() + delta.len() <= GATHERED_BYTES_MAX {
                        self.arguments.push_str(delta);
                    }
                }
                kind => {
                    if kind == Kind::Text && self.text.len() + delta.len() <= GATHERED_BYTES_MAX {
                        self.text.push_str(delta);
                    }
                    let signature = if kind == Kind::Text { self.signature.take() } else { None };
                    self.part(out, |json| {
                        json.object(|json| {
                            json.put("text", delta);
                            if kind == Kind::Thought {
                                json.put_flag("thought", true);
                            }
                            json.put_some("thoughtSignature", signature.as_deref());
                        });
                    });
                }
            },
            Event::Close(opaque) => match (self.open, opaque) {
                (Kind::Call, _) => self.call(out),
                (Kind::Thought, Some(opaque)) => self.part(out, |json| {
                    json.object(|json| {
                        json.put("text", "");
                        json.put_flag("thought", true);
                        json.put("thoughtSignature", &shown(opaque));
                    });
                }),
                _ => {}
            },
            Event::Sealed { opaque, .. } => self.signature = Some(shown(opaque).into_owned()),
            Event::Served(served) => {
                self.sources.search(served);
                if served::parts(served) > 0 {
                    self.part(out, |json| served::write_parts(json, served));
                }
            }
            Event::Image(source) => self.part(out, |json| write_image(json, source)),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Tier(tier) => self.tier = Some(*tier),
            Event::Stop(stop) => self.stop(stop, out),
            Event::End => {
                if self.options.is_json_array {
                    out.push(b']');
                }
            }
            // In a stream all text is one part.
            Event::Cite(citation) => {
                let (from, text) = (self.part_start, &self.text[self.part_start..]);
                self.sources.cite(citation, 0, from, text);
            }
            Event::Logprobs(tokens) => self.logprobs.extend_from_slice(tokens),
            Event::Answer(_) | Event::Lost { .. } | Event::Fault(_) => {}
        }
    }

    fn call(&mut self, out: &mut Vec<u8>) {
        let signature = self.signature.take();
        let arguments = std::mem::take(&mut self.arguments);
        let args = match self.call.2 {
            CallKind::Function => arguments_object(&arguments).0,
            CallKind::Custom => {
                crate::format::openai_chat::encode_request::function_arguments(CallKind::Custom, &arguments).into()
            }
        };
        let (id, name, kind) = std::mem::take(&mut self.call);
        self.part(out, |json| {
            json.object(|json| {
                write_call(json, &id, &name, &one_line(&args));
                json.put_some("thoughtSignature", signature.as_deref());
            });
        });
        self.call = (id, name, kind);
    }

    /// A message with one part.
    fn part(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
        let tokens = std::mem::take(&mut self.logprobs);
        self.message(out, |writer, json| {
            json.put_list("candidates", |json| {
                json.object(|json| {
                    json.put_object("content", |json| {
                        json.put("role", "model");
                        json.put_list("parts", write);
                    });
                    json.put_number("index", writer.index);
                    logprobs::put(json, tokens.iter());
                });
            });
            writer.envelope(json);
        });
    }

    fn stop(&mut self, stop: &Stop, out: &mut Vec<u8>) {
        let signature = self.signature.take();
        let tokens = std::mem::take(&mut self.logprobs);
        self.message(out, |writer, json| {
            json.put_list("candidates", |json| {
                json.object(|json| {
                    json.put_object("content", |json| {
                        json.put("role", "model");
                        json.put_list("parts", |json| {
                            if let Some(signature) = &signature {
                                json.object(|json| {
                                    json.put("text", "");
                                    json.put("thoughtSignature", signature);
                                });
                            }
                        });
                    });
                    json.put("finishReason", finish_reason(stop, writer.is_refusal));
                    json.put_number("index", writer.index);
                    writer.sources.write(json);
                    logprobs::put(json, tokens.iter());
                });
            });
            if let Some(usage) = &writer.usage {
                json.put_object("usageMetadata", |json| usage::write(json, usage, writer.tier));
            }
            writer.envelope(json);
        });
    }

    fn envelope(&self, json: &mut Json<'_>) {
        json.put("modelVersion", &self.model);
        json.put("responseId", &self.id);
    }

    fn message(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&Self, &mut Json<'_>)) {
        self.before(out);
        Json(out).object(|json| write(self, json));
        self.behind(out);
    }

    fn before(&mut self, out: &mut Vec<u8>) {
        let is_first = !std::mem::replace(&mut self.has_written, true);
        out.extend_from_slice(match (self.options.is_json_array, is_first) {
            (false, _) => b"data: ",
            (true, true) => b"[",
            (true, false) => b",\r\n",
        });
    }

    fn behind(&self, out: &mut Vec<u8>) {
        if !self.options.is_json_array {
            out.extend_from_slice(b"\n\n");
        }
    }

    /// Ends a broken stream.
    pub(crate) fn fail(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        self.before(out);
        out.extend_from_slice(&error::body(error));
        self.behind(out);
        if self.options.is_json_array {
            out.push(b']');
        }
    }
}
