//! A provider is called with the operator's key, and nobody else ever sees it.
//!
//! The operator's keys are for built-in providers, so this data plane has a catalog whose `openai` is the test's own upstream.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use wardgate_core::account::Account;
use wardgate_core::credit::{Credit, PrepaidScope};
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, ManagedKeyId};
use wardgate_core::name::ProviderName;
use wardgate_core::provider_key::ProviderKey;
use wardgate_core::random::{Counting, Random};
use wardgate_core::secret::Secret;
use wardgate_core::time::ManualClock;
use wardgate_core::usage::UsageEvent;
use wardgate_keys::mint::mint;
use wardgate_keys::seal::MasterKey;
use wardgate_ledger::Ledger;
use wardgate_limits::escrow::Escrow;
use wardgate_limits::gate::Gate;
use wardgate_limits::lane::{Lane, LaneOptions};
use wardgate_limits::limiter::Limiter;
use wardgate_limits::memory::MemoryBudget;
use wardgate_limits::retry_budget::RetryBudget;
use wardgate_model::{AuthScheme, Catalog, Endpoint, Origin, Provider};
use wardgate_proxy::affinity::Affinity;
use wardgate_proxy::allowance::TierBook;
use wardgate_proxy::cache::{Forgetting, KeyCache, TenantCache};
use wardgate_proxy::keepsakes::Keepsakes;
use wardgate_proxy::recall::Recall;
use wardgate_proxy::{Deps, Drain, Options, Service};
use wardgate_store::conformance::sample;
use wardgate_store::memory::MemoryStore;
use wardgate_store::{Collection, Page, Store};
use wardgate_telemetry::{LineSink, Metrics, Recorder};
use wardgate_testkit::{Answer, Client, DEADLINE, Dialect, Reply, Upstream, until};

const OWN: &str = "sk-own-canary-0123456789";
const OPERATORS: &str = "sk-operator-canary-0123456789";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Scene {
    deps: Arc<Deps>,
    client: Client,
    token: String,
    log: Log,
    managed_id: ManagedKeyId,
    store: Arc<dyn Store>,
    account: Account,
}

/// An account with a key of its own for `openai` and a managed one, and with a provider `mine` for which there is only a managed
/// key, which no operator could have made.
async fn scene(upstream: &Upstream) -> Scene {
    let random: Arc<dyn Random> = Arc::new(Counting::default());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let master_key = MasterKey::from_bytes([7; 32]);
    let mut account = sample::account("acme");
    (account.suspended_at, account.prepaid, account.tier) = (None, None, None);
    let (data_key, sealed) = master_key.new_data_key(account.id, &*random);
    account.sealed_data_key = sealed;
    Collection::<Account>::create(&*store, &account, &sample::audit(None)).await.unwrap();

    let mut key = sample::access_key(&account);
    let minted = mint::<AccessKeyId>(key.id, &*random).unwrap();
    (key.secret_hash, key.previous_secret, key.expires_at, key.disabled_at) = (minted.secret_hash, None, None, None);
    key.allowed_networks.clear();
    sample::stored(&*store, &account, key).await;
    let mut own = sample::provider_key(&account, "openai");
    own.sealed_value = data_key.seal(own.id, &Secret::from(OWN), &*random);
    sample::stored(&*store, &account, own).await;
    let mut mine = sample::provider(&account, "mine");
    (mine.base_url, mine.surfaces, mine.models) = (upstream.url().to_owned(), Vec::new(), Vec::new());
    sample::stored(&*store, &account, mine).await;
    let mut granted = Vec::new();
    for provider in ["openai", "mine"] {
        let mut managed = sample::managed_key(provider);
        managed.sealed_value = master_key.seal_managed(managed.id, &Secret::from(OPERATORS), &*random);
        store.create(&managed, &sample::audit(None)).await.unwrap();
        assert!(store.grant(managed.id, account.id, &sample::audit(None)).await.unwrap());
        granted.push(managed.id);
    }

    let catalog = Arc::new(wardgate_model::LiveCatalog::new(catalog(upstream)));
    let metrics = Arc::new(Metrics::new().unwrap());
    let log = Log::default();
    let sink = Arc::new(LineSink::start(log.clone(), metrics.log_lines_lost.clone()).unwrap());
    let allowed = wardgate_upstream::AllowedAddresses::loopback();
    let upstream_options = wardgate_upstream::Options { allowed, ..wardgate_upstream::Options::default() };
    let escrow = Arc::new(Escrow::alone(Arc::clone(&store)));
    let deps = Arc::new(Deps {
        options: Options::default(),
        clock: Arc::new(ManualClock::new(sample::next_instant())),
        random,
        keys: KeyCache::new(Arc::clone(&store), Arc::clone(&metrics)),
        tenants: TenantCache::new(Arc::clone(&store), catalog, master_key, TierBook::new(Arc::default()), Arc::clone(&escrow)),
        escrow,
        upstream: wardgate_upstream::Upstream::new(&upstream_options),
        gate: Gate::new(10),
        limiter: Limiter::alone(),
        memory: MemoryBudget::new(1 << 20),
        retry_budget: RetryBudget::new(Duration::ZERO),
        affinity: Affinity::default(),
        keepsakes: Keepsakes::default(),
        recall: Recall::new(Arc::new(ManualClock::new(sample::next_instant())), 0),
        health: Arc::default(),
        lane: Arc::new(Lane::new(&LaneOptions::default())),
        recorder: Arc::new(Recorder::new(metrics, Some(sink))),
        ledger: Arc::new(Ledger::in_memory(wardgate_ledger::Options::default())),
        drain: Arc::new(Drain::default()),
        loop_mark: http::HeaderValue::from_static("mark"),
    });
    store.listen(Forgetting::new(&deps));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
    let service = Arc::new(Service::new(Arc::clone(&deps), None));
    tokio::spawn(async move { service.serve(listener).await });
    Scene { deps, client, token: minted.token.expose().to_owned(), log, managed_id: granted[0], store, account }
}

