//! Calls that the provider answered itself, which this format has no words for: `server_tool_calls` of a message. They are none of
//! its `tool_calls`, which a client would try to answer.

use crate::json::{Json, Path, list};
use crate::neutral::loss::Untranslatable;
use crate::neutral::served::{Outcome, Page, Served, Work, opened};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::format::Format;

/// The member of a message or a delta.
pub(crate) const KEY: &str = "server_tool_calls";

/// Writes one call. In a stream it has a number.
pub(super) fn write(json: &mut Json<'_>, served: &Served, index: Option<u64>) {
    json.object(|json| {
        if let Some(index) = index {
            json.put_number("index", index);
        }
        json.put("id", &served.id);
        json.put("type", served.kind().name());
        match &served.work {
            Work::Search(queries) => json.put_texts("queries", queries.iter().map(String::as_str)),
            Work::Fetch(url) => json.put("url", url),
            Work::Code { language, code } => {
                json.put("language", language);
                json.put("code", code);
            }
        }
        if let Some(outcome) = &served.outcome {
            if !matches!(served.work, Work::Code { .. }) {
                json.put_list("results", |json| {
                    outcome.pages.iter().for_each(|page| {
                        json.object(|json| {
                            json.put("url", &page.url);
                            json.put("title", &page.title);
                        });
                    });
                });
            }
            if !outcome.output.is_empty() || matches!(served.work, Work::Code { .. }) {
                json.put("output", &outcome.output);
            }
            json.put_some("error", outcome.error.as_deref());
        }
        json.put("encrypted_content", &served.envelope(Format::OpenAiChat));
    });
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    queries: Option<Vec<String>>,
    url: Option<String>,
    language: Option<String>,
    code: Option<String>,
    results: Option<Vec<Found>>,
    output: Option<String>,
    error: Option<String>,
    encrypted_content: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    url: Option<String>,
    title: Option<String>,
}

/// Reads the calls that a client sends back. What is not as it was told is nothing.
pub(super) fn read(calls: &RawValue, path: &Path<'_>) -> Result<Vec<Served>, Untranslatable> {
    Ok(list(calls, path)?.into_iter().filter_map(one).collect())
}

fn one(call: &RawValue) -> Option<Served> {
    let call: Call = serde_json::from_str(call.get()).ok()?;
    let work = match call.kind?.as_str() {
        "web_search" => Work::Search(call.queries.unwrap_or_default()),
        "web_fetch" => Work::Fetch(call.url.unwrap_or_default()),
        "code_execution" => Work::Code { language: call.language.unwrap_or_default(), code: call.code.unwrap_or_default() },
        _ => return None,
    };
    let is_over = call.results.is_some() || call.output.is_some() || call.error.is_some();
    let page = |found: Found| Some(Page { url: found.url?, title: found.title.unwrap_or_default() });
    let outcome = Outcome {
        pages: call.results.into_iter().flatten().filter_map(page).collect(),
        output: call.output.unwrap_or_default(),
        error: call.error,
    };
    let raw = call.encrypted_content.as_deref().and_then(opened);
    Some(Served { id: call.id, work, outcome: is_over.then_some(outcome), raw })
}
