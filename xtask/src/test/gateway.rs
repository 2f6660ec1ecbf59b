//! A gateway for the clients to talk to: `wardgate dev` on free ports, with data of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::place::Place;
use super::say;

/// Far more than it takes to start; what fails should fail, and not hang.
const START_MAX: Duration = Duration::from_secs(60);
/// How much of the log is shown when something failed.
const LOG_LINES: usize = 60;

/// What `wardgate dev --json` says once it is ready.
#[derive(Deserialize)]
pub(super) struct Ready {
    gateway_url: String,
    admin_url: String,
    access_key: String,
    api_key: String,
    operator_key: String,
    sandbox_url: String,
}

/// A gateway that runs until it is dropped.
pub(super) struct Gateway {
    child: Child,
    ready: Ready,
    log: PathBuf,
    /// Deleted after the process is gone.
    _data: tempfile::TempDir,
}

impl Gateway {
    /// Starts the gateway that was built, and waits until it is ready.
    pub(super) fn start(place: &Place) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let log = place.tools.join("gateway.log");
        let mut command = Command::new(place.target.join("debug/wardgate"));
        command
            .args(["dev", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path());
        // It makes provider keys of what it finds in the environment, and tests are not to spend anybody's money. Nor is it to
        // find the settings of another gateway there.
        command.env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut child = command.spawn().context("cannot run wardgate (was it built?)")?;
        let line = first_line(&mut child);
        let ready = line.and_then(|line| serde_json::from_str(&line).with_context(|| format!("wardgate dev said {line:?}")));
        match ready {
            Ok(ready) => {
                let gateway = Self { child, ready, log, _data: data };
                say(&format!("gateway at {}, its log in {}", gateway.ready.gateway_url, gateway.log.display()));
                Ok(gateway)
            }
            Err(error) => {
                end(&mut child);
                Err(error.context(format!("wardgate dev did not become ready; it logged:\n{}", end_of(&log))))
            }
        }
    }

    /// What a client's tests have to know, as environment variables.
    pub(super) fn environment(&self) -> [(&'static str, &str); 6] {
        let Ready { gateway_url, admin_url, access_key, api_key, operator_key, sandbox_url } = &self.ready;
        [
            ("WARDGATE_GATEWAY_URL", gateway_url),
            ("WARDGATE_ADMIN_URL", admin_url),
            ("WARDGATE_ACCESS_KEY", access_key),
            ("WARDGATE_API_KEY", api_key),
            ("WARDGATE_OPERATOR_KEY", operator_key),
            ("WARDGATE_SANDBOX_URL", sandbox_url),
        ]
    }

    /// The last that it logged.
    pub(super) fn log_end(&self) -> String {
        end_of(&self.log)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The first line that a process prints. What it prints later is read and dropped, so that it never waits for us.
fn first_line(child: &mut Child) -> anyhow::Result<String> {
    let output = child.stdout.take().context("it has no output")?;
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.try_send(line);
        }
    });
    receiver.recv_timeout(START_MAX).context("it printed nothing")
}

fn end(child: &mut Child) {
    // Either may fail because the process is gone, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn end_of(log: &PathBuf) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
