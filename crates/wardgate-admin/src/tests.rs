//! Tests of the API as its clients see it: requests in, answers out, on a store in memory.

mod access_keys;
mod accounts;
mod api_keys;
mod audit;
mod budgets;
mod callers;
mod configurations;
mod credits;
mod explain;
mod gateway_config;
mod idempotency;
mod isolation;
mod managed_keys;
mod models;
mod openapi;
mod operator_keys;
mod provider_keys;
mod providers;
mod roles;
mod shape;
mod teams;
mod tiers;
mod usage;
mod versions;
mod virtual_models;
mod watching;

use crate::deps::{Deps, Explainer, Explaining, NotExplained, Options, Readiness, ReadinessReport};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use tower::ServiceExt as _;
use wardgate_core::access_key::AccessKey;
use wardgate_core::account::Account;
use wardgate_core::api_key::{ApiKey, OperatorKey, Role};
use wardgate_core::audit::AuditEvent;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccountId, ApiKeyId, AuditEventId, OperatorKeyId, TeamId};
use wardgate_core::label::Label;
use wardgate_core::random::Counting;
use wardgate_core::stamp::Stamp;
use wardgate_core::tier::TierName;
use wardgate_core::time::{Clock as _, ManualClock, Timestamp};
use wardgate_keys::mint::mint;
use wardgate_keys::seal::MasterKey;
use wardgate_limits::lane::{Lane, LaneOptions};
use wardgate_limits::tier::TierLimits;
use wardgate_model::{Catalog, LiveCatalog};
use wardgate_policy::{Explanation, Refusal};
use wardgate_store::memory::MemoryStore;
use wardgate_store::{Collection as _, Store as _};

/// Reading it takes a while.
static CATALOG: LazyLock<Arc<LiveCatalog>> = LazyLock::new(|| Arc::new(LiveCatalog::new(Catalog::built_in().unwrap())));

const URL: &str = "https://manage.example.com";

/// A gateway with the two accounts `acme` and `other`.
struct Gateway {
    router: axum::Router,
    store: MemoryStore,
    clock: Arc<ManualClock>,
    random: Arc<Counting>,
    ready: Arc<Ready>,
    lane: Arc<Lane>,
    master_key: MasterKey,
    acme: Tenant,
    other: Tenant,
    operator: String,
}

/// An account with an API key of each role.
struct Tenant {
    id: AccountId,
    team_id: TeamId,
    admin: String,
    editor: String,
    viewer: String,
}

struct Ready(AtomicBool);

impl Readiness for Ready {
    fn report(&self) -> ReadinessReport {
        let ready = self.0.load(Ordering::Relaxed);
        ReadinessReport { ready, notes: vec![("store".to_owned(), if ready { "answers" } else { "away" }.to_owned())] }
    }
}

/// Explains any request that names a model as refused, and says what it was asked.
struct Asked;

