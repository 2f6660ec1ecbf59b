//! OpenAI's legacy Completions, for clients that still write it: the prompt is a turn of the user, what the model says is the
//! completion.

mod logprobs;

use super::options::ReplyOptions;
use crate::format::openai_chat::decode_request::sampling;
use crate::format::openai_chat::encode_reply::{finish_reason, write_usage};
use crate::json::read::{is_text, text};
use crate::json::write::object;
use crate::json::{Json, Object, Path, list};
use crate::neutral::content::{Content, Role, Turn};
use crate::neutral::event::{Event, Open};
use crate::neutral::logprobs::Logprob;
use crate::neutral::loss::Untranslatable;
use crate::neutral::reply::Reply;
use crate::neutral::request::Request;
use serde_json::value::RawValue;
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

/// Fields without which the answer is the same, and those that steer the gateway.
const SILENT: [&str; 5] = ["models", "provider", "route", "transforms", "usage"];

pub(crate) fn decode(body: &RawValue) -> Result<Request, Untranslatable> {
    let path = Path::Root;
    let mut object = Object::read(body, &path)?;
    let mut request = Request::new(Format::OpenAiCompletions);
    request.model = object.text("model", &path)?.unwrap_or_default();
    let prompt_path = path.key("prompt");
    let prompt = object.take("prompt").ok_or_else(|| prompt_path.wrong("is missing"))?;
    let prompt = prompt_text(prompt, &prompt_path)?;
    request.turns.push(Turn {
        role: Role::User,
        parts: vec![Content::text(prompt).into()],
        name: None,
        phase: None,
        path: "prompt".to_owned(),
    });
    sampling(&mut object, &path, &mut request)?;
    // Sixteen is what the format means where nothing is said.
    request.output_tokens_max = Some(object.count("max_tokens", &path)?.unwrap_or(16));
    request.user = object.text("user", &path)?;
    request.is_stream = object.flag("stream", &path)?.unwrap_or(false);
    if let Some(mut options) = object.object("stream_options", &path)? {
        request.wants_usage = options.flag("include_usage", &path.key("stream_options"))?.unwrap_or(false);
    }
    for key in ["n", "best_of"] {
        if object.count(key, &path)?.is_some_and(|count| count > 1) {
            return Err(path.key(key).refuse("unsupported_parameter", "only one answer can be asked for from this provider"));
        }
    }
    if object.text("suffix", &path)?.is_some_and(|suffix| !suffix.is_empty()) {
        return Err(path
            .key("suffix")
            .refuse("unsupported_parameter", "text behind the completion cannot be given to this provider"));
    }
    if object.flag("echo", &path)? == Some(true) {
        return Err(path.key("echo").refuse("unsupported_parameter", "the prompt cannot be repeated by this provider"));
    }
    for key in SILENT {
        object.take(key);
    }
    object.warn_rest(&path, &mut request.warnings);
    Ok(request)
}

/// The prompt: one text, or a list with one text.
fn prompt_text(value: &RawValue, path: &Path<'_>) -> Result<String, Untranslatable> {
    if is_text(value) {
        return text(value, path);
    }
    match list(value, path)?.as_slice() {
        [only] if is_text(only) => text(only, &path.at(0)),
        _ => Err(path.refuse("unsupported_input", "several prompts, or prompts of tokens, cannot be sent to this provider")),
    }
}

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    object(|json| {
        let model = options.model.as_deref().or(reply.model.as_deref());
        head(json, reply.id.as_deref().unwrap_or(&options.request_id), reply.created.unwrap_or(options.created), model);
        json.put_list("choices", |json| {
            json.object(|json| {
                let text: String = reply.parts.iter().map(said).collect();
                json.put("text", &text);
                json.put_number("index", 0);
                let tokens: Vec<Logprob> = reply.parts.iter().flat_map(Content::logprobs).cloned().collect();
                logprobs::put(json, &tokens, 0);
                json.put("finish_reason", finish_reason(&reply.stop));
            });
        });
        if let Some(usage) = &reply.usage {
            json.put_object("usage", |json| write_usage(json, usage));
        }
    })
}

fn said(part: &Content) -> &str {
    match part {
        Content::Text { text, .. } | Content::Refusal(text) => text,
        _ => "",
    }
}

fn head(json: &mut Json<'_>, id: &str, created: i64, model: Option<&str>) {
    json.put("id", id);
    json.put("object", "text_completion");
    json.put_integer("created", created);
    json.put("model", model.unwrap_or_default());
}

/// Writes neutral events as a Completions stream.
pub(crate) struct Writer {
    options: ReplyOptions,
    head: Vec<u8>,
    is_text: bool,
    /// Of the tokens of the next text, and where in all of it they begin, in characters.
    logprobs: Vec<Logprob>,
    offset: u64,
    usage: Option<Usage>,
}

impl Writer {
    pub(crate) const fn new(options: ReplyOptions) -> Self {
        Self { options, head: Vec::new(), is_text: false, logprobs: Vec::new(), offset: 0, usage: None }
    }

    pub(crate) fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created } => {
                self.head.clear();
                self.head.extend_from_slice(b"data: {");
                let model = self.options.model.as_deref().or(*model);
                let created = created.unwrap_or(self.options.created);
                head(&mut Json(&mut self.head), id.unwrap_or(&self.options.request_id), created, model);
            }
            Event::Open(open) => self.is_text = matches!(open, Open::Text | Open::Refusal),
            Event::Delta(delta) if self.is_text => self.choice(delta, None, out),
            Event::Logprobs(tokens) => self.logprobs.extend_from_slice(tokens),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop(stop) => self.choice("", Some(finish_reason(stop)), out),
            Event::End => {
                if let Some(usage) = self.usage.filter(|_| self.options.wants_usage) {
                    out.extend_from_slice(&self.head);
                    out.extend_from_slice(b",\"choices\":[],\"usage\":{");
                    write_usage(&mut Json(out), &usage);
                    out.extend_from_slice(b"}}\n\n");
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
            _ => {}
        }
    }

    fn choice(&mut self, text: &str, reason: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{");
        let mut json = Json(out);
        json.put("text", text);
        json.put_number("index", 0);
        self.offset = logprobs::put(&mut json, &self.logprobs, self.offset);
        self.logprobs.clear();
        match reason {
            Some(reason) => json.put("finish_reason", reason),
            None => json.put_null("finish_reason"),
        }
        out.extend_from_slice(b"}]}\n\n");
    }
}
