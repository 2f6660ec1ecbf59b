//! Writing neutral events as a Chat Completions stream.
//!
//! What every chunk repeats is rendered once. Each choice has a `finish_reason`, null but in the last one: some clients check.

use super::encode_reply::{finish_reason, native, write_annotation, write_document, write_usage};
use super::reasoning::{write_sealed, write_text};
use super::{logprobs, served, tier};
use crate::json::Json;
use crate::json::write::{digits, string};
use crate::neutral::content::Citation;
use crate::neutral::event::{Event, Open};
use crate::neutral::reply::Stop;
use crate::neutral::request::Tier;
use crate::neutral::tool::CallKind;
use crate::transcode::options::ReplyOptions;
use wardgate_core::usage::Usage;

pub(crate) struct Writer {
    options: ReplyOptions,
    /// Which of several answers it writes.
    index: u64,
    /// `data: {"id":…,"object":…,"created":…,"model":…`, and the class of service behind so many bytes, once it is known.
    head: Vec<u8>,
    named: usize,
    tier: Option<Tier>,
    open: Kind,
    /// How many calls there were; the number of the next one.
    calls: u64,
    /// How many calls there were that the provider answered itself.
    served: u64,
    /// How many reasoning parts there were.
    reasonings: usize,
    /// Characters of text so far, and where the open text part began.
    characters: u64,
    part_start: u64,
    has_arguments: bool,
    /// Of the tokens of the next delta of text, as elements of a JSON array.
    logprobs: Vec<u8>,
    usage: Option<Usage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Reasoning { is_summary: bool },
    Call(CallKind),
}

impl Writer {
    pub(crate) const fn new(options: ReplyOptions) -> Self {
        Self {
            options,
            index: 0,
            head: Vec::new(),
            named: 0,
            tier: None,
            open: Kind::Text,
            calls: 0,
            served: 0,
            reasonings: 0,
            characters: 0,
            part_start: 0,
            has_arguments: false,
            logprobs: Vec::new(),
            usage: None,
        }
    }

    /// Begins another answer of the same stream.
    pub(crate) fn other(&self, index: u64, out: &mut Vec<u8>) -> Self {
        let mut other = Self::new(self.options.clone());
        other.index = index;
        other.head.clone_from(&self.head);
        (other.named, other.tier) = (self.named, self.tier);
        other.begin(out);
        other
    }

    fn begin(&self, out: &mut Vec<u8>) {
        self.chunk(out, |json| {
            json.put("role", "assistant");
            json.put("content", "");
        });
    }

