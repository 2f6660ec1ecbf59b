//! The API's description as an OpenAPI 3.1 document. It is made from the table of endpoints, from the rules of request bodies
//! and from the types of answers, so there is nothing in it to be kept up to date.

use crate::app::App;
use crate::auth::ACCOUNT_HEADER;
use crate::error::ErrorBody;
use crate::idempotency::KEY_LENGTH_MAX;
use crate::page::Param;
use crate::route::{Access, Answer, Operation, Route};
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

pub(crate) fn routes() -> Vec<Route> {
    let summary = "Describes this API.";
    vec![
        Route::get("/openapi.json", Access::Open, serve)
            .named("getOpenApi", "Gateway", summary)
            .answers_text("application/json"),
    ]
}

async fn serve(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.clone())
}

/// The document, for an API that is reached at this URL.
pub(crate) fn document(routes: &[Route], public_url: &str) -> String {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.contract = Contract::Serialize;
            settings.meta_schema = None;
        })
        .into_generator();
    generator.subschema_for::<ErrorBody>();
    let mut paths: Map<String, Value> = Map::new();
    let mut bodies: Map<String, Value> = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for route in routes {
        if !tags.contains(&route.operation.tag) {
            tags.push(route.operation.tag);
        }
        if let Some(body) = &route.operation.body {
            bodies.entry(body.name).or_insert_with(body.schema);
        }
        let described = operation(route, &mut generator);
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = described;
    }
    let mut schemas = generator.take_definitions(true);
    schemas.values_mut().for_each(close);
    schemas.extend(bodies);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Wardgate management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Manages a Wardgate gateway: who may call models, with whose credentials, and what it cost. \
                            Every GET answers HEAD too.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": if public_url.is_empty() { "/" } else { public_url }}],
        "tags": tags.iter().map(|tag| json!({"name": tag})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key (nga-…) manages its own account."},
                "operatorKey": {"type": "http", "scheme": "bearer", "description": "An operator key (ngo-…) manages the gateway."},
            },
        },
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let Operation { id, tag, summary, status, .. } = &route.operation;
    let mut described = json!({"operationId": id, "tags": [tag], "summary": summary});
    let parameters = parameters(route);
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if let Some(body) = &route.operation.body {
        let schema = json!({"$ref": format!("#/components/schemas/{}", body.name)});
        described["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema, "example": (body.example)()}}});
    }
    let mut answers: Map<String, Value> = Map::new();
    answers.insert(status.to_string(), answer(route, generator));
    for (status, name) in failures(route) {
        answers.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
    }
    described["responses"] = Value::Object(answers);
    described["security"] = match route.access {
        Access::Open => json!([]),
        Access::Account(_) | Access::Anywhere(_) => json!([{"apiKey": []}, {"operatorKey": []}]),
        Access::Operator | Access::OperatorInAccount => json!([{"operatorKey": []}]),
    };
    if let Access::Account(role) | Access::Anywhere(role) = route.access {
        described["x-wardgate-role"] = json!(role.name());
    }
    described
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters = Vec::new();
    let parts = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for (part, schema) in parts.zip(&route.operation.path_ids) {
        let schema = schema();
        parameters.push(json!({"name": part, "in": "path", "required": true, "schema": schema}));
    }
    for Param { name, doc, is_required, schema } in &route.operation.parameters {
        let schema = schema();
        parameters.push(json!({"name": name, "in": "query", "required": is_required, "description": doc, "schema": schema}));
    }
    let mut header = |name: &str, doc: &str, is_required: bool, schema: Value| {
        parameters.push(json!({"name": name, "in": "header", "required": is_required, "description": doc, "schema": schema}));
    };
    let account = json!({"type": "string", "minLength": 1});
    match route.access {
        Access::OperatorInAccount => header(ACCOUNT_HEADER, "The account, by id or name.", true, account),
        Access::Account(_) | Access::Anywhere(_) => {
            header(ACCOUNT_HEADER, "For operator keys: the account, by id or name. Not for API keys.", false, account);
        }
        Access::Open | Access::Operator => {}
    }
    let text = json!({"type": "string"});
    match route.method {
        Method::POST => {
            let doc = "Makes it safe to send the request again: within a day it is done once, and answered the same each time.";
            header("Idempotency-Key", doc, false, json!({"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX}));
        }
        Method::GET if route.operation.is_versioned => {
            header("If-None-Match", "An ETag: 304 if the object is still of this version.", false, text);
            return parameters;
        }
        _ => {}
    }
    if route.operation.is_versioned {
        header("If-Match", "An ETag: 412 if the object is of another version by now.", false, text);
    }
    parameters
}

fn answer(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let content = match &route.operation.answer {
        Answer::Nothing => return json!({"description": "Done."}),
        Answer::Object(schema) => json!({"application/json": {"schema": schema(generator)}}),
        Answer::Page(envelope, item) => {
            let item = item(generator);
            let mut properties = Map::new();
            properties.insert((*envelope).to_owned(), json!({"type": "array", "items": item}));
            properties.insert("uri".to_owned(), json!({"type": "string"}));
            let next = "The address of the next page; null on the last one.";
            properties.insert("nextPageUri".to_owned(), json!({"type": ["string", "null"], "description": next}));
            let required: Vec<&String> = properties.keys().collect();
            let schema =
                json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties});
            json!({"application/json": {"schema": schema}})
        }
        Answer::Text(media_type) => json!({*media_type: {"schema": {}}}),
    };
    let mut described = json!({"description": "Done.", "content": content});
    let is_made = route.operation.status == 201;
    if route.operation.is_versioned || is_made {
        described["headers"] = json!({"ETag": {"description": "The object's version.", "schema": {"type": "string"}}});
    }
    described
}

/// The statuses of errors, and the names of their descriptions.
fn failures(route: &Route) -> Vec<(u16, &'static str)> {
    if route.access == Access::Open {
        return Vec::new();
    }
    let mut failures = vec![(400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden"), (404, "NotFound")];
    let is_read = route.method == Method::GET;
    if is_read && route.operation.is_versioned {
        failures.push((304, "NotModified"));
    }
    if !is_read {
        failures.push((409, "Conflict"));
    }
    if !is_read && route.operation.is_versioned {
        failures.push((412, "VersionChanged"));
    }
    if route.operation.body.is_some() {
        failures.extend([(413, "TooLarge"), (415, "NotJson")]);
    }
    if route.method == Method::POST {
        failures.push((422, "IdempotencyKeyReuse"));
    }
    if route.operation.may_be_missing {
        failures.push((501, "NotImplemented"));
    }
    failures.extend([(414, "UriTooLong"), (500, "Internal"), (503, "Unavailable")]);
    failures
}

fn responses() -> Value {
    let error = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
    let described = [
        ("BadRequest", "The request is wrong; `details` says where."),
        ("Unauthorized", "No key, or one that is not served."),
        ("Forbidden", "The key may not do this."),
        ("NotFound", "There is no such object in this account."),
        ("Conflict", "What is there does not allow it."),
        ("VersionChanged", "The object is of another version than `If-Match` names."),
        ("TooLarge", "The body is too long."),
        ("UriTooLong", "The address is too long."),
        ("NotJson", "The body is not declared to be JSON."),
        ("IdempotencyKeyReuse", "The Idempotency-Key was sent before with another body."),
        ("Internal", "The gateway failed."),
        ("NotImplemented", "This gateway does not have it; the message says what to do instead."),
        ("Unavailable", "The gateway cannot answer at this moment; the header Retry-After says when to try again."),
    ];
    let mut responses: Map<String, Value> =
        described.map(|(name, text)| (name.to_owned(), json!({"description": text, "content": error}))).into_iter().collect();
    responses.insert("NotModified".to_owned(), json!({"description": "The object is still of that version."}));
    Value::Object(responses)
}

/// Answers hold the fields that are described and no others.
fn close(schema: &mut Value) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
}
