//! What is elsewhere: ports, the shared counters, and providers.

use super::Finding;
use crate::settings::Settings;
use crate::settings::counters::Counters;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Uri};
use std::collections::BTreeMap;
use std::fs::{OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use wardgate_limits::shared::probe;
use wardgate_model::{Origin, Provider};
use wardgate_upstream::{Call, SendErrorKind, SlicedBody, Upstream};

pub(super) const PROVIDERS: &str = "providers";

const COUNTERS: &str = "shared counters";
const LISTENERS: &str = "addresses";

/// How long the server of the counters may take to be reached.
const COUNTERS_WITHIN: Duration = Duration::from_secs(5);

/// How long a provider may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Providers that are called. There are no more built in; tenants may have any number.
const ENDPOINTS_MAX: usize = 64;

/// Where a provider is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    scheme_and_host: String,
    is_tenants: bool,
}

/// Where providers are, each once, with the name of one.
#[derive(Default)]
pub(super) struct Endpoints(BTreeMap<Endpoint, String>);

impl Endpoints {
    /// Notes where a provider is. Those whose host depends on a key or a region are passed over.
    pub(super) fn add(&mut self, provider: Option<&Arc<Provider>>) {
        let Some(provider) = provider else { return };
        for endpoint in &provider.endpoints {
            let Ok(url) = endpoint.url.to_string().parse::<Uri>() else { continue };
            let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else { continue };
            if self.0.len() == ENDPOINTS_MAX || authority.as_str().contains(['{', '@']) {
                continue;
            }
            let is_tenants = provider.origin == Origin::Tenant;
            let endpoint = Endpoint { scheme_and_host: format!("{scheme}://{authority}"), is_tenants };
            self.0.entry(endpoint).or_insert_with(|| provider.name.as_str().to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a gateway could listen where it is told to.
pub(super) async fn listeners(settings: &Settings) -> Vec<Finding> {
    let is_running = is_running(&settings.database.data_dir);
    let mut findings = Vec::new();
    for (option, address) in [("--listen", settings.listen), ("--admin-listen", settings.admin_listen)] {
        findings.push(listener(option, address, is_running).await);
    }
    findings
}

async fn listener(option: &str, address: SocketAddr, is_running: bool) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(LISTENERS, format!("{address} of {option} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_running => {
            Finding::ok(LISTENERS, format!("{address} of {option} is in use, as a gateway runs on this data directory"))
        }
        Err(error) => {
            let fix = format!("choose another address with {option}, or end what is there");
            Finding::failure(LISTENERS, format!("{address} of {option} cannot be listened on: {error}"), fix)
        }
    }
}

/// Whether a gateway holds the data directory.
fn is_running(data_dir: &Path) -> bool {
    // Only opened, never made: without the file there was no gateway.
    let file = OpenOptions::new().write(true).open(data_dir.join("lock"));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether the shared counters answer, and soon enough.
pub(super) async fn counters(settings: &Counters) -> Finding {
    let Some(url) = &settings.redis_url else {
        return Finding::skipped(COUNTERS, "there are none: each gateway counts by itself");
    };
    let allowed = settings.redis_timeout;
    match timeout(COUNTERS_WITHIN, probe(url, COUNTERS_WITHIN)).await {
        Ok(Ok(took)) if took > allowed => Finding::warning(
            COUNTERS,
            format!("an answer took {took:.0?}, and a request waits for {allowed:?}"),
            "put the server nearer to the gateways, or raise --redis-timeout",
        ),
        Ok(Ok(took)) => Finding::ok(COUNTERS, format!("they answer within {took:.1?}")),
        Ok(Err(error)) => {
            Finding::failure(COUNTERS, super::files::chain(&error), "see whether --redis-url is right and the server runs")
        }
        Err(_) => Finding::failure(
            COUNTERS,
            format!("there is no answer within {} s", COUNTERS_WITHIN.as_secs()),
            "see whether --redis-url is right and the server runs",
        ),
    }
}

/// Whether providers can be reached. They are asked for nothing, without a credential: any answer is one.
pub(super) async fn providers(settings: &Settings, endpoints: Endpoints) -> Vec<Finding> {
    if endpoints.is_empty() {
        return vec![Finding::skipped(PROVIDERS, "nobody has a key for one, or made one")];
    }
    let options = match settings.upstream_options() {
        Ok(options) => options,
        Err(error) => return vec![Finding::failure(PROVIDERS, format!("{error:#}"), "mend --allow-upstream")],
    };
    let upstream = Upstream::new(&options);
    let mut calls = JoinSet::new();
    for (endpoint, name) in endpoints.0 {
        let upstream = upstream.clone();
        calls.spawn(async move { provider(&upstream, &endpoint, &name).await });
    }
    let mut findings = calls.join_all().await;
    findings.sort_by(|one, other| one.finding.cmp(&other.finding));
    findings
}

async fn provider(upstream: &Upstream, endpoint: &Endpoint, name: &str) -> Finding {
    let place = &endpoint.scheme_and_host;
    let Ok(mut parts) = place.parse::<Uri>().map(Uri::into_parts) else {
        return Finding::skipped(PROVIDERS, format!("{name} at {place} has no URL that can be called"));
    };
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    let Ok(url) = Uri::from_parts(parts) else {
        return Finding::skipped(PROVIDERS, format!("{name} at {place} has no URL that can be called"));
    };
    let origin = if endpoint.is_tenants { Origin::Tenant } else { Origin::BuiltIn };
    let call = Call { method: Method::GET, url, origin, headers: HeaderMap::new(), body: SlicedBody::new(Vec::new()) };
    match timeout(ANSWERS_WITHIN, upstream.send(call)).await {
        Ok(Ok(_)) => Finding::ok(PROVIDERS, format!("{name} at {place} answers")),
        Ok(Err(error)) if error.kind == SendErrorKind::AddressRefused => Finding::failure(
            PROVIDERS,
            format!("{name} at {place}: {}", super::files::chain(&error)),
            "list its host or network with --allow-upstream; `wardgate dev` allows this machine by itself",
        ),
        Ok(Err(error)) => Finding::failure(
            PROVIDERS,
            format!("{name} at {place}: {}", super::files::chain(&error)),
            "see whether this machine may connect there: names, firewall, and the clock for TLS",
        ),
        Err(_) => Finding::failure(
            PROVIDERS,
            format!("{name} at {place} does not answer within {} s", ANSWERS_WITHIN.as_secs()),
            "see whether this machine may connect there: names, firewall",
        ),
    }
}