fn catalog(upstream: &Upstream) -> Catalog {
    let mut catalog = Catalog::built_in().unwrap();
    catalog.add_provider(Provider {
        name: ProviderName::new("openai").unwrap(),
        display_name: "OpenAI".to_owned(),
        origin: Origin::Operator,
        endpoints: vec![Arc::new(Endpoint {
            surface: Surface::ChatCompletions,
            format: Surface::ChatCompletions.format(),
            url: format!("{}/v1/chat/completions", upstream.url()).into(),
            auth: AuthScheme::Bearer,
            stream_url: None,
            supported_params: None,
            unsupported_params: None,
            tools: Vec::new(),
        })],
        environment_variable: None,
        key_shape: None,
        data_policy: wardgate_model::DataPolicy::default(),
        headers: Vec::new(),
        datacenters: Vec::new(),
        quirks: Vec::new(),
        declared_models: Vec::new(),
    });
    catalog
}

impl Scene {
    async fn ask(&self, model: &str) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let body = format!(r#"{{"model":"{model}","messages":[]}}"#);
        self.client
            .send(
                "POST".parse().unwrap(),
                Dialect::Chat.path(),
                &[("authorization", &authorization), ("idempotency-key", "one")],
                body,
            )
            .await
    }

    fn events(&self) -> Vec<UsageEvent> {
        self.deps.ledger.take(100).events().to_vec()
    }
}

