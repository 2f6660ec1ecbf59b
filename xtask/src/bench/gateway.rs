//! The gateway, as `wardgate dev` starts it, with everything on.
//!
//! It is started twice. The first start finds nothing and makes all: database, keys, account. Then it learns of our upstream as an
//! operator would teach it, through the management API. The second start finds what the first left, and is the one that is measured.

use super::call;
use super::chat::{self, Place};
use super::options::Options;
use super::process::{self, OwnedProcess};
use super::target::Start;
use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStdout;

const READY_TIME_MAX: Duration = Duration::from_secs(30);
const PROVIDER: &str = "bench";
/// A provider that every development gateway has, so it answers before anything is set up.
const BUILT_IN_MODEL: &str = "sandbox:echo";

pub(crate) struct Gateway {
    // Fields are dropped in order: the process must end before its files go.
    process: OwnedProcess,
    place: Place,
    _directory: TempDir,
}

/// A gateway's process, and the line that it said when it was ready.
struct Running {
    process: OwnedProcess,
    ready: Ready,
    start: Instant,
    ready_after: Duration,
}

#[derive(Deserialize)]
struct Ready {
    gateway_url: String,
    admin_url: String,
    access_key: String,
    api_key: String,
}

impl Gateway {
    pub(crate) async fn start(options: &Options, upstream: SocketAddr) -> anyhow::Result<(Self, Start)> {
        let directory = tempfile::Builder::new().prefix("bench-wardgate-").tempdir()?;
        let first = Running::start(options, directory.path()).await?;
        let answer_new = call::first_answer(&first.place(BUILT_IN_MODEL)?, first.start).await?;
        first.teach(upstream).await?;
        let ready_new = first.ready_after;
        drop(first);

        let running = Running::start(options, directory.path()).await?;
        let place = running.place(&format!("{PROVIDER}:{}", chat::MODEL))?;
        let answer = call::first_answer(&place, running.start).await?;
        let start = Start {
            ready_new: Some(ready_new),
            answer_new: Some(answer_new),
            ready: Some(running.ready_after),
            answer: Some(answer),
        };
        Ok((Self { process: running.process, place, _directory: directory }, start))
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    pub(crate) fn pids(&self) -> anyhow::Result<Vec<u32>> {
        self.process.family()
    }
}

impl Running {
    async fn start(options: &Options, directory: &Path) -> anyhow::Result<Self> {
        let binary = options.binary.as_ref().context("which wardgate? build it or name it with --binary")?;
        let log_path = directory.join("bench-stderr.log");
        let mut command = process::pinned(options.target_core, binary);
        command
            .args(["dev", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.join("data"))
            .current_dir(directory)
            .stdout(Stdio::piped())
            .stderr(File::create(&log_path)?);
        // Provider keys and settings of the person who runs this have no part in it.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name != "PATH") {
            command.env_remove(name);
        }
        let start = Instant::now();
        let mut process = process::start(&mut command)?;
        let stdout = process.child().stdout.take().context("stdout was piped")?;
        let line = first_line(ChildStdout::from_std(stdout)?).await;
        let ready_after = start.elapsed();
        let said = || std::fs::read_to_string(&log_path).unwrap_or_default().trim().to_owned();
        let line = line.with_context(said)?;
        let ready = serde_json::from_str(&line).context("the line of `wardgate dev --json` does not read")?;
        Ok(Self { process, ready, start, ready_after })
    }

    fn place(&self, model: &str) -> anyhow::Result<Place> {
        let (address, _) = locate(&self.ready.gateway_url)?;
        let bearer = self.ready.access_key.clone();
        Ok(Place { address, path: chat::PATH.to_owned(), bearer, model: model.to_owned() })
    }

    /// Makes our upstream a provider of the gateway's, with a credential that is sealed like any other.
    async fn teach(&self, upstream: SocketAddr) -> anyhow::Result<()> {
        self.manage(
            "providers",
            &json!({
                "providerId": PROVIDER,
                "name": PROVIDER,
                "baseUrl": format!("http://{upstream}/v1"),
                "supportedApiSurfaces": [
                    { "format": "openai", "surface": "chat-completions" },
                    { "format": "anthropic", "surface": "messages" },
                ],
            }),
        )
        .await?;
        self.manage("provider-keys", &json!({ "providerId": PROVIDER, "name": PROVIDER, "value": chat::CREDENTIAL })).await
    }

    async fn manage(&self, collection: &str, body: &Value) -> anyhow::Result<()> {
        let (address, base) = locate(&self.ready.admin_url)?;
        let body = Bytes::from(serde_json::to_vec(body)?);
        let request = call::post(address, &format!("{base}/{collection}"), &self.ready.api_key, body)?;
        let (status, answer) = call::call(address, request).await?;
        ensure!(status.is_success(), "POST /{collection} answers {status}: {}", String::from_utf8_lossy(&answer));
        Ok(())
    }
}

/// Reads on behind the first line, so that a gateway that says more does not block.
async fn first_line(stdout: ChildStdout) -> anyhow::Result<String> {
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(READY_TIME_MAX, lines.next_line()).await;
    let Ok(line) = line else { bail!("it did not become ready in {READY_TIME_MAX:?}") };
    let Some(line) = line? else { bail!("it ended before it was ready") };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(line)
}

/// The address in a URL, and its path without the slash at the end.
fn locate(url: &str) -> anyhow::Result<(SocketAddr, String)> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
    let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
    let address = authority.as_str().parse().with_context(|| format!("{url} does not name an address and a port"))?;
    Ok((address, uri.path().trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locates_what_a_url_names() {
        let check = |url, address: &str, path: &str| {
            assert_eq!(locate(url).unwrap(), (address.parse().unwrap(), path.to_owned()), "{url}");
        };
        check("http://127.0.0.1:8081", "127.0.0.1:8081", "");
        check("http://127.0.0.1:8081/", "127.0.0.1:8081", "");
        check("http://127.0.0.1:8081/api/", "127.0.0.1:8081", "/api");
        assert!(locate("http://gateway").is_err());
    }
}
