//! Starting and stopping a gateway.

use crate::admin_server;
use crate::assemble::{Parts, assemble};
use crate::readiness::ProcessReadiness;
use crate::settings::Settings;
use crate::tasks::Tasks;
use crate::whereabouts;
use anyhow::{Context, bail};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use wardgate_proxy::{Service, load_tls};

/// How long streams have to pass on that they were ended.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long connections may take to end once they are cut off.
const CUT_OFF: Duration = Duration::from_millis(500);

/// What a gateway is started with.
pub(crate) struct Start {
    /// Its settings.
    pub(crate) settings: Settings,
    /// The sandbox provider, if it runs.
    pub(crate) sandbox_url: Option<String>,
    /// Whether it is to be tried out.
    pub(crate) is_dev: bool,
}

/// A gateway whose ports are open.
pub(crate) struct Gateway {
    /// Its parts.
    pub(crate) parts: Parts,
    settings: Settings,
    listener: TcpListener,
    admin_listener: TcpListener,
    service: Arc<Service>,
    gateway_url: String,
    admin_url: String,
    signals: StopSignals,
    /// Asks for the catalog file to be read again; none: there is none, and the signal ends the process as it does any other.
    hangup: Option<Signal>,
}

impl Gateway {
    /// Opens the store and the ports.
    pub(crate) async fn start(start: Start) -> anyhow::Result<Self> {
        let Start { settings, sandbox_url, is_dev } = start;
        wardgate_telemetry::tracing::start(&settings.log, settings.log_format(is_dev)).map_err(anyhow::Error::msg)?;
        let tls = match (&settings.tls_cert, &settings.tls_key) {
            (Some(certificate), Some(key)) => Some(load_tls(certificate, key)?),
            (None, None) => None,
            _ => bail!("tls-cert and tls-key go together: set both or neither"),
        };
        // Whoever sees that the gateway is ready may tell it to stop.
        let signals = StopSignals::listen()?;
        let hangup = settings.catalog_file.is_some().then(|| signal(SignalKind::hangup())).transpose()?;
        let parts = assemble(&settings, sandbox_url.as_deref(), is_dev).await?;
        count_panics(&parts);
        let listener = listen(settings.listen, "--listen").await?;
        let admin_listener = listen(settings.admin_listen, "--admin-listen").await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        Ok(Self {
            gateway_url: format!("{scheme}://{}", reachable(listener.local_addr()?)),
            admin_url: format!("http://{}", reachable(admin_listener.local_addr()?)),
            service: Arc::new(Service::new(Arc::clone(&parts.proxy), tls)),
            parts,
            settings,
            listener,
            admin_listener,
            signals,
            hangup,
        })
    }

    /// Where clients on this machine reach it.
    pub(crate) fn gateway_url(&self) -> &str {
        &self.gateway_url
    }

    /// Where management on this machine reaches it.
    pub(crate) fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Serves until SIGTERM or SIGINT, then stops in order: no new requests, running streams end or are ended, what they used
    /// is stored. A second signal stops at once.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self { parts, settings, listener, admin_listener, service, gateway_url, admin_url, mut signals, hangup } = self;
        whereabouts::tell(&parts.data_dir, &gateway_url, &admin_url);
        let drain = Arc::clone(&parts.proxy.drain);
        let readiness = ProcessReadiness::new(Arc::clone(&drain), Arc::clone(&parts.proxy.ledger));
        let tasks = Tasks::start(&parts, &readiness, settings.usage_retention, hangup);
        let admin_stop = CancellationToken::new();
        let router = wardgate_admin::router(parts.admin(&readiness, settings.admin_url_public.clone().unwrap_or(admin_url)));
        let admin = tokio::spawn(admin_server::serve(admin_listener, router, admin_stop.clone()));
        let mut serving = tokio::spawn(async move { service.serve(listener).await });

        signals.next().await;
        whereabouts::forget(&parts.data_dir);
        tracing::info!(drain = ?settings.drain, "stopping: no new requests; streams may end; a second signal stops at once");
        drain.start();
        let ended = tokio::select! {
            ended = tokio::time::timeout(settings.drain, &mut serving) => ended.is_ok(),
            () = signals.next() => false,
        };
        if !ended {
            drain.expire();
            if tokio::time::timeout(FAREWELL, &mut serving).await.is_err() {
                drain.cut_off();
                // Their meters close as their connections do, before the last of the usage is stored.
                let _ = tokio::time::timeout(CUT_OFF, &mut serving).await;
                serving.abort();
            }
        }
        admin_stop.cancel();
        let _ = tokio::time::timeout(FAREWELL, admin).await;
        let _ = tokio::time::timeout(FAREWELL, parts.proxy.limiter.flush()).await;
        tasks.finish().await;
        let _ = tokio::time::timeout(FAREWELL, parts.proxy.escrow.close()).await;
        if let Some(log) = &parts.log {
            log.close();
        }
        parts.database.close().await;
        Ok(())
    }
}

async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another address with {option}"))
}

/// An address that listens everywhere is reached here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// SIGTERM and SIGINT, from the moment on at which this is made.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to listen. Until then a signal ends the process at once.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves at the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A panic ends one connection; that it happened must be seen.
fn count_panics(parts: &Parts) {
    let panics = parts.metrics.panics.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        panics.inc();
        before(panic);
    }));
}
