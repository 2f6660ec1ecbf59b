//! The table of endpoints.

use crate::app::{App, AppState};
use crate::deps::Deps;
use crate::error::ApiError;
use crate::{access_keys, auth, health, metrics, provider_keys, providers, usage};
use axum::Router;
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, delete, get, post};
use std::sync::Arc;

/// One endpoint. `GET` answers `HEAD` too.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    handler: MethodRouter<App>,
}

/// The endpoints that ask for a key.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/access-keys", access_keys::list::handle),
        Route::post("/access-keys", access_keys::create::handle),
        Route::get("/access-keys/{id}", access_keys::get::handle),
        Route::delete("/access-keys/{id}", access_keys::delete::handle),
        Route::get("/provider-keys", provider_keys::list::handle),
        Route::post("/provider-keys", provider_keys::create::handle),
        Route::get("/provider-keys/{id}", provider_keys::get::handle),
        Route::delete("/provider-keys/{id}", provider_keys::delete::handle),
        Route::get("/providers", providers::list::handle),
        Route::post("/providers", providers::create::handle),
        Route::get("/providers/{id}", providers::get::handle),
        Route::delete("/providers/{id}", providers::delete::handle),
        Route::get("/usage", usage::list::handle),
    ]
}

/// The endpoints for machines that watch this one. They tell nothing of any account.
pub(crate) fn open_routes() -> Vec<Route> {
    vec![Route::get("/healthz", health::live), Route::get("/readyz", health::ready), Route::get("/metrics", metrics::handle)]
}

/// The whole API.
pub fn router(deps: Arc<Deps>) -> Router {
    let app: App = Arc::new(AppState::new(deps));
    // The key is asked for in front of every endpoint of the table, so that none can forget to.
    let keyed = assemble(routes()).route_layer(middleware::from_fn_with_state(Arc::clone(&app), auth::require));
    keyed.merge(assemble(open_routes())).fallback(no_such_path).method_not_allowed_fallback(method_not_allowed).with_state(app)
}

fn assemble(routes: Vec<Route>) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler))
}

impl Route {
    fn get<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: Method::GET, path, handler: get(handler) }
    }

    fn post<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: Method::POST, path, handler: post(handler) }
    }

    fn delete<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: Method::DELETE, path, handler: delete(handler) }
    }
}

async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_path", "There is nothing at this path.").known_as(Some("ERR_NGROK_27611"))
}

/// Says which methods the path has: whoever is told "not this one" wants to know which.
async fn method_not_allowed(uri: Uri) -> impl IntoResponse {
    let mut allowed = Vec::new();
    for route in routes().iter().chain(&open_routes()).filter(|route| matches(route.path, uri.path())) {
        allowed.push(route.method.as_str().to_owned());
        if route.method == Method::GET {
            allowed.push("HEAD".to_owned());
        }
    }
    let allowed = allowed.join(", ");
    let error = ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("This path does not have that method; it has {allowed}."),
    );
    let header_value = HeaderValue::from_str(&allowed).unwrap_or(HeaderValue::from_static(""));
    error.known_as(Some("ERR_NGROK_27614")).with_header(header::ALLOW, header_value)
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| expected == part || expected.starts_with('{')))
        && parts.next().is_none()
}
