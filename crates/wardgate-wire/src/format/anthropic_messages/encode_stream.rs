//! Writing neutral events as a Messages stream. Blocks follow one another, and each is closed before the end.

use super::encode_reply::{is_redacted, write_citation, write_stop, write_usage};
use super::served::{Blocks, blocks};
use super::usage::write_tier;
use crate::json::Json;
use crate::json::write::{escape, one_line};
use crate::neutral::event::{Event, Open};
use crate::neutral::opaque::{Opaque, UNSIGNED};
use crate::neutral::reply::Stop;
use crate::neutral::request::Tier;
use crate::neutral::served::Served;
use crate::neutral::tool::CallKind;
use crate::transcode::options::ReplyOptions;
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

pub(crate) struct Writer {
    options: ReplyOptions,
    index: u64,
    open: Kind,
    is_refusal: bool,
    usage: Usage,
    tier: Option<Tier>,
    /// Held until the first part, so that the first report of usage can be told with it.
    start: Option<(Option<String>, Option<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call,
    /// A custom tool's text, which is one string in JSON.
    CustomCall,
}

impl Writer {
    pub(crate) fn new(options: ReplyOptions) -> Self {
        Self { options, index: 0, open: Kind::Text, is_refusal: false, usage: Usage::default(), tier: None, start: None }
    }

