//! `GET /v1/models`: what a key may call, in the caller's dialect.

use crate::body::ReplyBody;
use crate::failure::Failure;
use crate::phase::configure::Caller;
use crate::phase::ingress::Dialect;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use wardgate_core::format::Family;
use wardgate_model::{Model, Target, resolve};
use wardgate_policy::{Facts, can_call};

/// Who owns a virtual model.
const VIRTUAL_OWNER: &str = "virtual-model";

/// One model as a list shows it.
struct Listed {
    id: String,
    owner: String,
    display_name: String,
}

/// All models that the caller may use.
pub(crate) fn list(caller: &Caller, dialect: Dialect) -> Response<ReplyBody> {
    let listed = listed(caller);
    json(&match dialect.format.family() {
        Family::Google => serde_json::json!({ "models": listed.iter().map(google).collect::<Vec<_>>() }),
        Family::Anthropic => serde_json::json!({
            "data": listed.iter().map(anthropic).collect::<Vec<_>>(),
            "has_more": false,
            "first_id": listed.first().map(|model| &model.id),
            "last_id": listed.last().map(|model| &model.id),
        }),
        Family::OpenAi | Family::Cohere | Family::Bedrock => {
            serde_json::json!({ "object": "list", "data": listed.iter().map(openai).collect::<Vec<_>>() })
        }
    })
}

/// One of them.
pub(crate) fn get(caller: &Caller, id: &str, dialect: Dialect) -> Result<Response<ReplyBody>, Failure> {
    let listed = listed(caller);
    let model =
        listed.iter().find(|model| model.id.eq_ignore_ascii_case(id)).ok_or_else(|| Failure::ModelNotListed(id.to_owned()))?;
    Ok(json(&match dialect.format.family() {
        Family::Google => google(model),
        Family::Anthropic => anthropic(model),
        Family::OpenAi | Family::Cohere | Family::Bedrock => openai(model),
    }))
}

/// What scope, credentials and tiers let the caller call, virtual models last.
fn listed(caller: &Caller) -> Vec<Listed> {
    let facts = caller.facts();
    let (allowance, team_id) = (&caller.tenant.allowance, caller.key.record.team_id);
    let may_call = |target: &Target| can_call(target, facts) && allowance.keeps_from(team_id, target).is_none();
    let overlay = facts.overlay;
    let mut listed = Vec::new();
    for model in overlay.catalog().models().iter().filter(|model| model.is_chat && model.is_offered) {
        let provider = overlay.provider(model.provider.as_str());
        if provider.is_some_and(|provider| may_call(&Target::of(provider, model))) {
            let owner = model.author.clone();
            listed.push(Listed { id: shortest_id(facts, model), owner, display_name: model.display_name.clone() });
        }
    }
    for provider in overlay.providers() {
        for declared in &provider.declared_models {
            let id = format!("{}:{}", provider.name, declared.id);
            if resolve(&id, overlay).is_ok_and(|target| may_call(&target)) {
                let display_name = format!("{} {}", provider.display_name, declared.id);
                listed.push(Listed { id, owner: provider.name.to_string(), display_name });
            }
        }
    }
    let leads_somewhere = |target: &String| resolve(target, overlay).is_ok_and(|target| may_call(&target));
    let mut names: Vec<_> = facts.virtual_models.iter().filter(|model| model.models.iter().any(leads_somewhere)).collect();
    names.sort_by(|one, other| one.name.cmp(&other.name));
    listed.extend(names.into_iter().map(|model| Listed {
        id: model.name.to_string(),
        owner: VIRTUAL_OWNER.to_owned(),
        display_name: model.name.to_string(),
    }));
    listed
}

/// The bare id where it leads to this very provider, else `provider:id`.
fn shortest_id(facts: Facts<'_>, model: &Model) -> String {
    let first = facts.overlay.catalog().models_named(&model.id).first();
    let leads_here =
        facts.virtual_models.get(&model.id).is_none() && first.is_some_and(|first| first.provider == model.provider);
    if leads_here { model.id.to_string() } else { format!("{}:{}", model.provider, model.id) }
}

fn openai(model: &Listed) -> serde_json::Value {
    serde_json::json!({ "id": model.id, "object": "model", "created": 0, "owned_by": model.owner })
}

fn anthropic(model: &Listed) -> serde_json::Value {
    serde_json::json!({ "type": "model", "id": model.id, "display_name": model.display_name, "created_at": "1970-01-01T00:00:00Z" })
}

fn google(model: &Listed) -> serde_json::Value {
    serde_json::json!({
        "name": format!("models/{}", model.id),
        "displayName": model.display_name,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

pub(crate) fn json(value: &impl Serialize) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::whole(serde_json::to_vec(value).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
