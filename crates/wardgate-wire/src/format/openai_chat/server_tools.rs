//! Searching the web in Chat Completions: no tool there, but options of the request.

use crate::json::{Json, Object, Path};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::neutral::server_tool::{Location, ServerTool, ServerToolKind};
use crate::transcode::fit::Fit;
use crate::transcode::target::ChatSearch;

/// `web_search_options`, if they are there. An empty object asks for a search, too.
pub(super) fn read(
    object: &mut Object<'_>,
    path: &Path<'_>,
    warnings: &mut Warnings,
) -> Result<Option<ServerTool>, Untranslatable> {
    let Some(mut options) = object.object("web_search_options", path)? else { return Ok(None) };
    let path = path.key("web_search_options");
    let mut tool = ServerTool::new(ServerToolKind::WebSearch, path.to_string());
    tool.context_size = options.text("search_context_size", &path)?;
    if let Some(mut outer) = options.object("user_location", &path)? {
        let path = path.key("user_location");
        tool.location = outer
            .object("approximate", &path)?
            .map(|mut inner| read_location(&mut inner, &path.key("approximate"), warnings))
            .transpose()?;
    }
    options.warn_rest(&path, warnings);
    Ok(Some(tool))
}

/// The members of a place, which several formats name alike.
pub(crate) fn read_location(
    object: &mut Object<'_>,
    path: &Path<'_>,
    warnings: &mut Warnings,
) -> Result<Location, Untranslatable> {
    object.take("type");
    let mut text = |key| object.text(key, path);
    let location =
        Location { country: text("country")?, region: text("region")?, city: text("city")?, timezone: text("timezone")? };
    object.warn_rest(path, warnings);
    Ok(location)
}

pub(crate) fn write_location(json: &mut Json<'_>, location: &Location) {
    let Location { country, region, city, timezone } = location;
    for (key, value) in [("city", city), ("country", country), ("region", region), ("timezone", timezone)] {
        json.put_some(key, value.as_deref());
    }
}

/// Asks for a search in the host's way.
pub(super) fn write(fit: &Fit<'_>, json: &mut Json<'_>) {
    let tools = fit.server_tools();
    let Some(tool) = tools.iter().find(|tool| tool.kind == ServerToolKind::WebSearch) else { return };
    match fit.target.traits.chat_search {
        ChatSearch::Options => options(fit, json, tool),
        ChatSearch::Always => perplexity(fit, json, tool),
        ChatSearch::Plugin => plugin(json, tool),
    }
}

fn options(fit: &Fit<'_>, json: &mut Json<'_>, tool: &ServerTool) {
    fit.drop_of_tool(tool, false, true);
    fit.drop_domains(tool, true, true);
    json.put_object("web_search_options", |json| {
        json.put_some("search_context_size", tool.context_size.as_deref());
        if let Some(location) = &tool.location {
            json.put_object("user_location", |json| {
                json.put("type", "approximate");
                json.put_object("approximate", |json| write_location(json, location));
            });
        }
    });
}

/// It searches anyway; only the options are told. A list of domains is of one kind, a minus before each that is ruled out.
fn perplexity(fit: &Fit<'_>, json: &mut Json<'_>, tool: &ServerTool) {
    fit.drop_of_tool(tool, false, true);
    let domains = &tool.domains;
    if !domains.allowed.is_empty() {
        fit.drop_domains(tool, false, true);
        json.put_texts("search_domain_filter", domains.allowed.iter().map(String::as_str));
    } else if !domains.blocked.is_empty() {
        let blocked: Vec<String> = domains.blocked.iter().map(|domain| format!("-{domain}")).collect();
        json.put_texts("search_domain_filter", blocked.iter().map(String::as_str));
    }
    if tool.context_size.is_some() || tool.location.is_some() {
        json.put_object("web_search_options", |json| {
            json.put_some("search_context_size", tool.context_size.as_deref());
            if let Some(Location { country, region, city, .. }) = &tool.location {
                json.put_object("user_location", |json| {
                    for (key, value) in [("country", country), ("region", region), ("city", city)] {
                        json.put_some(key, value.as_deref());
                    }
                });
            }
        });
    }
}

fn plugin(json: &mut Json<'_>, tool: &ServerTool) {
    json.put_list("plugins", |json| {
        json.object(|json| {
            json.put("id", "web");
            if let Some(uses) = tool.uses_max {
                json.put_number("max_uses", uses);
            }
            for (key, domains) in [("include_domains", &tool.domains.allowed), ("exclude_domains", &tool.domains.blocked)] {
                if !domains.is_empty() {
                    json.put_texts(key, domains.iter().map(String::as_str));
                }
            }
            if let Some(location) = &tool.location {
                json.put_object("user_location", |json| {
                    json.put("type", "approximate");
                    write_location(json, location);
                });
            }
        });
    });
}
