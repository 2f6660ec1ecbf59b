//! Every kind of caller on every endpoint of the table.

use super::Gateway;
use crate::route::{Access, Route};
use crate::router::routes;
use axum::body::Body;
use axum::http::{Method, Request};
use wardgate_core::api_key::Role;
use wardgate_core::id::AccessKeyId;
use wardgate_keys::token;

/// Who calls: a name, their `Authorization`, and the account they name.
struct Kind {
    name: &'static str,
    authorization: Option<String>,
    account: Option<&'static str>,
}

fn kinds(gateway: &Gateway) -> Vec<Kind> {
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let access_key = token::write(AccessKeyId::from_bytes([9; 16]), &[1; 32]);
    let kind = |name, authorization, account| Kind { name, authorization, account };
    vec![
        kind("no key", None, None),
        kind("malformed", bearer("nga-short"), None),
        kind("access key", bearer(access_key.expose()), None),
        kind("viewer", bearer(&gateway.acme.viewer), None),
        kind("editor", bearer(&gateway.acme.editor), None),
        kind("admin", bearer(&gateway.acme.admin), None),
        kind("operator", bearer(&gateway.operator), None),
        kind("operator in acme", bearer(&gateway.operator), Some("acme")),
        kind("operator in nobody", bearer(&gateway.operator), Some("nobody")),
    ]
}

/// The status and word with which a caller is turned away; none if they are let in.
fn refusal(kind: &str, access: Access) -> Option<(u16, &'static str)> {
    let is_gateway = matches!(access, Access::Operator | Access::OperatorInAccount);
    match (kind, access) {
        ("no key", _) => Some((401, "missing_key")),
        ("malformed" | "access key", _) => Some((401, "malformed_key")),
        ("viewer", Access::Account(Role::Editor | Role::Admin) | Access::Anywhere(Role::Editor | Role::Admin)) => {
            Some((403, "role_too_low"))
        }
        ("editor", Access::Account(Role::Admin) | Access::Anywhere(Role::Admin)) => Some((403, "role_too_low")),
        ("viewer" | "editor" | "admin", _) if is_gateway => Some((403, "operator_only")),
        ("operator", Access::Account(_) | Access::OperatorInAccount) => Some((400, "account_header_missing")),
        ("operator in nobody", Access::Account(_) | Access::OperatorInAccount | Access::Anywhere(_)) => {
            Some((404, "account_not_found"))
        }
        _ => None,
    }
}

fn methods(route: &Route) -> Vec<Method> {
    if route.method == Method::GET { vec![Method::HEAD, Method::GET] } else { vec![route.method.clone()] }
}

#[tokio::test]
async fn on_every_endpoint() {
    let gateway = Gateway::start().await;
    let keyed: Vec<Route> = routes().into_iter().filter(|route| route.access != Access::Open).collect();
    assert!(keyed.len() > 20, "{}", keyed.len());
    for route in &keyed {
        let path: Vec<&str> = route.path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect();
        let path = path.join("/");
        for (method, kind) in
            methods(route).iter().flat_map(|method| kinds(&gateway).into_iter().map(move |kind| (method, kind)))
        {
            let mut request = Request::builder().method(method).uri(&path);
            for (name, value) in [("authorization", kind.authorization.as_deref()), ("x-wardgate-account", kind.account)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let answer = gateway.request(request.body(Body::empty()).unwrap()).await;
            let status = answer.status.as_u16();
            let case = format!("{} at {method} {path}: {status} {}", kind.name, answer.text);
            match refusal(kind.name, route.access) {
                Some((expected, _)) if method == Method::HEAD => assert_eq!(status, expected, "{case}"),
                Some((expected, code)) => assert_eq!((status, answer.code().as_str()), (expected, code), "{case}"),
                None => {
                    assert!(status != 401 && status != 403 && status < 500, "{case}");
                    // Where an account may be named, the endpoint says whether it must be.
                    let may_want_account = kind.name == "operator" && matches!(route.access, Access::Anywhere(_));
                    assert!(may_want_account || answer.code() != "account_header_missing", "{case}");
                    assert_ne!(answer.code(), "account_not_found", "{case}");
                }
            }
        }
    }
}

#[test]
fn only_what_watches_is_open() {
    let open: Vec<String> = routes().into_iter().filter(|route| route.access == Access::Open).map(|route| route.path).collect();
    assert_eq!(open, ["/healthz", "/readyz", "/metrics", "/openapi.json"]);
}
