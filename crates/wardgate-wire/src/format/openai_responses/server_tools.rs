//! Tools that OpenAI runs: searching the web and running code.

use crate::format::openai_chat::server_tools::{read_location, write_location};
use crate::json::read::is_text;
use crate::json::{Json, Object, Path};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::server_tool::{ServerTool, ServerToolKind};
use crate::transcode::fit::Fit;

/// Which tool a type means, among those that other formats have.
pub(crate) fn kind(word: &str) -> Option<ServerToolKind> {
    match word {
        "web_search" | "web_search_2025_08_26" | "web_search_preview" | "web_search_preview_2025_03_11" => {
            Some(ServerToolKind::WebSearch)
        }
        "code_interpreter" => Some(ServerToolKind::CodeExecution),
        _ => None,
    }
}

pub(super) fn read(
    kind: ServerToolKind,
    object: &mut Object<'_>,
    path: &Path<'_>,
    warnings: &mut Warnings,
) -> Result<ServerTool, Untranslatable> {
    let mut tool = ServerTool::new(kind, path.to_string());
    tool.context_size = object.text("search_context_size", path)?;
    if let Some(mut location) = object.object("user_location", path)? {
        tool.location = Some(read_location(&mut location, &path.key("user_location"), warnings)?);
    }
    if let Some(mut filters) = object.object("filters", path)? {
        let path = path.key("filters");
        tool.domains.allowed = filters.texts("allowed_domains", &path)?;
        tool.domains.blocked = filters.texts("blocked_domains", &path)?;
        filters.warn_rest(&path, warnings);
    }
    if object.flag("external_web_access", path)? == Some(false) {
        let why = "a search in what was stored before does not exist at this provider";
        return Err(path.key("external_web_access").refuse("server_tool_not_available", why));
    }
    if let Some(container) = object.take("container") {
        let path = path.key("container");
        if is_text(container) {
            let why = "the container lives at OpenAI and cannot be used with this provider: ask for a new one";
            return Err(path.refuse("unsupported_parameter", why));
        }
        let mut container = Object::read(container, &path)?;
        if !container.texts("file_ids", &path)?.is_empty() {
            let why = "the files are stored at another provider: send their content";
            return Err(path.key("file_ids").refuse("file_id_not_portable", why));
        }
        container.take("type");
        container.warn_rest(&path, warnings);
    }
    object.warn_rest(path, warnings);
    Ok(tool)
}

/// The tools, as elements of `tools`.
pub(super) fn write(fit: &Fit<'_>, json: &mut Json<'_>) {
    let bounds_uses = uses_max(fit).is_some();
    for tool in fit.server_tools() {
        fit.drop_of_tool(tool, bounds_uses, true);
        json.object(|json| match tool.kind {
            ServerToolKind::CodeExecution => {
                json.put("type", "code_interpreter");
                json.put_object("container", |json| json.put("type", "auto"));
            }
            // Reading a URL is refused before.
            ServerToolKind::WebSearch | ServerToolKind::UrlFetch => {
                json.put("type", "web_search");
                fit.drop_domains(tool, false, true);
                if !tool.domains.allowed.is_empty() {
                    json.put_object("filters", |json| {
                        json.put_texts("allowed_domains", tool.domains.allowed.iter().map(String::as_str));
                    });
                }
                json.put_some("search_context_size", tool.context_size.as_deref());
                if let Some(location) = &tool.location {
                    json.put_object("user_location", |json| {
                        json.put("type", "approximate");
                        write_location(json, location);
                    });
                }
            }
        });
    }
}

/// The bound on all uses of the provider's tools, where one tool alone is bounded and there is no other.
pub(super) fn uses_max(fit: &Fit<'_>) -> Option<u64> {
    match fit.server_tools().as_slice() {
        [tool] => tool.uses_max,
        _ => None,
    }
}

/// The type that a tool choice names it by.
pub(super) fn word(name: &str) -> &'static str {
    if name == ServerToolKind::CodeExecution.name() { "code_interpreter" } else { "web_search" }
}
