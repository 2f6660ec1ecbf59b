//! An item of a Responses stream while it is written.

use crate::json::Json;
use crate::json::write::{object, string};
use crate::neutral::opaque::{Opaque, UNSIGNED};
use crate::neutral::tool::CallKind;
use wardgate_core::format::Format;

/// The item that is open.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) kind: Kind,
    /// The finished parts of a message, as elements of a JSON array.
    pub(super) parts: Vec<u8>,
    pub(super) count: u64,
    /// The open part's text, or the call's arguments, as it stands inside a JSON string.
    pub(super) text: Vec<u8>,
    /// The characters of the open part, and its sources as elements of a JSON array.
    pub(super) characters: u64,
    pub(super) annotations: Vec<u8>,
    pub(super) annotation_count: u64,
    /// The open part's tokens, as elements of a JSON array, and how many bytes of these a delta has told.
    pub(super) logprobs: Vec<u8>,
    pub(super) logprobs_told: usize,
    pub(super) is_part_open: bool,
    /// What the open part's deltas have in common.
    pub(super) frame: Option<Frame>,
}

/// An event that tells a delta, but for its number and the delta. There is one a token, so it is rendered once.
pub(super) struct Frame {
    /// Up to the number.
    pub(super) before: Vec<u8>,
    /// From there to the delta.
    pub(super) between: Vec<u8>,
    /// Behind the delta.
    pub(super) after: &'static [u8],
}

pub(super) enum Kind {
    Message {
        is_refusal: bool,
    },
    /// Told as a summary, which is what clients of this format show.
    Reasoning,
    Call {
        call_id: String,
        name: String,
        namespace: Option<String>,
        kind: CallKind,
    },
}

impl Kind {
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message { .. } => "msg",
            Self::Reasoning => "rs",
            Self::Call { .. } => "fc",
        }
    }
}

impl Item {
    pub(super) const fn delta_event(&self) -> &'static str {
        match self.kind {
            Kind::Message { is_refusal: false } => "response.output_text.delta",
            Kind::Message { is_refusal: true } => "response.refusal.delta",
            Kind::Reasoning => "response.reasoning_summary_text.delta",
            Kind::Call { kind: CallKind::Function, .. } => "response.function_call_arguments.delta",
            Kind::Call { kind: CallKind::Custom, .. } => "response.custom_tool_call_input.delta",
        }
    }

    /// The events that end the open part: of its text, with the field that holds it, and of itself.
    pub(super) const fn done_events(&self) -> (Option<(&'static str, &'static str)>, Option<&'static str>) {
        match self.kind {
            Kind::Message { is_refusal: false } => {
                (Some(("response.output_text.done", "text")), Some("response.content_part.done"))
            }
            Kind::Message { is_refusal: true } => {
                (Some(("response.refusal.done", "refusal")), Some("response.content_part.done"))
            }
            Kind::Reasoning => {
                (Some(("response.reasoning_summary_text.done", "text")), Some("response.reasoning_summary_part.done"))
            }
            Kind::Call { kind: CallKind::Function, .. } => (Some(("response.function_call_arguments.done", "arguments")), None),
            Kind::Call { kind: CallKind::Custom, .. } => (Some(("response.custom_tool_call_input.done", "input")), None),
        }
    }

    /// What the deltas of the open part have in common.
    pub(super) fn frame(&self) -> Frame {
        let name = self.delta_event();
        let before = format!("event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":").into_bytes();
        // The comma behind the number.
        let mut between = vec![b','];
        let mut address = Vec::new();
        self.address(&mut Json(&mut address));
        between.extend_from_slice(&address);
        between.extend_from_slice(b",\"delta\":\"");
        let after: &[u8] = match self.kind {
            Kind::Message { is_refusal: false } => b"\",\"logprobs\":[]}\n\n",
            _ => b"\"}\n\n",
        };
        Frame { before, between, after }
    }

    /// Which part of which item an event is about.
    pub(super) fn address(&self, json: &mut Json<'_>) {
        json.put("item_id", &self.id);
        json.put_number("output_index", self.index);
        match self.kind {
            Kind::Message { .. } => json.put_number("content_index", self.count),
            Kind::Reasoning => json.put_number("summary_index", self.count),
            Kind::Call { .. } => {}
        }
    }

    pub(super) fn write_text(&self, json: &mut Json<'_>) {
        json.0.push(b'"');
        json.0.extend_from_slice(&self.text);
        json.0.push(b'"');
    }

    pub(super) fn write_part(&self, json: &mut Json<'_>, is_empty: bool) {
        let (kind, field) = match self.kind {
            Kind::Message { is_refusal: true } => ("refusal", "refusal"),
            Kind::Reasoning => ("summary_text", "text"),
            _ => ("output_text", "text"),
        };
        json.put("type", kind);
        json.key(field);
        if is_empty {
            string(json.0, "");
        } else {
            self.write_text(json);
        }
        if matches!(self.kind, Kind::Message { is_refusal: false }) {
            json.put_list("annotations", |json| json.0.extend_from_slice(&self.annotations));
            json.put_list("logprobs", |json| json.0.extend_from_slice(&self.logprobs));
        }
    }

    /// Ends a delta of text that tells of its tokens. An element's comma stands before it.
    pub(super) fn tell_logprobs(&mut self, out: &mut Vec<u8>) {
        let told = &self.logprobs[self.logprobs_told..];
        out.extend_from_slice(b"\",\"logprobs\":[");
        out.extend_from_slice(told.strip_prefix(b",").unwrap_or(told));
        out.extend_from_slice(b"]}\n\n");
        self.logprobs_told = self.logprobs.len();
    }

    /// Moves the open part to the finished ones.
    pub(super) fn close_part(&mut self) {
        if !matches!(self.kind, Kind::Call { .. }) {
            let part = object(|json| self.write_part(json, false));
            element(&mut self.parts, &part);
            self.text.clear();
        }
        self.frame = None;
        self.annotations.clear();
        self.annotation_count = 0;
        self.logprobs.clear();
        self.logprobs_told = 0;
        self.characters = 0;
        self.count += 1;
        self.is_part_open = false;
    }

    pub(super) fn write(&self, json: &mut Json<'_>, status: &str, opaque: Option<&Opaque>) {
        json.put("id", &self.id);
        match &self.kind {
            Kind::Message { .. } => {
                json.put("type", "message");
                json.put("status", status);
                json.put("role", "assistant");
                json.put_list("content", |json| json.0.extend_from_slice(&self.parts));
            }
            Kind::Reasoning => {
                json.put("type", "reasoning");
                json.put_list("summary", |json| json.0.extend_from_slice(&self.parts));
                // Without any, a provider that speaks this format would look for it by an id that it did not give.
                match opaque {
                    Some(opaque) => json.put("encrypted_content", &opaque.shown_to(Format::OpenAiResponses)),
                    None if status == "completed" => json.put("encrypted_content", UNSIGNED),
                    None => {}
                }
            }
            Kind::Call { call_id, name, namespace, kind } => {
                let (word, field) = match kind {
                    CallKind::Function => ("function_call", "arguments"),
                    CallKind::Custom => ("custom_tool_call", "input"),
                };
                json.put("type", word);
                json.put("status", status);
                json.put("call_id", call_id);
                json.put("name", name);
                json.put_some("namespace", namespace.as_deref());
                json.key(field);
                self.write_text(json);
            }
        }
    }
}

/// Adds an element to a JSON array's inside.
pub(super) fn element(list: &mut Vec<u8>, element: &[u8]) {
    if !list.is_empty() {
        list.push(b',');
    }
    list.extend_from_slice(element);
}
