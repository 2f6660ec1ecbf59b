//! The process's own settings: from defaults, a file, the environment and the command line, each over the one before.

pub(crate) mod counters;
pub(crate) mod database;
pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod sealing;
mod values;
pub(crate) mod webhook;

use counters::Counters;
use database::Database;
use ipnet::IpNet;
use sealing::Sealing;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use values::{ByteCount, duration, network, percent, price, retention};
use wardgate_core::money::PicoUsdPerToken;
use wardgate_limits::cost::Margin;
use wardgate_proxy::Options as ProxyOptions;
use wardgate_telemetry::tracing::LogFormat;
use wardgate_upstream::AllowedAddresses;
use webhook::Webhook;

/// Settings of `dev` and `serve` alike.
#[derive(clap::Args)]
pub(crate) struct Settings {
    /// Where clients connect; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8080", env = "WARDGATE_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// Where management, metrics and health are; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8081", env = "WARDGATE_ADMIN_LISTEN")]
    pub(crate) admin_listen: SocketAddr,
    #[command(flatten)]
    pub(crate) database: Database,
    #[command(flatten)]
    pub(crate) counters: Counters,
    #[command(flatten)]
    pub(crate) webhook: Webhook,
    /// A file of settings: YAML, a setting a line, named as the options are.
    #[arg(long, env = "WARDGATE_SETTINGS")]
    pub(crate) settings: Option<PathBuf>,
    /// What stands before the path in every uri that the management API gives; without it, the address it listens on.
    #[arg(long, env = "WARDGATE_ADMIN_URL_PUBLIC")]
    pub(crate) admin_url_public: Option<String>,
    /// The page where your tenants pay for credits. Without it, POST /credits/checkout-session is refused.
    #[arg(long, env = "WARDGATE_CHECKOUT_URL")]
    pub(crate) checkout_url: Option<String>,
    /// A file of tiers, in place of those that this program ships with.
    #[arg(long, env = "WARDGATE_TIERS_FILE")]
    pub(crate) tiers_file: Option<PathBuf>,
    /// A file of models, prices and places of providers that go over the built-in catalog; read again when it changes, and at SIGHUP.
    #[arg(long, env = "WARDGATE_CATALOG_FILE")]
    pub(crate) catalog_file: Option<PathBuf>,
    /// The certificate chain, PEM; clients then connect over TLS.
    #[arg(long, env = "WARDGATE_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's key, PEM.
    #[arg(long, env = "WARDGATE_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
    /// Networks, addresses and host names where tenants' own providers may be besides the public internet, comma-separated.
    #[arg(long, env = "WARDGATE_ALLOW_UPSTREAM", value_delimiter = ',')]
    allow_upstream: Vec<String>,
    /// Networks of your own proxies in front, comma-separated: the client's address is then read from their X-Forwarded-For.
    #[arg(long, env = "WARDGATE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,
    /// The largest request body.
    #[arg(long, default_value = "32MiB", env = "WARDGATE_BODY_BYTES_MAX")]
    body_bytes_max: ByteCount,
    /// The largest unstreamed answer.
    #[arg(long, default_value = "64MiB", env = "WARDGATE_REPLY_BYTES_MAX")]
    reply_bytes_max: ByteCount,
    /// The memory that all bodies in flight may take together.
    #[arg(long, default_value = "512MiB", env = "WARDGATE_MEMORY_BYTES_MAX")]
    pub(crate) memory_bytes_max: ByteCount,
    /// The memory for turns that clients of Responses name by id alone, where the answer was translated; 0 keeps none.
    #[arg(long, default_value = "128MiB", env = "WARDGATE_RECALL_BYTES_MAX")]
    pub(crate) recall_bytes_max: ByteCount,
    /// Client connections at once; more wait to be accepted.
    #[arg(long, default_value_t = 16_384, env = "WARDGATE_CONNECTIONS_MAX")]
    connections_max: usize,
    /// Requests at providers at once; more are refused with 503.
    #[arg(long, default_value_t = 10_000, env = "WARDGATE_IN_FLIGHT_MAX")]
    pub(crate) in_flight_max: usize,
    /// How long a provider may take until the first event of a stream, or for a whole unstreamed answer.
    #[arg(long, default_value = "60s", env = "WARDGATE_PER_REQUEST_TIMEOUT", value_parser = duration)]
    per_request_timeout: Duration,
    /// How long all attempts together may take until the first content.
    #[arg(long, default_value = "120s", env = "WARDGATE_TOTAL_TIMEOUT", value_parser = duration)]
    total_timeout: Duration,
    /// The longest silence of a provider in the middle of a stream.
    #[arg(long, default_value = "120s", env = "WARDGATE_IDLE_EVENT_TIMEOUT", value_parser = duration)]
    idle_event_timeout: Duration,
    /// After how much silence a client is sent a sign of life.
    #[arg(long, default_value = "15s", env = "WARDGATE_KEEP_ALIVE_AFTER", value_parser = duration)]
    keep_alive_after: Duration,
    /// How long a request's head may take to arrive.
    #[arg(long, default_value = "10s", env = "WARDGATE_HEAD_TIMEOUT", value_parser = duration)]
    head_timeout: Duration,
    /// How long streams may run on after SIGTERM.
    #[arg(long, default_value = "300s", env = "WARDGATE_DRAIN", value_parser = duration)]
    pub(crate) drain: Duration,
    /// For how many days usage events are kept, as in 400d, at least 7d; without it, for ever. Sums are kept in any case.
    #[arg(long, env = "WARDGATE_USAGE_RETENTION", value_parser = retention)]
    pub(crate) usage_retention: Option<Duration>,
    /// What is added to the cost of requests with managed keys, as in 5% or 2.5%.
    #[arg(long, env = "WARDGATE_MANAGED_MARKUP", default_value = "0%", value_parser = percent)]
    managed_markup: u32,
    /// What every request that used something costs beside the model, in US dollars for a million tokens of input and output.
    #[arg(long, env = "WARDGATE_PROCESSING_FEE", default_value = "0", value_parser = price)]
    processing_fee: PicoUsdPerToken,
    /// What the process logs to standard error: a level, or directives as in `info,wardgate_proxy=debug`.
    #[arg(long, default_value = "info", env = "WARDGATE_LOG")]
    pub(crate) log: String,
    /// How that log looks; without it, text for `dev` and JSON for `serve`.
    #[arg(long, value_enum, env = "WARDGATE_LOG_FORMAT")]
    log_format: Option<Format>,
    /// Where each request's line goes; without it, standard error for `dev` and standard output for `serve`.
    #[arg(long, value_enum, env = "WARDGATE_REQUEST_LOG")]
    pub(crate) request_log: Option<RequestLog>,
    #[arg(skip)]
    allows_loopback: bool,
}

