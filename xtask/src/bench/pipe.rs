//! How the rounds talk with the peers: a line of JSON there, a line of JSON back.

use super::process::{self, OwnedProcess};
use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin};
use tokio::process::{ChildStdin, ChildStdout};

/// No measurement takes this long; a part that is silent for so long hangs.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(300);

/// A process of this program, as seen by the one that started it. It ends when its stdin closes.
pub(crate) struct PartProcess {
    name: &'static str,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    _process: OwnedProcess,
}

impl PartProcess {
    /// Starts the part of this name. It inherits our core.
    pub(crate) fn start(name: &'static str) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = process::preferred(program);
        command.args(["bench-part", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = process::start(&mut command)?;
        let child = process.child();
        let stdin = child.stdin.take().context("stdin was piped")?;
        let stdout = child.stdout.take().context("stdout was piped")?;
        Ok(Self {
            name,
            stdin: ChildStdin::from_std(stdin)?,
            stdout: BufReader::new(ChildStdout::from_std(stdout)?).lines(),
            _process: process,
        })
    }

    /// Gives a command and waits for what came of it.
    pub(crate) async fn ask<A: DeserializeOwned>(&mut self, command: &impl Serialize) -> anyhow::Result<A> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.stdin.write_all(&line).await.with_context(|| format!("the {} ended", self.name))?;
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.stdout.next_line());
        let Ok(answer) = answer.await else { bail!("the {} hangs", self.name) };
        let Some(line) = answer? else { bail!("the {} ended", self.name) };
        let answer: Result<A, String> = serde_json::from_str(&line)?;
        answer.map_err(|error| anyhow::anyhow!("the {}: {error}", self.name))
    }
}

/// The other end, in the part.
pub(crate) struct Pipe {
    stdin: Lines<BufReader<Stdin>>,
}

impl Pipe {
    pub(crate) fn open() -> Self {
        Self { stdin: BufReader::new(tokio::io::stdin()).lines() }
    }

    /// The next command, or nothing when the part is to end.
    pub(crate) async fn next<C: DeserializeOwned>(&mut self) -> anyhow::Result<Option<C>> {
        let Some(line) = self.stdin.next_line().await? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&line)?))
    }

    /// Says what came of the command.
    pub(crate) async fn answer<A: Serialize>(&mut self, answer: anyhow::Result<A>) -> anyhow::Result<()> {
        let answer: Result<A, String> = answer.map_err(|error| format!("{error:#}"));
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        let mut stdout = tokio::io::stdout();
        stdout.write_all(&line).await?;
        Ok(stdout.flush().await?)
    }
}
