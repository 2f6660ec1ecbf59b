//! The table of endpoints, and what is made of it: the router, the check of roles, the answer to other methods, and the
//! API's description. An endpoint that is not in the table does not exist, and one in it cannot forget to ask for a key.

use crate::app::{App, AppState};
use crate::auth::{self, Entrance};
use crate::deps::Deps;
use crate::error::ApiError;
use crate::route::Route;
use crate::{
    access_keys, accounts, api_keys, audit_log, backends, budgets, configurations, credits, explain, gateway_config, health,
    managed_keys, metrics, models, openapi, operator_keys, provider_keys, providers, teams, tiers, usage, virtual_models,
};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Every endpoint.
pub(crate) fn routes() -> Vec<Route> {
    [
        access_keys::routes(),
        configurations::routes(),
        teams::routes(),
        api_keys::routes(),
        provider_keys::routes(),
        providers::routes(),
        virtual_models::routes(),
        models::routes(),
        gateway_config::routes(),
        explain::routes(),
        backends::routes(),
        usage::routes(),
        budgets::routes(),
        credits::routes(),
        audit_log::routes(),
        accounts::routes(),
        tiers::routes(),
        managed_keys::routes(),
        operator_keys::routes(),
        health::routes(),
        metrics::routes(),
        openapi::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The whole API.
pub fn router(deps: Arc<Deps>) -> Router {
    let routes = routes();
    let openapi = openapi::document(&routes, &deps.options.public_url);
    let paths: Arc<[(Method, String)]> = routes.iter().map(|route| (route.method.clone(), route.path.clone())).collect();
    let app: App = Arc::new(AppState::new(deps, openapi));
    let mut router: Router<App> = Router::new();
    for route in routes {
        let remembers_keys = !route.operation.remembers_its_keys;
        let entrance = Entrance { app: Arc::clone(&app), access: route.access, remembers_keys };
        let enter = middleware::from_fn_with_state(entrance, auth::enter);
        router = router.route(&route.path, route.handler.route_layer(enter));
    }
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(move |request: Request| {
            let paths = Arc::clone(&paths);
            async move { method_not_allowed(&paths, request.uri().path()) }
        })
        .with_state(app)
}

async fn no_such_path() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        "There is nothing at this path. GET /openapi.json tells all that there is.",
    )
    .known_as(Some("ERR_NGROK_27611"))
}

/// Says which methods the path has: whoever is told "not this one" wants to know which.
fn method_not_allowed(paths: &[(Method, String)], path: &str) -> Response {
    let mut allowed = Vec::new();
    for (method, _) in paths.iter().filter(|(_, pattern)| matches(pattern, path)) {
        allowed.push(method.as_str());
        if *method == Method::GET {
            allowed.push("HEAD");
        }
    }
    let allowed = allowed.join(", ");
    let error = ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("This path does not have that method; it has {allowed}."),
    );
    let header_value = HeaderValue::from_str(&allowed).unwrap_or(HeaderValue::from_static(""));
    error.known_as(Some("ERR_NGROK_27614")).with_header(header::ALLOW, header_value).into_response()
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| expected == part || expected.starts_with('{')))
        && parts.next().is_none()
}