    pub(crate) fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, .. } => self.start = Some((id.map(str::to_owned), model.map(str::to_owned))),
            Event::Usage(usage) => self.usage = *usage,
            Event::Tier(tier) => self.tier = Some(*tier),
            Event::Answer(_) | Event::Fault(_) | Event::Lost { .. } => {}
            _ => {
                self.started(out);
                self.part(event, out);
            }
        }
    }

    fn part(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Open(open) => self.open(open, out),
            Event::Delta(delta) => self.delta(delta, out),
            Event::Cite(citation) => {
                if self.open == Kind::Text && citation.url.is_some() {
                    self.block_event("content_block_delta", out, |json| {
                        json.put_object("delta", |json| {
                            json.put("type", "citations_delta");
                            json.key("citation");
                            write_citation(json, citation);
                        });
                    });
                }
            }
            Event::Close(opaque) => {
                match self.open {
                    Kind::Thinking => self.signature(*opaque, out),
                    Kind::CustomCall => self.fragment("\"}", out),
                    Kind::Text | Kind::Call => {}
                }
                self.close(out);
            }
            Event::Sealed { opaque, .. } => self.sealed(opaque, out),
            Event::Served(served) => self.served(served, out),
            Event::Image(_) => {
                self.open(&Open::Text, out);
                self.delta("[image]", out);
                self.close(out);
            }
            Event::Stop(stop) => self.stop(stop, out),
            Event::End => out.extend_from_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
            Event::Start { .. }
            | Event::Logprobs(_)
            | Event::Tier(_)
            | Event::Usage(_)
            | Event::Lost { .. }
            | Event::Answer(_)
            | Event::Fault(_) => {}
        }
    }

    fn started(&mut self, out: &mut Vec<u8>) {
        let Some((id, model)) = self.start.take() else { return };
        event("message_start", out, |json| {
            json.put_object("message", |json| {
                json.put("id", id.as_deref().unwrap_or(&self.options.request_id));
                json.put("type", "message");
                json.put("role", "assistant");
                json.put("model", self.options.model.as_deref().or(model.as_deref()).unwrap_or_default());
                json.put_raw("content", "[]");
                json.put_null("stop_reason");
                json.put_null("stop_sequence");
                json.put_object("usage", |json| {
                    write_usage(json, &self.usage);
                    write_tier(json, self.tier);
                });
            });
        });
    }

    fn open(&mut self, open: &Open<'_>, out: &mut Vec<u8>) {
        self.is_refusal |= *open == Open::Refusal;
        self.open = match open {
            Open::Text | Open::Refusal => Kind::Text,
            Open::Reasoning { .. } => Kind::Thinking,
            Open::Call { kind: CallKind::Function, .. } => Kind::Call,
            Open::Call { kind: CallKind::Custom, .. } => Kind::CustomCall,
        };
        self.block_event("content_block_start", out, |json| {
            json.put_object("content_block", |json| match open {
                Open::Text | Open::Refusal => {
                    json.put("type", "text");
                    json.put("text", "");
                }
                Open::Reasoning { .. } => {
                    json.put("type", "thinking");
                    json.put("thinking", "");
                    json.put("signature", "");
                }
                Open::Call { id, name, .. } => {
                    json.put("type", "tool_use");
                    json.put("id", id);
                    json.put("name", name);
                    json.put_raw("input", "{}");
                }
            });
        });
        if self.open == Kind::CustomCall {
            self.fragment("{\"input\":\"", out);
        }
    }

    fn delta(&mut self, delta: &str, out: &mut Vec<u8>) {
        let (kind, field) = match self.open {
            Kind::Text => ("text_delta", "text"),
            Kind::Thinking => ("thinking_delta", "thinking"),
            Kind::Call => return self.fragment(delta, out),
            Kind::CustomCall => {
                let mut escaped = Vec::with_capacity(delta.len() + 8);
                escape(&mut escaped, delta);
                return self.fragment(&String::from_utf8(escaped).unwrap_or_default(), out);
            }
        };
        self.block_event("content_block_delta", out, |json| {
            json.put_object("delta", |json| {
                json.put("type", kind);
                json.put(field, delta);
            });
        });
    }

    /// More of a call's input.
    fn fragment(&self, fragment: &str, out: &mut Vec<u8>) {
        self.block_event("content_block_delta", out, |json| {
            json.put_object("delta", |json| {
                json.put("type", "input_json_delta");
                json.put("partial_json", fragment);
            });
        });
    }

    fn served(&mut self, served: &Served, out: &mut Vec<u8>) {
        let Blocks { call, input, result } = blocks(served, false);
        for (block, input) in std::iter::once((call, input)).chain(result.map(|result| (result, String::new()))) {
            self.block_event("content_block_start", out, |json| json.put_raw("content_block", &one_line(&block)));
            if !input.is_empty() {
                self.fragment(&input, out);
            }
            self.close(out);
        }
    }

    fn signature(&self, opaque: Option<&Opaque>, out: &mut Vec<u8>) {
        let shown = opaque.map(|opaque| opaque.shown_to(Format::AnthropicMessages));
        self.block_event("content_block_delta", out, |json| {
            json.put_object("delta", |json| {
                json.put("type", "signature_delta");
                json.put("signature", shown.as_deref().unwrap_or(UNSIGNED));
            });
        });
    }

    fn sealed(&mut self, opaque: &Opaque, out: &mut Vec<u8>) {
        if !is_redacted(opaque, true) {
            self.open(&Open::Reasoning { is_summary: false }, out);
            self.signature(Some(opaque), out);
            return self.close(out);
        }
        let shown = opaque.shown_to(Format::AnthropicMessages);
        self.block_event("content_block_start", out, |json| {
            json.put_object("content_block", |json| {
                json.put("type", "redacted_thinking");
                json.put("data", &shown);
            });
        });
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.block_event("content_block_stop", out, |_| {});
        self.index += 1;
    }

    fn stop(&self, stop: &Stop, out: &mut Vec<u8>) {
        event("message_delta", out, |json| {
            json.put_object("delta", |json| write_stop(json, stop, self.is_refusal));
            json.put_object("usage", |json| write_usage(json, &self.usage));
        });
    }

    fn block_event(&self, name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
        event(name, out, |json| {
            json.put_number("index", self.index);
            write(json);
        });
    }
}

/// One event, named and with its name as `type`.
fn event(name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    Json(out).object(|json| {
        json.put("type", name);
        write(json);
    });
    out.extend_from_slice(b"\n\n");
}
