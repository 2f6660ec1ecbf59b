//! Writing neutral events as a Responses stream.
//!
//! Items and their parts are opened, filled and closed by events of their own, and the terminal event repeats all of it. So what
//! was said is gathered as finished JSON, item by item; nothing is kept twice.

mod item;

use super::{error, served, usage};
use crate::error_body::ErrorBody;
use crate::format::openai_chat::{logprobs, tier};
use crate::json::Json;
use crate::json::write::{digits, escape, object};
use crate::neutral::content::{Citation, Source};
use crate::neutral::event::{Event, Open};
use crate::neutral::logprobs::Logprob;
use crate::neutral::opaque::{Opaque, fnv};
use crate::neutral::reply::{GATHERED_BYTES_MAX, Stop};
use crate::neutral::request::Tier;
use crate::neutral::served::Served;
use crate::neutral::tool::CallKind;
use crate::transcode::options::ReplyOptions;
use item::{Item, Kind, element};
use wardgate_core::usage::Usage;

pub(crate) struct Writer {
    options: ReplyOptions,
    id: String,
    model: String,
    created: i64,
    sequence: u64,
    is_started: bool,
    /// The finished items, as elements of a JSON array.
    output: Vec<u8>,
    /// How many items there were, the open one included.
    items: u64,
    item: Option<Box<Item>>,
    tier: Option<Tier>,
    usage: Option<Usage>,
}

impl Writer {
    pub(crate) const fn new(options: ReplyOptions) -> Self {
        Self {
            options,
            id: String::new(),
            model: String::new(),
            created: 0,
            sequence: 0,
            is_started: false,
            output: Vec::new(),
            items: 0,
            item: None,
            tier: None,
            usage: None,
        }
    }

