//! What Google did itself: code among the parts of an answer, searches and pages beside them.

use super::grounding::Grounding;
use crate::json::Json;
use crate::neutral::opaque::{Origin, fnv};
use crate::neutral::served::{Outcome, Page, Served, Work, raw};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most pages and searches that are told of one answer.
const TOLD_MAX: usize = 256;

#[derive(Deserialize)]
struct ExecutableCode {
    language: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct CodeExecutionResult {
    outcome: Option<String>,
    output: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlContext {
    url_metadata: Option<Vec<UrlMetadata>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlMetadata {
    retrieved_url: Option<String>,
    url_retrieval_status: Option<String>,
}

/// Calls while an answer is read.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Code that waits for what it wrote.
    code: Option<(Served, String)>,
    /// Searches and pages, which are told when the answer is over: they may come again with each message.
    queries: Vec<String>,
    pages: Vec<Page>,
    fetched: Vec<(Page, Option<String>)>,
}

impl Gathering {
    /// Code that was written. What waited before it is told without an outcome.
    pub(super) fn code(&mut self, part: &RawValue, id: &str) -> Option<Served> {
        let waiting = self.take();
        let read: ExecutableCode = serde_json::from_str(part.get()).ok()?;
        let language = read.language.unwrap_or_default().to_ascii_lowercase();
        let code = read.code.unwrap_or_default();
        let id = format!("code_{:016x}", fnv(id.bytes().chain(code.bytes())));
        let served = Served { id, work: Work::Code { language, code }, outcome: None, raw: None };
        self.code = Some((served, part.get().to_owned()));
        waiting
    }

    /// What code wrote: the call as a whole.
    pub(super) fn result(&mut self, part: &RawValue, origin: Origin) -> Option<Served> {
        let outcome = read_result(part)?;
        let (mut served, code) = self.code.take()?;
        served.outcome = Some(outcome);
        let parts = format!("{{\"executableCode\":{code}}},{{\"codeExecutionResult\":{}}}", part.get());
        served.raw = raw(origin, parts);
        Some(served)
    }

    /// Code that nothing came of, so far.
    pub(super) fn take(&mut self) -> Option<Served> {
        self.code.take().map(|(served, _)| served)
    }

    /// What was searched for and found.
    pub(super) fn grounding(&mut self, grounding: &Grounding) {
        for query in grounding.queries() {
            if self.queries.len() < TOLD_MAX && !self.queries.contains(query) {
                self.queries.push(query.clone());
            }
        }
        for page in grounding.pages() {
            if self.pages.len() < TOLD_MAX && !self.pages.contains(&page) {
                self.pages.push(page);
            }
        }
    }

    /// What was read.
    pub(super) fn url_context(&mut self, context: &RawValue) {
        let read: Option<UrlContext> = serde_json::from_str(context.get()).ok();
        for UrlMetadata { retrieved_url, url_retrieval_status } in read.and_then(|it| it.url_metadata).into_iter().flatten() {
            let Some(url) = retrieved_url.filter(|_| self.fetched.len() < TOLD_MAX) else { continue };
            let failed = url_retrieval_status.filter(|status| !status.ends_with("_SUCCESS"));
            let failed = failed.map(|status| status.trim_start_matches("URL_RETRIEVAL_STATUS_").to_ascii_lowercase());
            let fetched = (Page { url, title: String::new() }, failed);
            if !self.fetched.contains(&fetched) {
                self.fetched.push(fetched);
            }
        }
    }

    /// All that is left to tell when the answer is over.
    pub(super) fn rest(&mut self, id: &str) -> Vec<Served> {
        let Self { code, queries, pages, fetched } = std::mem::take(self);
        let made = |kind: &str, of: &str| format!("{kind}_{:016x}", fnv(id.bytes().chain(of.bytes())));
        let mut rest = Vec::from_iter(code.map(|(served, _)| served));
        if !queries.is_empty() {
            let outcome = Some(Outcome { pages, ..Outcome::default() });
            let id = made("search", &queries.concat());
            rest.push(Served { id, work: Work::Search(queries), outcome, raw: None });
        }
        for (page, error) in fetched {
            let (id, url) = (made("fetch", &page.url), page.url.clone());
            let outcome = Some(Outcome { pages: vec![page], error, ..Outcome::default() });
            rest.push(Served { id, work: Work::Fetch(url), outcome, raw: None });
        }
        rest
    }
}

/// How many parts a call is.
pub(super) const fn parts(served: &Served) -> usize {
    match served.work {
        Work::Code { .. } => 1 + served.outcome.is_some() as usize,
        Work::Search(_) | Work::Fetch(_) => 0,
    }
}

/// The parts of code and what it wrote, as elements of `parts`.
pub(super) fn write_parts(json: &mut Json<'_>, served: &Served) {
    let Work::Code { language, code } = &served.work else { return };
    json.object(|json| {
        json.put_object("executableCode", |json| {
            json.put("language", if language == "python" { "PYTHON" } else { "LANGUAGE_UNSPECIFIED" });
            json.put("code", code);
        });
    });
    let Some(outcome) = &served.outcome else { return };
    json.object(|json| {
        json.put_object("codeExecutionResult", |json| {
            json.put("outcome", if outcome.error.is_some() { "OUTCOME_FAILED" } else { "OUTCOME_OK" });
            let output = if outcome.output.is_empty() { outcome.error.as_deref().unwrap_or_default() } else { &outcome.output };
            json.put("output", output);
        });
    });
}

/// A call that a history holds: code, to which what it wrote may follow.
pub(super) fn read_code(part: &RawValue) -> Option<Served> {
    let mut gathering = Gathering::default();
    gathering.code(part, "");
    gathering.take()
}

/// What the code before it wrote.
pub(super) fn read_result(part: &RawValue) -> Option<Outcome> {
    let read: CodeExecutionResult = serde_json::from_str(part.get()).ok()?;
    let error = read.outcome.filter(|outcome| outcome != "OUTCOME_OK" && outcome != "OUTCOME_UNSPECIFIED");
    let error = error.map(|outcome| outcome.trim_start_matches("OUTCOME_").to_ascii_lowercase());
    Some(Outcome { output: read.output.unwrap_or_default(), error, ..Outcome::default() })
}
