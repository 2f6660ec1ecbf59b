//! Calls of OpenAI's own tools in answers and histories: `web_search_call` and `code_interpreter_call`, one item each.

use crate::json::Json;
use crate::json::write::object;
use crate::neutral::opaque::{Origin, fnv};
use crate::neutral::served::{Outcome, Page, Served, Work, opened, raw};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::format::Format;

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
    status: Option<String>,
    action: Option<Action>,
    code: Option<String>,
    outputs: Option<Vec<Output>>,
    encrypted_content: Option<String>,
}

#[derive(Deserialize)]
struct Action {
    #[serde(rename = "type")]
    kind: Option<String>,
    query: Option<String>,
    queries: Option<Vec<String>>,
    url: Option<String>,
    sources: Option<Vec<Source>>,
}

#[derive(Deserialize)]
struct Source {
    url: Option<String>,
}

#[derive(Deserialize)]
struct Output {
    logs: Option<String>,
    url: Option<String>,
}

/// Whether an item is such a call.
pub(super) fn is_one(kind: &str) -> bool {
    matches!(kind, "web_search_call" | "code_interpreter_call")
}

/// Reads an item. None for one that is not what the format says.
pub(super) fn read(item: &RawValue, origin: Origin) -> Option<Served> {
    let Item { kind, id, status, action, code, outputs, encrypted_content } = serde_json::from_str(item.get()).ok()?;
    let mut outcome = Outcome::default();
    let work = if kind == "code_interpreter_call" {
        let outputs = outputs.unwrap_or_default();
        let told = |output: &Output| output.logs.clone().or_else(|| output.url.as_ref().map(|url| format!("[image] {url}")));
        outcome.output = outputs.iter().filter_map(told).collect::<Vec<_>>().join("\n");
        Work::Code { language: "python".to_owned(), code: code.unwrap_or_default() }
    } else {
        let action = action?;
        let sources = action.sources.into_iter().flatten().filter_map(|source| source.url);
        outcome.pages = sources.map(|url| Page { url, title: String::new() }).collect();
        match (action.kind.as_deref(), action.url) {
            (Some("open_page" | "find" | "find_in_page"), url) => Work::Fetch(url.unwrap_or_default()),
            _ => Work::Search(
                action.queries.filter(|queries| !queries.is_empty()).unwrap_or_else(|| Vec::from_iter(action.query)),
            ),
        }
    };
    let is_over = match status.as_deref() {
        Some("failed") => {
            outcome.error = Some("failed".to_owned());
            true
        }
        Some("in_progress" | "searching" | "interpreting" | "incomplete") => false,
        _ => true,
    };
    let raw = match encrypted_content {
        Some(sealed) => opened(&sealed),
        None => raw(origin, item.get().to_owned()),
    };
    Some(Served { id, work, outcome: is_over.then_some(outcome), raw })
}

/// An item for a client, and the events that tell how it goes, by their names.
pub(super) struct Told {
    pub(super) id: String,
    /// The item while it goes on, and when it is over.
    pub(super) begun: String,
    pub(super) done: String,
    /// The events before the code is told, and behind it.
    pub(super) before: &'static [&'static str],
    pub(super) code: Option<String>,
    pub(super) behind: &'static [&'static str],
}

/// What the id of a call begins with.
pub(super) const fn prefix(served: &Served) -> &'static str {
    if matches!(served.work, Work::Code { .. }) { "ci" } else { "ws" }
}

/// Writes a call for a client, under this id.
pub(super) fn write(served: &Served, id: String) -> Told {
    let is_code = matches!(served.work, Work::Code { .. });
    let text = |status: &str, is_done: bool| {
        String::from_utf8(object(|json| item(json, served, &id, status, is_done))).unwrap_or_default()
    };
    let status = match &served.outcome {
        None => "incomplete",
        Some(_) if served.is_error() => "failed",
        Some(_) => "completed",
    };
    // A web search has no word for one that was not finished.
    let status = if status == "incomplete" && !is_code { "failed" } else { status };
    let (begun, done) = (text("in_progress", false), text(status, true));
    let (before, behind): (&[_], &[_]) = match &served.work {
        Work::Code { .. } => (
            &["response.code_interpreter_call.in_progress"],
            &["response.code_interpreter_call.interpreting", "response.code_interpreter_call.completed"],
        ),
        _ => (
            &["response.web_search_call.in_progress", "response.web_search_call.searching"],
            &["response.web_search_call.completed"],
        ),
    };
    let code = match &served.work {
        Work::Code { code, .. } => Some(code.clone()),
        _ => None,
    };
    Told { id, begun, done, before, code, behind }
}

fn item(json: &mut Json<'_>, served: &Served, id: &str, status: &str, is_done: bool) {
    json.put("id", id);
    match &served.work {
        Work::Code { code, .. } => {
            json.put("type", "code_interpreter_call");
            json.put("status", status);
            json.put("code", if is_done { code } else { "" });
            json.put("container_id", &format!("cntr_{:016x}", fnv(id.bytes())));
            if is_done && (!served.output().is_empty() || served.is_error()) {
                let error = served.outcome.as_ref().and_then(|outcome| outcome.error.as_deref());
                json.put_list("outputs", |json| {
                    [Some(served.output()).filter(|logs| !logs.is_empty()), error].into_iter().flatten().for_each(|logs| {
                        json.object(|json| {
                            json.put("type", "logs");
                            json.put("logs", logs);
                        });
                    });
                });
            } else if is_done {
                json.put_raw("outputs", "[]");
            } else {
                json.put_null("outputs");
            }
        }
        Work::Search(queries) => {
            json.put("type", "web_search_call");
            json.put("status", status);
            json.put_object("action", |json| {
                json.put("type", "search");
                json.put("query", &served.query());
                json.put_texts("queries", queries.iter().map(String::as_str));
                if is_done {
                    json.put_list("sources", |json| {
                        served.pages().iter().for_each(|page| {
                            json.object(|json| {
                                json.put("type", "url");
                                json.put("url", &page.url);
                            });
                        });
                    });
                }
            });
        }
        Work::Fetch(url) => {
            json.put("type", "web_search_call");
            json.put("status", status);
            json.put_object("action", |json| {
                json.put("type", "open_page");
                json.put("url", url);
            });
        }
    }
    if is_done {
        json.put("encrypted_content", &served.envelope(Format::OpenAiResponses));
    }
}
