//! Puts the parts of a gateway together. Concrete adapters are named here and nowhere else.

use crate::bootstrap::FIRST_ACCOUNT;
use crate::catalog::{Source, Stamp};
use crate::clock::{SystemClock, SystemRandom};
use crate::counters;
use crate::database;
use crate::explainer::ProxyExplainer;
use crate::master_key::{self, Missing};
use crate::outbox::Outbox;
use crate::readiness::ProcessReadiness;
use crate::settings::webhook::Webhook;
use crate::settings::{RequestLog, Settings};
use crate::spending;
use crate::tasks::webhook::Sending;
use crate::tiers;
use anyhow::{Context, bail};
use http::HeaderValue;
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wardgate_admin::Deps as AdminDeps;
use wardgate_core::id::HolderId;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use wardgate_core::tier::TierName;
use wardgate_core::time::Clock;
use wardgate_keys::seal::MasterKey;
use wardgate_ledger::Ledger;
use wardgate_limits::escrow::Escrow;
use wardgate_limits::gate::Gate;
use wardgate_limits::lane::{Lane, LaneOptions};
use wardgate_limits::memory::MemoryBudget;
use wardgate_limits::retry_budget::RetryBudget;
use wardgate_limits::tier::TierLimits;
use wardgate_model::LiveCatalog;
use wardgate_proxy::affinity::Affinity;
use wardgate_proxy::allowance::TierBook;
use wardgate_proxy::cache::{Forgetting, KeyCache, TenantCache};
use wardgate_proxy::keepsakes::Keepsakes;
use wardgate_proxy::recall::Recall;
use wardgate_proxy::{Deps, Drain};
use wardgate_store::Store;
use wardgate_telemetry::{LineSink, Metrics, Recorder};
use wardgate_upstream::Upstream;
use wardgate_upstream::webhook::Receiver;

/// The parts.
pub(crate) struct Parts {
    /// Where the files are.
    pub(crate) data_dir: PathBuf,
    /// The database, without any password.
    pub(crate) database_url: String,
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The same store, for closing it.
    pub(crate) database: database::Open,
    /// The data plane's collaborators.
    pub(crate) proxy: Arc<Deps>,
    /// The catalog in force.
    pub(crate) catalog: Arc<LiveCatalog>,
    /// What it is made of, and of which version of the operator's file.
    pub(crate) catalog_source: (Source, Stamp),
    /// The tiers of the gateway itself.
    pub(crate) tiers: Arc<BTreeMap<TierName, TierLimits>>,
    /// Where credits are paid for.
    checkout_url: Option<String>,
    /// What seals.
    pub(crate) master_key: MasterKey,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) random: Arc<dyn Random>,
    /// Where keys are hashed.
    pub(crate) lane: Arc<Lane>,
    /// The numbers.
    pub(crate) metrics: Arc<Metrics>,
    /// Request lines.
    pub(crate) log: Option<Arc<LineSink>>,
    /// What is to be sent to the webhook, until a task takes it.
    pub(crate) sending: Mutex<Option<Sending>>,
    /// Held as long as the process lives.
    _lock: File,
}

/// Makes everything that does not need a socket.
pub(crate) async fn assemble(settings: &Settings, sandbox_url: Option<&str>, is_dev: bool) -> anyhow::Result<Parts> {
    let data_dir = settings.database.data_dir.clone();
    make_private_dir(&data_dir)?;
    let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let lock = lock(&data_dir)?;
    // Settings are judged before anything is made.
    let upstream_options = settings.upstream_options()?;
    let tiers = Arc::new(tiers::load(settings)?);
    let source = Source { file: settings.catalog_file.clone(), sandbox_url: sandbox_url.map(str::to_owned) };
    let stamp = source.stamp();
    let catalog = Arc::new(LiveCatalog::new(source.load()?));
    let receiver = webhook_receiver(&settings.webhook)?;
    let place = database::Place::of(&settings.database)?;
    let database = place.open().await?;
    let store = database.store();
    let missing = if store.account_by_name(FIRST_ACCOUNT).await?.is_some() {
        Missing::HasData
    } else if place.is_shared() && !is_dev {
        Missing::IsShared
    } else {
        Missing::Make
    };
    let master_key = master_key::load(&settings.sealing, &data_dir, missing, &*random).await?;
    master_key::prove(&*store, &master_key, &*random).await?;
    let metrics = Arc::new(Metrics::new()?.with_process()?);
    let log = request_log(settings, &metrics, is_dev)?;
    let lane = Arc::new(Lane::new(&LaneOptions::default()));
    let (outbox, sending) = match receiver {
        None => (None, None),
        Some(receiver) => {
            let (outbox, waiting) = Outbox::open(&data_dir, &metrics).context("the outbox of the webhook cannot be opened")?;
            let timeout = settings.webhook.webhook_timeout;
            (Some(Arc::clone(&outbox)), Some(Sending { outbox, waiting, receiver, timeout }))
        }
    };
    let escrow = Arc::new(Escrow::new(
        Arc::clone(&store),
        Arc::clone(&clock),
        HolderId::new(clock.now(), &*random),
        spending::watch(&metrics, outbox),
    ));
    let proxy = Arc::new(Deps {
        options: settings.proxy_options(),
        keys: KeyCache::new(Arc::clone(&store), Arc::clone(&metrics)),
        tenants: TenantCache::new(
            Arc::clone(&store),
            Arc::clone(&catalog),
            master_key.clone(),
            TierBook::new(Arc::clone(&tiers)),
            Arc::clone(&escrow),
        ),
        escrow,
        upstream: Upstream::new(&upstream_options),
        gate: Gate::new(settings.in_flight_max),
        limiter: counters::limiter(&settings.counters, master_key.pseudonyms(), &*random, &metrics).await?,
        memory: MemoryBudget::new(settings.memory_bytes_max.0),
        affinity: Affinity::default(),
        keepsakes: Keepsakes::default(),
        recall: Recall::new(Arc::clone(&clock), settings.recall_bytes_max.0 as u64),
        retry_budget: RetryBudget::new(Duration::from_micros(u64::try_from(clock.now().unix_micros()).unwrap_or(0))),
        health: Arc::default(),
        lane: Arc::clone(&lane),
        recorder: Arc::new(Recorder::new(Arc::clone(&metrics), log.clone())),
        ledger: Arc::new(Ledger::open(&data_dir.join("journal"), wardgate_ledger::Options::default())?),
        drain: Arc::new(Drain::default()),
        loop_mark: loop_mark(&*random)?,
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
    });
    store.listen(Forgetting::new(&proxy));
    Ok(Parts {
        data_dir,
        database_url: place.shown(),
        store,
        database,
        proxy,
        catalog,
        catalog_source: (source, stamp),
        tiers,
        checkout_url: settings.checkout_url.clone(),
        master_key,
        clock,
        random,
        lane,
        metrics,
        log,
        sending: Mutex::new(sending),
        _lock: lock,
    })
}

