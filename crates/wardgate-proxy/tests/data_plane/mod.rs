//! A data plane whose catalog a test writes, with one account that has a key for each of its providers.

use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use wardgate_core::account::Account;
use wardgate_core::id::AccessKeyId;
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
use wardgate_model::{Catalog, LiveCatalog, Provider};
use wardgate_proxy::affinity::Affinity;
use wardgate_proxy::allowance::TierBook;
use wardgate_proxy::cache::{Forgetting, KeyCache, TenantCache};
use wardgate_proxy::keepsakes::Keepsakes;
use wardgate_proxy::recall::Recall;
use wardgate_proxy::{Deps, Drain, Options, Service};
use wardgate_store::conformance::sample;
use wardgate_store::memory::MemoryStore;
use wardgate_store::{Collection, Store};
use wardgate_telemetry::{Metrics, Recorder};
use wardgate_testkit::{Answer, Client};

/// A running data plane.
pub(crate) struct DataPlane {
    deps: Arc<Deps>,
    client: Client,
    authorization: String,
}

impl DataPlane {
    /// One that knows these providers, in place of built-in ones of their names, each with its key.
    pub(crate) async fn start(providers: Vec<(Provider, &str)>) -> Self {
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
        let mut catalog = Catalog::built_in().unwrap();
        for (provider, value) in providers {
            let mut own = sample::provider_key(&account, provider.name.as_str());
            own.sealed_value = data_key.seal(own.id, &Secret::from(value), &*random);
            sample::stored(&*store, &account, own).await;
            catalog.add_provider(provider);
        }
        let metrics = Arc::new(Metrics::new().unwrap());
        let allowed = wardgate_upstream::AllowedAddresses::loopback();
        let upstream_options = wardgate_upstream::Options { allowed, ..wardgate_upstream::Options::default() };
        let escrow = Arc::new(Escrow::alone(Arc::clone(&store)));
        let deps = Arc::new(Deps {
            options: Options::default(),
            clock: Arc::new(ManualClock::new(sample::next_instant())),
            random,
            keys: KeyCache::new(Arc::clone(&store), Arc::clone(&metrics)),
            tenants: TenantCache::new(
                Arc::clone(&store),
                Arc::new(LiveCatalog::new(catalog)),
                master_key,
                TierBook::new(Arc::default()),
                Arc::clone(&escrow),
            ),
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
            recorder: Arc::new(Recorder::new(metrics, None)),
            ledger: Arc::new(Ledger::in_memory(wardgate_ledger::Options::default())),
            drain: Arc::new(Drain::default()),
            loop_mark: http::HeaderValue::from_static("mark"),
        });
        store.listen(Forgetting::new(&deps));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
        let service = Arc::new(Service::new(Arc::clone(&deps), None));
        tokio::spawn(async move { service.serve(listener).await });
        Self { deps, client, authorization: format!("Bearer {}", minted.token.expose()) }
    }

    /// Asks something.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.client.send("POST".parse().unwrap(), path, &headers, body.to_owned()).await
    }

    /// What was written down so far.
    pub(crate) fn events(&self) -> Vec<UsageEvent> {
        self.deps.ledger.take(100).events().to_vec()
    }
}