    pub(crate) fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created } => self.start(*id, *model, *created, out),
            Event::Open(open) => self.open(open, out),
            Event::Delta(delta) => self.delta(delta, out),
            Event::Cite(citation) => self.cite(citation, out),
            Event::Logprobs(tokens) => self.logprobs(tokens),
            Event::Close(opaque) => self.close(*opaque, out),
            Event::Sealed { opaque, .. } => {
                self.finish_item(None, out);
                self.add_item(Kind::Reasoning, out);
                self.finish_item(Some(opaque), out);
            }
            Event::Served(served) => self.served(served, out),
            Event::Image(source) => self.image(source, out),
            Event::Tier(tier) => self.tier = Some(*tier),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop(stop) => {
                self.finish_item(None, out);
                let (name, status) = status(stop);
                self.event(name, out, |writer, json| writer.response(json, status, Some(stop), None));
            }
            Event::Answer(_) | Event::End | Event::Lost { .. } | Event::Fault(_) => {}
        }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, created: Option<i64>, out: &mut Vec<u8>) {
        let own = self.options.identity.as_ref().map(|identity| identity.id.as_str());
        own.or(id).unwrap_or(&self.options.request_id).clone_into(&mut self.id);
        self.options.model.as_deref().or(model).unwrap_or_default().clone_into(&mut self.model);
        self.created = created.unwrap_or(self.options.created);
        self.is_started = true;
        for name in ["response.created", "response.in_progress"] {
            self.event(name, out, |writer, json| writer.response(json, "in_progress", None, None));
        }
    }

    fn open(&mut self, open: &Open<'_>, out: &mut Vec<u8>) {
        match *open {
            Open::Text | Open::Refusal => {
                let is_refusal = *open == Open::Refusal;
                match &mut self.item {
                    // Texts that follow each other are one message.
                    Some(item) if matches!(item.kind, Kind::Message { .. }) => {
                        item.kind = Kind::Message { is_refusal };
                        item.frame = None;
                    }
                    _ => {
                        self.finish_item(None, out);
                        self.add_item(Kind::Message { is_refusal }, out);
                    }
                }
                self.open_part(out);
            }
            Open::Reasoning { .. } => {
                self.finish_item(None, out);
                self.add_item(Kind::Reasoning, out);
            }
            Open::Call { id, name, kind } => {
                self.finish_item(None, out);
                let (namespace, name) = self.options.aliases.namespace(name);
                let (namespace, name) = (namespace.map(str::to_owned), name.to_owned());
                self.add_item(Kind::Call { call_id: id.to_owned(), name, namespace, kind }, out);
            }
        }
    }

    fn add_item(&mut self, kind: Kind, out: &mut Vec<u8>) {
        let index = self.items;
        self.items += 1;
        let item = Item {
            id: self.item_id(kind.prefix(), index),
            index,
            kind,
            parts: Vec::new(),
            count: 0,
            text: Vec::new(),
            characters: 0,
            annotations: Vec::new(),
            annotation_count: 0,
            logprobs: Vec::new(),
            logprobs_told: 0,
            is_part_open: false,
            frame: None,
        };
        self.event("response.output_item.added", out, |_, json| {
            json.put_number("output_index", item.index);
            json.put_object("item", |json| item.write(json, "in_progress", None));
        });
        self.item = Some(Box::new(item));
    }

    fn item_id(&self, prefix: &str, index: u64) -> String {
        if let Some(identity) = &self.options.identity {
            return identity.item_id(prefix, index);
        }
        format!("{prefix}_{:016x}{index:04x}", fnv(self.id.bytes().chain(index.to_le_bytes())))
    }

    fn open_part(&mut self, out: &mut Vec<u8>) {
        let Some(mut item) = self.item.take() else { return };
        item.is_part_open = true;
        match item.kind {
            Kind::Message { .. } => self.event("response.content_part.added", out, |_, json| {
                item.address(json);
                json.put_object("part", |json| item.write_part(json, true));
            }),
            Kind::Reasoning => self.event("response.reasoning_summary_part.added", out, |_, json| {
                item.address(json);
                json.put_object("part", |json| item.write_part(json, true));
            }),
            Kind::Call { .. } => {}
        }
        self.item = Some(item);
    }

    fn delta(&mut self, delta: &str, out: &mut Vec<u8>) {
        let needs_part = self.item.as_ref().is_some_and(|item| !item.is_part_open);
        if needs_part {
            self.open_part(out);
        }
        let Some(mut item) = self.item.take() else { return };
        // The terminal event repeats everything, within a bound; beyond it deltas still pass. What is written now is copied from
        // what is kept, so that it is escaped once.
        let before = item.text.len();
        escape(&mut item.text, delta);
        item.characters += delta.chars().count() as u64;
        let frame = item.frame.take().unwrap_or_else(|| item.frame());
        out.extend_from_slice(&frame.before);
        digits(out, self.sequence);
        out.extend_from_slice(&frame.between);
        out.extend_from_slice(&item.text[before..]);
        if item.logprobs.len() > item.logprobs_told {
            item.tell_logprobs(out);
        } else {
            out.extend_from_slice(frame.after);
        }
        item.frame = Some(frame);
        self.sequence += 1;
        if self.output.len() + item.text.len() > GATHERED_BYTES_MAX {
            item.text.truncate(before);
        }
        self.item = Some(item);
    }

    fn cite(&mut self, citation: &Citation, out: &mut Vec<u8>) {
        let Some(mut item) = self.item.take() else { return };
        if let (Some(url), Kind::Message { is_refusal: false }) = (&citation.url, &item.kind) {
            let annotation = object(|json| {
                json.put("type", "url_citation");
                json.put_number("start_index", citation.start.unwrap_or(0));
                json.put_number("end_index", citation.end.unwrap_or(item.characters));
                json.put("url", url);
                json.put("title", citation.title.as_deref().unwrap_or_default());
            });
            let annotation = String::from_utf8(annotation).unwrap_or_default();
            self.event("response.output_text.annotation.added", out, |_, json| {
                item.address(json);
                json.put_number("annotation_index", item.annotation_count);
                json.put_raw("annotation", &annotation);
            });
            element(&mut item.annotations, annotation.as_bytes());
            item.annotation_count += 1;
        }
        self.item = Some(item);
    }

    /// Keeps what is told of tokens for the delta that comes next, and for the end of the part. Like text, within a bound.
    fn logprobs(&mut self, tokens: &[Logprob]) {
        let Some(item) = self.item.as_mut().filter(|item| matches!(item.kind, Kind::Message { is_refusal: false })) else {
            return;
        };
        if self.output.len() + item.text.len() + item.logprobs.len() <= GATHERED_BYTES_MAX {
            logprobs::write(&mut Json(&mut item.logprobs), tokens);
        }
    }

    fn close(&mut self, opaque: Option<&Opaque>, out: &mut Vec<u8>) {
        match self.item.as_ref().map(|item| &item.kind) {
            Some(Kind::Message { .. }) => self.close_part(out),
            Some(Kind::Reasoning | Kind::Call { .. }) => self.finish_item(opaque, out),
            None => {}
        }
    }

    fn close_part(&mut self, out: &mut Vec<u8>) {
        let Some(mut item) = self.item.take() else { return };
        if item.is_part_open {
            let (text_done, part_done) = item.done_events();
            if let Some((name, field)) = text_done {
                self.event(name, out, |_, json| {
                    item.address(json);
                    json.key(field);
                    item.write_text(json);
                    if matches!(item.kind, Kind::Message { is_refusal: false }) {
                        json.put_list("logprobs", |json| json.0.extend_from_slice(&item.logprobs));
                    }
                    if let Kind::Call { name, .. } = &item.kind {
                        json.put("name", name);
                    }
                });
            }
            if let Some(name) = part_done {
                self.event(name, out, |_, json| {
                    item.address(json);
                    json.put_object("part", |json| item.write_part(json, false));
                });
            }
            item.close_part();
        }
        self.item = Some(item);
    }

    fn finish_item(&mut self, opaque: Option<&Opaque>, out: &mut Vec<u8>) {
        if self
            .item
            .as_ref()
            .is_some_and(|item| matches!(item.kind, Kind::Call { kind: CallKind::Function, .. }) && !item.is_part_open)
        {
            // A call without arguments has an empty object of them.
            self.delta("{}", out);
        }
        self.close_part(out);
        let Some(item) = self.item.take() else { return };
        let written = object(|json| item.write(json, "completed", opaque));
        let text = String::from_utf8(written).unwrap_or_default();
        self.event("response.output_item.done", out, |_, json| {
            json.put_number("output_index", item.index);
            json.put_raw("item", &text);
        });
        element(&mut self.output, text.as_bytes());
    }

    fn image(&mut self, source: &Source, out: &mut Vec<u8>) {
        self.finish_item(None, out);
        let Source::Base64 { media, data } = source else { return };
        let index = self.items;
        self.items += 1;
        let id = self.item_id("ig", index);
        let item = object(|json| {
            json.put("type", "image_generation_call");
            json.put("id", &id);
            json.put("status", "completed");
            json.put("output_format", media.strip_prefix("image/").unwrap_or("png"));
            json.put("result", data);
        });
        let item = String::from_utf8(item).unwrap_or_default();
        for name in ["response.output_item.added", "response.output_item.done"] {
            self.event(name, out, |_, json| {
                json.put_number("output_index", index);
                json.put_raw("item", &item);
            });
        }
        element(&mut self.output, item.as_bytes());
    }

    /// A call that the provider answered itself, from its beginning to its end.
    fn served(&mut self, served: &Served, out: &mut Vec<u8>) {
        self.finish_item(None, out);
        let index = self.items;
        self.items += 1;
        let told = served::write(served, self.item_id(served::prefix(served), index));
        let whole = |writer: &mut Self, name: &str, item: &str, out: &mut Vec<u8>| {
            writer.event(name, out, |_, json| {
                json.put_number("output_index", index);
                json.put_raw("item", item);
            });
        };
        let address = |json: &mut Json<'_>| {
            json.put("item_id", &told.id);
            json.put_number("output_index", index);
        };
        whole(self, "response.output_item.added", &told.begun, out);
        told.before.iter().for_each(|name| self.event(name, out, |_, json| address(json)));
        if let Some(code) = &told.code {
            for (name, field) in [("delta", "delta"), ("done", "code")] {
                let name = format!("response.code_interpreter_call_code.{name}");
                self.event(&name, out, |_, json| {
                    address(json);
                    json.put(field, code);
                });
            }
        }
        told.behind.iter().for_each(|name| self.event(name, out, |_, json| address(json)));
        whole(self, "response.output_item.done", &told.done, out);
        // The terminal event repeats everything, within a bound.
        if self.output.len() + told.done.len() <= GATHERED_BYTES_MAX {
            element(&mut self.output, told.done.as_bytes());
        }
    }

    /// Ends a broken stream: with what there was of the response, or with a bare error if nothing was said yet.
    pub(crate) fn fail(&mut self, error: &ErrorBody<'_>, out: &mut Vec<u8>) {
        if self.is_started {
            self.event("response.failed", out, |writer, json| writer.response(json, "failed", None, Some(error)));
        } else {
            self.event("error", out, |_, json| {
                error::members(json, error);
                json.put_null("param");
            });
        }
    }

    /// The whole response.
    pub(crate) fn into_response(self, stop: &Stop) -> Vec<u8> {
        object(|json| self.members(json, status(stop).1, Some(stop), None))
    }

    fn response(&self, json: &mut Json<'_>, status: &str, stop: Option<&Stop>, error: Option<&ErrorBody<'_>>) {
        json.put_object("response", |json| self.members(json, status, stop, error));
    }

    fn members(&self, json: &mut Json<'_>, status: &str, stop: Option<&Stop>, error: Option<&ErrorBody<'_>>) {
        json.put("id", &self.id);
        json.put("object", "response");
        json.put_integer("created_at", self.created);
        json.put("status", status);
        match error {
            Some(error) => json.put_object("error", |json| error::members(json, error)),
            None => json.put_null("error"),
        }
        match (status, stop) {
            ("incomplete", Some(stop)) => json.put_object("incomplete_details", |json| {
                let is_filtered = matches!(stop, Stop::ContentFilter | Stop::Refusal(_));
                json.put("reason", if is_filtered { "content_filter" } else { "max_output_tokens" });
            }),
            _ => json.put_null("incomplete_details"),
        }
        json.put_null("instructions");
        json.put_raw("metadata", "{}");
        json.put("model", &self.model);
        json.put_list("output", |json| {
            if !self.output.is_empty() {
                json.0.extend_from_slice(&self.output);
            }
        });
        json.put_flag("parallel_tool_calls", true);
        let identity = self.options.identity.as_ref();
        match identity.and_then(|identity| identity.previous.as_deref()) {
            Some(previous) => json.put("previous_response_id", previous),
            None => json.put_null("previous_response_id"),
        }
        json.put_some("service_tier", self.tier.and_then(tier::served_word));
        json.put_flag("store", identity.is_some_and(|identity| identity.is_stored));
        json.put("tool_choice", "auto");
        json.put_raw("tools", "[]");
        match &self.usage {
            Some(usage) => json.put_object("usage", |json| usage::write(json, usage)),
            None => json.put_null("usage"),
        }
        if let Some(searches) = self.usage.map(|usage| usage.units.web_searches).filter(|searches| *searches > 0) {
            json.put_object("tool_usage", |json| {
                json.put_object("web_search", |json| json.put_number("num_requests", searches.into()));
            });
        }
    }

    /// One event, named and with its name as `type`, numbered without gaps.
    fn event(&mut self, name: &str, out: &mut Vec<u8>, write: impl FnOnce(&Self, &mut Json<'_>)) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let sequence = self.sequence;
        self.sequence += 1;
        Json(out).object(|json| {
            json.put("type", name);
            json.put_number("sequence_number", sequence);
            write(self, json);
        });
        out.extend_from_slice(b"\n\n");
    }
}

/// The terminal event, and the response's status in it.
const fn status(stop: &Stop) -> (&'static str, &'static str) {
    match stop {
        Stop::MaxTokens | Stop::ContextWindow | Stop::ContentFilter | Stop::Refusal(_) | Stop::Pause => {
            ("response.incomplete", "incomplete")
        }
        _ => ("response.completed", "completed"),
    }
}
