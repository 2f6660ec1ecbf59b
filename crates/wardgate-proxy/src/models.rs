//! `GET /v1/models`: what a key may call, in the caller's dialect.

use crate::body::ReplyBody;
use crate::cache::TenantSnapshot;
use crate::failure::Failure;
use crate::phase::configure::Caller;
use crate::phase::ingress::Dialect;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use wardgate_core::format::Format;
use wardgate_model::{Model, Provider};

/// One model as a list shows it.
struct Listed {
    id: String,
    owner: String,
    display_name: String,
}

/// All models that the caller may use.
pub(crate) fn list(caller: &Caller, dialect: Dialect) -> Response<ReplyBody> {
    let listed = listed(&caller.tenant);
    json(&match dialect.format {
        Format::AnthropicMessages => serde_json::json!({
            "data": listed.iter().map(anthropic).collect::<Vec<_>>(),
            "has_more": false,
            "first_id": listed.first().map(|model| &model.id),
            "last_id": listed.last().map(|model| &model.id),
        }),
        _ => serde_json::json!({ "object": "list", "data": listed.iter().map(openai).collect::<Vec<_>>() }),
    })
}

/// One of them.
pub(crate) fn get(caller: &Caller, id: &str, dialect: Dialect) -> Result<Response<ReplyBody>, Failure> {
    let listed = listed(&caller.tenant);
    let model =
        listed.iter().find(|model| model.id.eq_ignore_ascii_case(id)).ok_or_else(|| Failure::ModelNotListed(id.to_owned()))?;
    Ok(json(&match dialect.format {
        Format::AnthropicMessages => anthropic(model),
        _ => openai(model),
    }))
}

fn listed(tenant: &TenantSnapshot) -> Vec<Listed> {
    let overlay = &tenant.overlay;
    let is_usable =
        |provider: &Provider| provider.works_without_key() || !tenant.credentials.of(provider.name.as_str()).is_empty();
    let mut listed = Vec::new();
    for model in overlay.catalog().models().iter().filter(|model| model.is_chat && model.is_offered) {
        if overlay.provider(model.provider.as_str()).is_some_and(|provider| is_usable(provider)) {
            let owner = model.author.clone();
            listed.push(Listed { id: shortest_id(tenant, model), owner, display_name: model.display_name.clone() });
        }
    }
    for provider in overlay.providers().filter(|provider| is_usable(provider)) {
        let declared = provider.declared_models.iter().map(|model| Listed {
            id: format!("{}:{}", provider.name, model.id),
            owner: provider.name.to_string(),
            display_name: format!("{} {}", provider.display_name, model.id),
        });
        listed.extend(declared);
    }
    listed
}

/// The bare id where it leads to this very provider, else `provider:id`.
fn shortest_id(tenant: &TenantSnapshot, model: &Model) -> String {
    let leads_here =
        tenant.overlay.catalog().models_named(&model.id).first().is_some_and(|first| first.provider == model.provider);
    if leads_here { model.id.to_string() } else { format!("{}:{}", model.provider, model.id) }
}

fn openai(model: &Listed) -> serde_json::Value {
    serde_json::json!({ "id": model.id, "object": "model", "created": 0, "owned_by": model.owner })
}

fn anthropic(model: &Listed) -> serde_json::Value {
    serde_json::json!({ "type": "model", "id": model.id, "display_name": model.display_name, "created_at": "1970-01-01T00:00:00Z" })
}

fn json(value: &impl Serialize) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::whole(serde_json::to_vec(value).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
