//! Calls of Anthropic's own tools in answers and histories: `server_tool_use`, and behind it a block with what came of it.

use crate::json::Json;
use crate::json::write::object;
use crate::neutral::opaque::{Opaque, Origin, UNSIGNED, fnv};
use crate::neutral::served::{Outcome, Page, Served, Work, opened, raw};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// How the ids of these calls begin. Anthropic takes no others.
const ID: &str = "srvtoolu_";

/// The member that marks blocks of another maker, so that they are taken out before Anthropic sees them.
const SEAL: &str = "encrypted_content";

#[derive(Deserialize)]
struct Use {
    id: String,
    name: String,
    #[serde(default)]
    input: Box<RawValue>,
    encrypted_content: Option<String>,
}

#[derive(Default, Deserialize)]
struct Input {
    query: Option<String>,
    url: Option<String>,
    code: Option<String>,
    command: Option<String>,
}

#[derive(Deserialize)]
struct Answered<'b> {
    tool_use_id: String,
    #[serde(borrow)]
    content: Option<&'b RawValue>,
}

/// What came of a call that found no list of pages.
#[derive(Default, Deserialize)]
struct Told<'b> {
    error_code: Option<String>,
    stdout: Option<String>,
    stderr: Option<String>,
    return_code: Option<i64>,
    url: Option<String>,
    #[serde(borrow)]
    content: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Found {
    url: Option<String>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    title: Option<String>,
    source: Option<DocumentSource>,
}

#[derive(Deserialize)]
struct DocumentSource {
    data: Option<String>,
    media_type: Option<String>,
}

/// Calls that wait for what comes of them.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Each call, its block, and what a client kept of its maker.
    waiting: Vec<(Served, String, Option<String>)>,
}

impl Pairing {
    /// A `server_tool_use` block. Says whether it is of a tool that other formats have.
    pub(super) fn call(&mut self, block: &str) -> bool {
        let Ok(used) = serde_json::from_str::<Use>(block) else { return false };
        let input: Input = serde_json::from_str(used.input.get()).unwrap_or_default();
        let code = |language: &str, code: Option<String>| Work::Code {
            language: language.to_owned(),
            code: code.unwrap_or_else(|| used.input.get().to_owned()),
        };
        let work = match used.name.as_str() {
            "web_search" => Work::Search(input.query.into_iter().collect()),
            "web_fetch" => Work::Fetch(input.url.unwrap_or_default()),
            "code_execution" => code("python", input.code),
            "bash_code_execution" => code("bash", input.command),
            "text_editor_code_execution" => code("json", None),
            _ => return false,
        };
        let served = Served { id: used.id, work, outcome: None, raw: None };
        self.waiting.push((served, block.to_owned(), used.encrypted_content));
        true
    }

    /// A block with what came of a call: the call as a whole.
    pub(super) fn result(&mut self, block: &str, origin: Origin) -> Option<Served> {
        let read: Answered<'_> = serde_json::from_str(block).ok()?;
        let at = self.waiting.iter().position(|(served, ..)| served.id == read.tool_use_id)?;
        let (mut served, call, sealed) = self.waiting.remove(at);
        served.outcome = Some(outcome(read.content));
        served.raw = kept(sealed, format!("{call},{block}"), origin);
        Some(served)
    }

    /// What still waits when the answer is over. None of it can be sent back, for Anthropic takes no call without a result.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = Served> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|(served, ..)| served)
    }
}

/// What goes back to the maker: the blocks themselves, or what a client was given in their place.
fn kept(sealed: Option<String>, blocks: String, origin: Origin) -> Option<Opaque> {
    match sealed {
        Some(sealed) => opened(&sealed),
        None => raw(origin, blocks),
    }
}

fn outcome(content: Option<&RawValue>) -> Outcome {
    let Some(content) = content else { return Outcome::default() };
    if content.get().starts_with('[') {
        let found: Vec<Found> = serde_json::from_str(content.get()).unwrap_or_default();
        let page = |found: Found| Some(Page { url: found.url?, title: found.title.unwrap_or_default() });
        return Outcome { pages: found.into_iter().filter_map(page).collect(), ..Outcome::default() };
    }
    let told: Told<'_> = serde_json::from_str(content.get()).unwrap_or_default();
    let mut outcome = Outcome { error: told.error_code, ..Outcome::default() };
    outcome.output =
        [told.stdout, told.stderr].into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    if let Some(code) = told.return_code.filter(|code| *code != 0) {
        outcome.error.get_or_insert_with(|| format!("exit code {code}"));
    }
    if let Some(url) = told.url {
        let document = told.content.and_then(|content| serde_json::from_str::<Document>(content.get()).ok());
        let title = document.as_ref().and_then(|document| document.title.clone()).unwrap_or_default();
        let source = document.and_then(|document| document.source);
        // A PDF is no text.
        let source = source.filter(|source| source.media_type.as_deref().is_none_or(|media| media.starts_with("text/")));
        outcome.output = source.and_then(|source| source.data).unwrap_or_default();
        outcome.pages.push(Page { url, title });
    } else if let Some(text) = told.content.and_then(|content| serde_json::from_str::<String>(content.get()).ok()) {
        outcome.output.push_str(&text);
    }
    outcome
}