    pub(crate) fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created } => {
                self.head(*id, *model, *created);
                self.begin(out);
            }
            Event::Open(open) => self.open(open, out),
            Event::Delta(delta) => self.delta(delta, out),
            Event::Cite(citation) => {
                let (offset, length) = (self.part_start, self.characters - self.part_start);
                let (key, write): (_, fn(&mut Json<'_>, &Citation, u64, u64)) = match citation.url {
                    Some(_) => ("annotations", write_annotation),
                    None => ("citations", write_document),
                };
                self.chunk(out, |json| {
                    json.put_list(key, |json| json.object(|json| write(json, citation, offset, length)));
                });
            }
            Event::Logprobs(tokens) => logprobs::write(&mut Json(&mut self.logprobs), tokens),
            Event::Close(opaque) => match (self.open, opaque) {
                (Kind::Text, _) if !self.logprobs.is_empty() => self.probable("", out),
                (Kind::Call(CallKind::Function), _) if !self.has_arguments => self.arguments("{}", out),
                (Kind::Reasoning { .. }, Some(opaque)) => {
                    let index = self.reasonings - 1;
                    self.chunk(out, |json| {
                        json.put_list("reasoning_details", |json| write_sealed(json, opaque, index, None));
                    });
                }
                _ => {}
            },
            Event::Sealed { opaque, call_id } => {
                let index = self.reasonings;
                self.reasonings += 1;
                self.chunk(out, |json| {
                    json.put_list("reasoning_details", |json| write_sealed(json, opaque, index, *call_id));
                });
            }
            Event::Served(served) => {
                let index = self.served;
                self.served += 1;
                self.chunk(out, |json| json.put_list(served::KEY, |json| served::write(json, served, Some(index))));
            }
            Event::Image(source) => {
                let url = source.to_url().unwrap_or_default();
                self.chunk(out, |json| {
                    json.put_list("images", |json| {
                        json.object(|json| {
                            json.put("type", "image_url");
                            json.put_object("image_url", |json| json.put("url", &url));
                        });
                    });
                });
            }
            // Some report it with every piece.
            Event::Tier(tier) if self.tier == Some(*tier) => {}
            Event::Tier(tier) => {
                self.tier = Some(*tier);
                self.name_tier();
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop(stop) => self.stop(stop, out),
            Event::End => self.end(out),
            Event::Answer(_) | Event::Lost { .. } | Event::Fault(_) => {}
        }
    }

    fn head(&mut self, id: Option<&str>, model: Option<&str>, created: Option<i64>) {
        let options = &self.options;
        self.head.clear();
        self.head.extend_from_slice(b"data: {\"id\":");
        string(&mut self.head, id.unwrap_or(&options.request_id));
        let mut json = Json(&mut self.head);
        json.put("object", "chat.completion.chunk");
        json.put_integer("created", created.unwrap_or(options.created));
        json.put("model", options.model.as_deref().or(model).unwrap_or_default());
        self.named = self.head.len();
        self.name_tier();
    }

    fn name_tier(&mut self) {
        self.head.truncate(self.named);
        if !self.head.is_empty() {
            Json(&mut self.head).put_some("service_tier", self.tier.and_then(tier::served_word));
        }
    }

    fn open(&mut self, open: &Open<'_>, out: &mut Vec<u8>) {
        match *open {
            Open::Text => {
                self.open = Kind::Text;
                self.part_start = self.characters;
            }
            Open::Refusal => self.open = Kind::Refusal,
            Open::Reasoning { is_summary } => {
                self.open = Kind::Reasoning { is_summary };
                self.reasonings += 1;
            }
            Open::Call { id, name, kind } => {
                self.open = Kind::Call(kind);
                self.has_arguments = false;
                let index = self.calls;
                self.calls += 1;
                self.chunk(out, |json| {
                    json.put_list("tool_calls", |json| {
                        json.object(|json| {
                            let (word, field) = words(kind);
                            json.put_number("index", index);
                            json.put("id", id);
                            json.put("type", word);
                            json.put_object(word, |json| {
                                json.put("name", name);
                                json.put(field, "");
                            });
                        });
                    });
                });
            }
        }
    }

    fn delta(&mut self, delta: &str, out: &mut Vec<u8>) {
        match self.open {
            Kind::Text => {
                self.characters += delta.chars().count() as u64;
                if !self.logprobs.is_empty() {
                    return self.probable(delta, out);
                }
                self.chunk(out, |json| json.put("content", delta));
            }
            Kind::Refusal => self.chunk(out, |json| json.put("refusal", delta)),
            Kind::Reasoning { is_summary } => {
                let index = self.reasonings - 1;
                self.chunk(out, |json| {
                    json.put("reasoning_content", delta);
                    json.put("reasoning", delta);
                    json.put_list("reasoning_details", |json| write_text(json, delta, is_summary, index));
                });
            }
            Kind::Call(_) => self.arguments(delta, out),
        }
    }

    fn arguments(&mut self, delta: &str, out: &mut Vec<u8>) {
        self.has_arguments = true;
        let Kind::Call(kind) = self.open else { return };
        let (word, field) = words(kind);
        let index = self.calls.saturating_sub(1);
        self.chunk(out, |json| {
            json.put_list("tool_calls", |json| {
                json.object(|json| {
                    json.put_number("index", index);
                    json.put_object(word, |json| json.put(field, delta));
                });
            });
        });
    }

    /// A chunk with one delta.
    fn chunk(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        digits(out, self.index);
        out.extend_from_slice(b",\"delta\":{");
        write(&mut Json(out));
        out.extend_from_slice(b"},\"finish_reason\":null}]}\n\n");
    }

    /// A chunk with text, and how probable its tokens are.
    fn probable(&mut self, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        digits(out, self.index);
        let mut json = Json(out);
        json.put_object("delta", |json| json.put("content", text));
        logprobs::put(&mut json, &self.logprobs);
        json.put_null("finish_reason");
        out.extend_from_slice(b"}]}\n\n");
        self.logprobs.clear();
    }

    fn stop(&mut self, stop: &Stop, out: &mut Vec<u8>) {
        if let Stop::Refusal(Some(text)) = stop {
            self.chunk(out, |json| json.put("refusal", text));
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        digits(out, self.index);
        out.extend_from_slice(b",\"delta\":{},\"finish_reason\":\"");
        out.extend_from_slice(finish_reason(stop).as_bytes());
        out.push(b'"');
        native(stop, &mut Json(out));
        out.extend_from_slice(b"}]}\n\n");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.options.wants_usage) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b",\"choices\":[],\"usage\":{");
            write_usage(&mut Json(out), &usage);
            out.extend_from_slice(b"}}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

/// What kind of call it is called, and where its arguments are.
const fn words(kind: CallKind) -> (&'static str, &'static str) {
    match kind {
        CallKind::Function => ("function", "arguments"),
        CallKind::Custom => ("custom", "input"),
    }
}