impl Explainer for Asked {
    fn explain(&self, key: AccessKey, surface: Surface, body: Vec<u8>) -> Explaining<'_> {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let explained = match body["model"].as_str() {
            Some(model) => {
                let message = format!("{model} on {surface} by {}", key.id);
                let refusal = Refusal { status: 403, code: "model_not_allowed", message };
                Ok(Explanation::of_refusal(surface, Vec::new(), refusal))
            }
            None => Err(NotExplained { status: 400, code: "missing_model", message: "no model".to_owned() }),
        };
        Box::pin(std::future::ready(explained))
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Our word for the error; empty for what is none.
    fn code(&self) -> String {
        self.json()["details"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status, our word, and the foreign code: what most tests look at.
    fn verdict(&self) -> (u16, String, String) {
        (self.status.as_u16(), self.code(), self.json()["errorCode"].as_str().unwrap_or_default().to_owned())
    }
}

impl Gateway {
    async fn start() -> Self {
        let store = MemoryStore::new();
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_millis(1_795_325_445_000)));
        let random = Arc::new(Counting::default());
        let master_key = MasterKey::from_bytes([7; 32]);
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        let acme = tenant(&store, &clock, &random, &master_key, "acme").await;
        let other = tenant(&store, &clock, &random, &master_key, "other").await;
        let operator_id = OperatorKeyId::new(clock.now(), &*random);
        let minted = mint(operator_id, &*random).unwrap();
        let key = OperatorKey {
            id: operator_id,
            label: Label::default(),
            secret_hash: minted.secret_hash,
            redacted: minted.redacted,
            expires_at: None,
            last_used_at: None,
            stamp: Stamp::first(clock.now(), "wardgate"),
            deleted_at: None,
        };
        store.create(&key, &audit(&clock, &random)).await.unwrap();
        // Narrow, so that a test can fill it; tests send one request at a time.
        let lane = Arc::new(Lane::new(&LaneOptions { running_max: 1, waiting_max: 0 }));
        let deps = Deps {
            store: Arc::new(store.clone()),
            clock: clock.clone(),
            random: random.clone(),
            master_key: master_key.clone(),
            catalog: Arc::clone(&CATALOG),
            tiers: Arc::new(BTreeMap::from([(TierName::new("free").unwrap(), TierLimits::default())])),
            hash_lane: lane.clone(),
            readiness: ready.clone(),
            health: Arc::default(),
            explainer: Arc::new(Asked),
            metrics: Arc::new(|| "wardgate_requests_total 1\n".to_owned()),
            options: Options { body_bytes_max: 16_384, public_url: URL.to_owned(), checkout_url: None },
        };
        let operator = minted.token.expose().to_owned();
        Self { router: crate::router(Arc::new(deps)), store, clock, random, ready, lane, master_key, acme, other, operator }
    }

    async fn request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn send(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> Answer {
        self.send_with(method, path, key, &[], body).await
    }

    /// Sends a request with these headers.
    async fn send_with(&self, method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.request(request.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &self.acme.admin, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        // Ids of one millisecond are in no order; a request later is a moment later.
        self.clock.advance(std::time::Duration::from_millis(1));
        self.send("POST", path, &self.acme.admin, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.clock.advance(std::time::Duration::from_millis(1));
        self.send("PATCH", path, &self.acme.admin, Some(body)).await
    }

    /// As the operator, in the account `acme`.
    async fn operate_acme(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.clock.advance(std::time::Duration::from_millis(1));
        self.send_with(method, path, &self.operator, &[("x-wardgate-account", "acme")], body).await
    }

    /// As the operator, in no account.
    async fn operate(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.clock.advance(std::time::Duration::from_millis(1));
        self.send(method, path, &self.operator, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &self.acme.admin, None).await
    }

    /// Makes something and gives its id.
    async fn made(&self, path: &str, body: &Value) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Follows `nextPageUri` from a first address and gives the ids on each page.
    async fn pages(&self, first: &str, envelope: &str) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut next = Some(first.to_owned());
        while let Some(path) = next {
            let answer = self.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let body = answer.json();
            let ids = body[envelope].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
            pages.push(ids.collect());
            next = body["nextPageUri"].as_str().map(|uri| uri.strip_prefix(URL).unwrap().to_owned());
        }
        pages
    }
}

/// An entry for what a test stores by itself.
fn audit(clock: &ManualClock, random: &Counting) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(clock.now(), random),
        account_id: None,
        at: clock.now(),
        actor: "wardgate".to_owned(),
        address: None,
        action: "test.create".to_owned(),
        object_id: String::new(),
        before: None,
        after: None,
    }
}

async fn tenant(store: &MemoryStore, clock: &ManualClock, random: &Counting, master_key: &MasterKey, name: &str) -> Tenant {
    let now = clock.now();
    let id = AccountId::new(now, random);
    let team_id = TeamId::new(now, random);
    let (_, sealed_data_key) = master_key.new_data_key(id, random);
    let account = Account {
        id,
        name: name.to_owned(),
        metadata: None,
        tier: None,
        suspended_at: None,
        prepaid: None,
        default_team_id: team_id,
        sealed_data_key,
        stamp: Stamp::first(now, "wardgate"),
    };
    store.create(&account, &audit(clock, random)).await.unwrap();
    let mut tokens = Vec::new();
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let key_id = ApiKeyId::new(now, random);
        let minted = mint(key_id, random).unwrap();
        let key = ApiKey {
            id: key_id,
            account_id: id,
            role,
            label: Label::default(),
            secret_hash: minted.secret_hash,
            redacted: minted.redacted,
            expires_at: None,
            last_used_at: None,
            stamp: Stamp::first(now, "wardgate"),
            deleted_at: None,
        };
        store.tenant(id).create(&key, &audit(clock, random)).await.unwrap();
        tokens.push(minted.token.expose().to_owned());
    }
    let [admin, editor, viewer] = tokens.try_into().unwrap();
    Tenant { id, team_id, admin, editor, viewer }
}