/// The blocks of a call, for a client: the call without its input where that follows in pieces, the input, and what came of it.
pub(super) struct Blocks {
    /// The call, and where it has its input.
    pub(super) call: String,
    pub(super) input: String,
    pub(super) result: Option<String>,
}

/// Writes a call for a client. `is_whole`: with its input.
pub(super) fn blocks(served: &Served, is_whole: bool) -> Blocks {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
    let is_own = served
        .id
        .strip_prefix(ID)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    let id = if is_own { served.id.clone() } else { format!("{ID}{:016x}", fnv(format!("{served:?}").bytes())) };
    let (name, field, value) = match &served.work {
        Work::Search(_) => ("web_search", "query", served.query()),
        Work::Fetch(url) => ("web_fetch", "url", url.clone()),
        Work::Code { language, code } if language == "bash" => ("bash_code_execution", "command", code.clone()),
        Work::Code { code, .. } => ("code_execution", "code", code.clone()),
    };
    let input = text(object(|json| json.put(field, &value)));
    if let Some(raw) = served.raw.as_ref().filter(|raw| raw.origin.format == Format::AnthropicMessages) {
        let list = format!("[{}]", raw.data);
        let blocks: Vec<&RawValue> = serde_json::from_str(&list).unwrap_or_default();
        if let [call, result] = blocks.as_slice() {
            return Blocks { call: call.get().to_owned(), input: String::new(), result: Some(result.get().to_owned()) };
        }
    }
    let seal = served.envelope(Format::AnthropicMessages);
    let call = text(object(|json| {
        json.put("type", "server_tool_use");
        json.put("id", &id);
        json.put("name", name);
        json.put_raw("input", if is_whole { &input } else { "{}" });
        json.put(SEAL, &seal);
    }));
    let result = served.outcome.as_ref().map(|outcome| {
        text(object(|json| {
            json.put("type", &format!("{name}_tool_result"));
            json.put("tool_use_id", &id);
            write_outcome(json, name, &served.work, outcome);
            json.put(SEAL, UNSIGNED);
        }))
    });
    Blocks { call, input, result }
}

fn write_outcome(json: &mut Json<'_>, name: &str, work: &Work, outcome: &Outcome) {
    match (work, &outcome.error) {
        (Work::Search(_) | Work::Fetch(_), Some(error)) => json.put_object("content", |json| {
            json.put("type", &format!("{name}_tool_result_error"));
            json.put("error_code", error_code(error));
        }),
        (Work::Search(_), None) => json.put_list("content", |json| {
            for page in &outcome.pages {
                json.object(|json| {
                    json.put("type", "web_search_result");
                    json.put("url", &page.url);
                    json.put("title", &page.title);
                    json.put(SEAL, UNSIGNED);
                    json.put_null("page_age");
                });
            }
        }),
        (Work::Fetch(url), None) => json.put_object("content", |json| {
            let page = outcome.pages.first();
            json.put("type", "web_fetch_result");
            json.put("url", page.map_or(url, |page| &page.url));
            json.put_object("content", |json| {
                json.put("type", "document");
                json.put_object("source", |json| {
                    json.put("type", "text");
                    json.put("media_type", "text/plain");
                    json.put("data", &outcome.output);
                });
                json.put_some("title", page.map(|page| page.title.as_str()).filter(|title| !title.is_empty()));
            });
            json.put_null("retrieved_at");
        }),
        (Work::Code { .. }, error) => json.put_object("content", |json| {
            json.put("type", &format!("{name}_result"));
            json.put("stdout", &outcome.output);
            json.put("stderr", error.as_deref().unwrap_or_default());
            json.put_number("return_code", u64::from(error.is_some()));
            json.put_list("content", |_| {});
        }),
    }
}

/// The nearest word that the format has.
fn error_code(error: &str) -> &str {
    match error {
        "invalid_tool_input"
        | "invalid_input"
        | "max_uses_exceeded"
        | "too_many_requests"
        | "query_too_long"
        | "url_too_long"
        | "url_not_allowed"
        | "url_not_accessible"
        | "unsupported_content_type" => error,
        _ => "unavailable",
    }
}
