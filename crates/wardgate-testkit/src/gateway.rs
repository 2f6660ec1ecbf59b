//! The gateway: the real program, as a process of its own.
//!
//! When it is dropped it is checked: every meter closed, every attempt in the ledger, no panic. The process is then ended by its
//! id. A test that is failing already is not troubled with that.

use crate::{Client, DEADLINE, Key, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How to start one.
#[derive(Clone)]
pub struct Setup {
    binary: PathBuf,
    command: &'static str,
    arguments: Vec<String>,
    data: Option<Arc<TempDir>>,
    attempts_before: u64,
    is_replica: bool,
}

impl Setup {
    /// `wardgate dev`, by the path of the binary under test.
    #[must_use]
    pub fn dev(binary: &str) -> Self {
        Self { binary: binary.into(), command: "dev", arguments: Vec::new(), data: None, attempts_before: 0, is_replica: false }
    }

    /// `wardgate serve`.
    #[must_use]
    pub fn serve(binary: &str) -> Self {
        Self { command: "serve", ..Self::dev(binary) }
    }

    /// An option and its value.
    #[must_use]
    pub fn with(mut self, option: &str, value: impl AsRef<Path>) -> Self {
        self.arguments.extend([option.to_owned(), value.as_ref().display().to_string()]);
        self
    }

    /// The data of a gateway that ended, with what it had in its ledger.
    #[must_use]
    pub fn on_data(mut self, data: Arc<TempDir>, attempts_before: u64) -> Self {
        (self.data, self.attempts_before) = (Some(data), attempts_before);
        self
    }

    /// One of several gateways on one database: the ledger also holds what the others did, so it is not checked against this one.
    #[must_use]
    pub const fn replica(mut self) -> Self {
        self.is_replica = true;
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(self) -> Gateway {
        let data = self.data.unwrap_or_else(|| Arc::new(TempDir::new().unwrap()));
        let mut command = Command::new(&self.binary);
        command.arg(self.command).args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(data.path().join("data")).args(self.arguments);
        if self.command == "dev" {
            command.arg("--json");
        }
        // No credential and no setting of whoever runs the tests.
        command.env_clear().current_dir(data.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (out, log) = (Output::default(), Output::default());
        out.collect(process.stdout.take().unwrap());
        log.collect(process.stderr.take().unwrap());
        let mut ready = None;
        until("a gateway that is ready", DEADLINE, async || {
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the gateway ended ({status}) instead of starting: {}", log.text());
            }
            ready = if self.command == "dev" { dev_line(&out) } else { serve_line(&log, data.path()) };
            ready.is_some()
        })
        .await;
        let ready = ready.unwrap();
        let key = Key { id: String::new(), token: ready.access_key };
        Gateway {
            process: Some(process),
            is_dev: self.command == "dev",
            data,
            out,
            log,
            client: Client::new(&ready.gateway_url),
            admin: Client::new(&ready.admin_url),
            key,
            ready: ready.line,
            api_key: ready.api_key,
            operator_key: ready.operator_key,
            attempts_before: self.attempts_before,
            is_replica: self.is_replica,
        }
    }
}

struct Ready {
    gateway_url: String,
    admin_url: String,
    access_key: String,
    api_key: String,
    operator_key: String,
    line: Value,
}

fn dev_line(out: &Output) -> Option<Ready> {
    let line: Value = serde_json::from_str(out.text().lines().next()?).ok()?;
    let text = |field: &str| line[field].as_str().map(str::to_owned);
    Some(Ready {
        gateway_url: text("gateway_url")?,
        admin_url: text("admin_url")?,
        access_key: text("access_key")?,
        api_key: text("api_key")?,
        operator_key: text("operator_key")?,
        line,
    })
}

/// `serve` tells its addresses in its log, and leaves its first keys in a file.
fn serve_line(log: &Output, data: &Path) -> Option<Ready> {
    let text = log.text();
    let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.find(|line| line["fields"]["message"] == "ready")?["fields"].clone();
    let credentials = std::fs::read(data.join("data/credentials.json")).ok()?;
    let credentials: Value = serde_json::from_slice(&credentials).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Ready {
        gateway_url: text(&line["gateway"])?,
        admin_url: text(&line["management"])?,
        access_key: text(&credentials["access_key"])?,
        api_key: text(&credentials["api_key"])?,
        operator_key: text(&credentials["operator_key"])?,
        line,
    })
}

/// What a process wrote so far.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<String>>);

impl Output {
    fn collect(&self, from: impl AsyncRead + Unpin + Send + 'static) {
        let text = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running gateway.
pub struct Gateway {
    process: Option<Child>,
    data: Arc<TempDir>,
    is_dev: bool,
    out: Output,
    log: Output,
    client: Client,
    admin: Client,
    key: Key,
    ready: Value,
    api_key: String,
    operator_key: String,
    attempts_before: u64,
    is_replica: bool,
}

impl Gateway {
    /// A client of the data plane.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client of the management API.
    #[must_use]
    pub fn admin(&self) -> Client {
        self.admin.clone()
    }

    /// The first access key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The first API key.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The first operator key.
    #[must_use]
    pub fn operator_key(&self) -> &str {
        &self.operator_key
    }

    /// What it said when it was ready.
    #[must_use]
    pub const fn ready(&self) -> &Value {
        &self.ready
    }

    /// The directory with all its files.
    #[must_use]
    pub fn data(&self) -> Arc<TempDir> {
        Arc::clone(&self.data)
    }

    /// All that it logged, request lines included. `dev` says on its standard output what it is there to say, keys and all.
    #[must_use]
    pub fn log_text(&self) -> String {
        if self.is_dev { self.log.text() } else { format!("{}{}", self.out.text(), self.log.text()) }
    }

    pub(crate) const fn is_replica(&self) -> bool {
        self.is_replica
    }

    pub(crate) const fn attempts_before(&self) -> u64 {
        self.attempts_before
    }

    /// Asks it to stop.
    pub async fn terminate(&self) {
        self.signal("-TERM").await;
    }

    /// Asks it to read again what may change.
    pub async fn hang_up(&self) {
        self.signal("-HUP").await;
    }

    /// Ends it at once, without a word to it.
    pub async fn kill(&self) {
        self.signal("-KILL").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.process.as_ref().and_then(Child::id).expect("the gateway is running");
        let killed = Command::new("kill").arg(signal).arg(id.to_string()).status().await;
        assert!(killed.unwrap().success());
    }

    /// Waits until it has ended. Whatever is to be checked of it was checked before or is checked by the next one on its data.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let mut process = self.process.take().expect("the gateway is running");
        let status = timeout(DEADLINE, process.wait()).await.expect("the gateway does not end").unwrap();
        (status, self.log_text())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.process.is_none() || std::thread::panicking() {
            return;
        }
        // A drop cannot wait; a thread with a runtime of its own can. The test's other tasks go on meanwhile.
        let checked = std::thread::scope(|scope| {
            let check = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(self.settle());
            };
            scope.spawn(check).join()
        });
        assert!(checked.is_ok(), "the gateway was not left in order; see above");
    }
}
