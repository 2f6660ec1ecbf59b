//! Tools that Google runs: `googleSearch`, `codeExecution`, `urlContext`.

use crate::json::{Json, Object, Path};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::request::OutputForm;
use crate::neutral::server_tool::{ServerTool, ServerToolKind};
use crate::transcode::fit::{Field, Fit};
use serde_json::value::RawValue;

/// Which tool a member means, among those that other formats have.
pub(super) fn kind(key: &str) -> Option<ServerToolKind> {
    match key {
        "googleSearch" | "google_search" | "googleSearchRetrieval" | "google_search_retrieval" => {
            Some(ServerToolKind::WebSearch)
        }
        "codeExecution" | "code_execution" => Some(ServerToolKind::CodeExecution),
        "urlContext" | "url_context" => Some(ServerToolKind::UrlFetch),
        _ => None,
    }
}

/// Whether a part tells what one of Google's tools did.
pub(super) fn is_trace(key: &str) -> bool {
    matches!(
        key,
        "executableCode"
            | "executable_code"
            | "codeExecutionResult"
            | "code_execution_result"
            | "toolCall"
            | "tool_call"
            | "toolResponse"
            | "tool_response"
    )
}

pub(super) fn read(
    kind: ServerToolKind,
    value: &RawValue,
    path: &Path<'_>,
    warnings: &mut Warnings,
) -> Result<ServerTool, Untranslatable> {
    let mut tool = ServerTool::new(kind, path.to_string());
    let mut object = Object::read(value, path)?;
    tool.domains.blocked = object.texts("excludeDomains", path)?;
    tool.domains.blocked.extend(object.texts("exclude_domains", path)?);
    object.warn_rest(path, warnings);
    Ok(tool)
}

/// Before Gemini 3 the tools of Google's stand alone.
pub(super) fn check(fit: &Fit<'_>) -> Result<(), Untranslatable> {
    fit.check_server_tools(|_| true)?;
    if fit.target.traits.is_gemini_3 || fit.server_tools().is_empty() {
        return Ok(());
    }
    if !fit.request.tools.is_empty() {
        let why = "this model cannot search, run code or read URLs while there are functions: choose Gemini 3 or later";
        return Err(fit.refuse_field("combination_not_supported", Field::Tools, why));
    }
    if !matches!(fit.request.output, OutputForm::Text) {
        let why = "this model cannot search, run code or read URLs and answer in JSON: choose Gemini 3 or later";
        return Err(fit.refuse_field("combination_not_supported", Field::Output, why));
    }
    Ok(())
}

/// The tools, as elements of `tools`.
pub(super) fn write(fit: &Fit<'_>, json: &mut Json<'_>) {
    let is_vertex = fit.target.traits.is_vertex;
    for tool in fit.server_tools() {
        fit.drop_of_tool(tool, false, false);
        let takes_blocked = is_vertex && tool.kind == ServerToolKind::WebSearch;
        fit.drop_domains(tool, true, !takes_blocked);
        json.object(|json| match tool.kind {
            ServerToolKind::CodeExecution => json.put_raw("codeExecution", "{}"),
            ServerToolKind::UrlFetch => json.put_raw("urlContext", "{}"),
            ServerToolKind::WebSearch => json.put_object("googleSearch", |json| {
                if takes_blocked && !tool.domains.blocked.is_empty() {
                    json.put_texts("excludeDomains", tool.domains.blocked.iter().map(String::as_str));
                }
            }),
        });
    }
}