fn credentials(upstream: &Upstream) -> Vec<String> {
    upstream.seen().iter().map(|seen| seen.header("authorization").concat()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_tried_after_the_accounts_own_and_written_down_as_the_operators() {
    let no = Reply::json(401, &Dialect::Chat.error("no"));
    let upstream = Upstream::queue([no.clone(), Reply::says(Dialect::Chat, "hello"), no]).await;
    let scene = scene(&upstream).await;
    let answer = scene.ask("gpt-4o").await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (200, "2"), "{}", answer.text());
    assert_eq!(credentials(&upstream), [format!("Bearer {OWN}"), format!("Bearer {OPERATORS}")]);
    let events = scene.events();
    let told =
        |event: &UsageEvent| (event.provider_key_id.is_some(), event.managed_key_id, event.provider_key_redacted.is_some());
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), [(true, None, true), (false, Some(scene.managed_id), false)]);
    assert!(events[1].cost.is_some_and(|cost| cost.nano_usd() > 0), "{:?}", events[1].cost);
    let line = format!(r#""managed_key_id":"{}""#, scene.managed_id);
    until("a line in the log", DEADLINE, async || scene.log.text().contains(&line)).await;

    // As soon as the grant has ended, it is not used any more.
    scene.store.revoke_grant(scene.managed_id, scene.account.id, &sample::audit(None)).await.unwrap();
    let answer = scene.ask("gpt-4o").await;
    assert_eq!((answer.status, answer.header("x-wardgate-attempts")), (502, "1"), "{}", answer.text());
    assert_eq!(credentials(&upstream)[2..], [format!("Bearer {OWN}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_repeats_it_is_not_repeated() {
    let said = format!("the key {OPERATORS} is wrong, \"{OPERATORS}\"");
    let no = Reply::json(401, &Dialect::Chat.error("no"));
    let betrayals = [400, 401, 403, 404, 429, 500].map(|status| Reply::json(status, &Dialect::Chat.error(&said)));
    let replies = betrayals.into_iter().chain([Reply::json(200, &Dialect::Chat.error(&said)), Reply::raw(&*said).close()]);
    let upstream = Upstream::queue(replies.flat_map(|reply| [no.clone(), reply])).await;
    let scene = scene(&upstream).await;
    for _ in 0..8 {
        // The account's own key is refused each time, and would else be tried last from then on.
        scene.deps.health.reset(None, None);
        let answer = scene.ask("gpt-4o").await;
        let shown = format!("{:?} {}", answer.headers, answer.text());
        assert!(answer.status >= 400 && !shown.contains(OPERATORS), "{shown}");
    }
    assert_eq!(upstream.seen().len(), 16);
    until("eight lines in the log", DEADLINE, async || scene.log.text().lines().count() == 8).await;
    assert!(!scene.log.text().contains("canary"), "{}", scene.log.text());
    assert!(!format!("{:?}", scene.events()).contains("canary"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_nowhere_that_a_tenant_described() {
    let upstream = Upstream::always(Reply::says(Dialect::Chat, "hello")).await;
    let scene = scene(&upstream).await;
    for model in ["mine:gpt-4o", "mine:openai/gpt-4o"] {
        let answer = scene.ask(model).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(credentials(&upstream), ["", ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_pay_for_it_and_not_for_the_accounts_own() {
    let upstream = Upstream::scripted(|seen| {
        let is_own = seen.header("authorization").concat().contains(OWN);
        if is_own { Reply::json(401, &Dialect::Chat.error("no")) } else { Reply::says(Dialect::Chat, "hello") }
    })
    .await;
    let scene = scene(&upstream).await;
    let (prepaid, stamp) = (Some(PrepaidScope::Managed), scene.account.stamp.next(sample::next_instant(), "operator"));
    let account = Account { prepaid, stamp, ..scene.account.clone() };
    scene.store.update(&account, &sample::audit(None)).await.unwrap();
    // Without credits only the account's own key is left, which is refused here.
    assert_eq!(scene.ask("gpt-4o").await.status, 502);
    assert_eq!(credentials(&upstream), [format!("Bearer {OWN}")]);
    let tenant = scene.store.tenant(account.id);
    let own = Collection::<ProviderKey>::list(&*tenant, &Default::default(), Page::first()).await.unwrap().items.remove(0);
    assert!(Collection::<ProviderKey>::delete(&*tenant, own.id, None, &sample::audit(account.id)).await.unwrap());
    let refused = scene.ask("gpt-4o").await;
    assert_eq!((refused.status, Dialect::Chat.error_code(&refused.json()).as_str()), (402, "insufficient_credits"));
    assert_eq!(upstream.seen().len(), 1, "a refused request reached the provider");
    tenant.add_credit(&Credit { expires_at: None, ..sample::credit(&account) }, &sample::audit(account.id)).await.unwrap();
    until("the credits", DEADLINE, async || scene.ask("gpt-4o").await.status == 200).await;
    assert_eq!(credentials(&upstream)[1..], [format!("Bearer {OPERATORS}")]);
    // Others have that key of the operator's too, and may have hit upon the same word.
    let words: Vec<_> = upstream.seen().iter().map(|seen| seen.header("idempotency-key").concat()).collect();
    assert_eq!(words, ["one", ""]);
}