/// How a log looks.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where request lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RequestLog {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Nowhere.
    Off,
}

impl Settings {
    /// Tenants' own providers may be on this machine.
    pub(crate) fn allow_loopback(&mut self) {
        self.allows_loopback = true;
    }

    /// How the process's log looks.
    pub(crate) fn log_format(&self, is_dev: bool) -> LogFormat {
        match self.log_format {
            Some(Format::Text) => LogFormat::Text,
            Some(Format::Json) => LogFormat::Json,
            None if is_dev => LogFormat::Text,
            None => LogFormat::Json,
        }
    }

    /// What the data plane is told.
    pub(crate) fn proxy_options(&self) -> ProxyOptions {
        ProxyOptions {
            body_bytes_max: self.body_bytes_max.0,
            reply_bytes_max: self.reply_bytes_max.0,
            head_timeout: self.head_timeout,
            trusted_proxies: self.trusted_proxies.clone(),
            per_request_timeout: self.per_request_timeout,
            total_timeout: self.total_timeout,
            idle_event_timeout: self.idle_event_timeout,
            keep_alive_after: self.keep_alive_after,
            connections_max: self.connections_max,
            margin: Margin { markup_ppm: self.managed_markup, fee: self.processing_fee },
            ..ProxyOptions::default()
        }
    }

    /// What the way to providers is told.
    pub(crate) fn upstream_options(&self) -> anyhow::Result<wardgate_upstream::Options> {
        let loopback: &[&str] = if self.allows_loopback { &["127.0.0.0/8", "::1"] } else { &[] };
        let entries = self.allow_upstream.iter().map(String::as_str).chain(loopback.iter().copied());
        Ok(wardgate_upstream::Options { allowed: AllowedAddresses::parse(entries)?, ..wardgate_upstream::Options::default() })
    }
}