impl Parts {
    /// The management API's collaborators.
    pub(crate) fn admin(&self, readiness: &Arc<ProcessReadiness>, public_url: String) -> Arc<AdminDeps> {
        let (metrics, proxy) = (Arc::clone(&self.metrics), Arc::clone(&self.proxy));
        Arc::new(AdminDeps {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            master_key: self.master_key.clone(),
            catalog: Arc::clone(&self.catalog),
            tiers: Arc::clone(&self.tiers),
            hash_lane: Arc::clone(&self.lane),
            readiness: Arc::clone(readiness) as Arc<dyn wardgate_admin::Readiness>,
            health: Arc::clone(&self.proxy.health),
            explainer: ProxyExplainer::new(&self.proxy),
            metrics: Arc::new(move || {
                // These follow something that counts by itself.
                metrics.body_bytes.set(i64::try_from(proxy.memory.bytes()).unwrap_or(i64::MAX));
                metrics.backends_watched.set(i64::try_from(proxy.health.len()).unwrap_or(i64::MAX));
                metrics.usage_waiting.set(i64::try_from(proxy.ledger.waiting()).unwrap_or(i64::MAX));
                metrics.expose()
            }),
            options: wardgate_admin::Options {
                public_url,
                checkout_url: self.checkout_url.clone(),
                ..wardgate_admin::Options::default()
            },
        })
    }
}

/// Who is told of events, if someone is.
pub(crate) fn webhook_receiver(settings: &Webhook) -> anyhow::Result<Option<Receiver>> {
    let (Some(url), Some(path)) = (&settings.webhook_url, &settings.webhook_secret_file) else {
        if settings.webhook_url.is_some() || settings.webhook_secret_file.is_some() {
            bail!("webhook-url and webhook-secret-file go together: set both or neither");
        }
        return Ok(None);
    };
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("the webhook's secret {shown} cannot be read"))?;
    Ok(Some(Receiver::new(url, &Secret::new(text))?))
}

fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the data directory {} cannot be made", path.display()))
}

/// Keeps a second gateway off the data: it would not hear of keys that the first one revokes.
fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another gateway is running on {}; stop it, or choose another --data-dir", data_dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("{} cannot be locked", path.display())),
    }
}

fn request_log(settings: &Settings, metrics: &Metrics, is_dev: bool) -> anyhow::Result<Option<Arc<LineSink>>> {
    let default = if is_dev { RequestLog::Stderr } else { RequestLog::Stdout };
    let lost = metrics.log_lines_lost.clone();
    let sink = match settings.request_log.unwrap_or(default) {
        RequestLog::Off => return Ok(None),
        RequestLog::Stdout => LineSink::start(std::io::stdout(), lost),
        RequestLog::Stderr => LineSink::start(std::io::stderr(), lost),
    };
    Ok(Some(Arc::new(sink.context("the request log cannot be started")?)))
}

fn loop_mark(random: &dyn Random) -> anyhow::Result<HeaderValue> {
    let mut bytes = [0u8; 16];
    random.fill(&mut bytes);
    HeaderValue::try_from(wardgate_core::base62::encode_16(&bytes)).context("the mark against loops cannot be made")
}
