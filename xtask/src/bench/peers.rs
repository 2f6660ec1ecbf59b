//! The two ends of every measurement in one process: the clients and the provider.
//!
//! The process never sleeps while clients ask. To wake a process that sleeps on another core takes several microseconds, which are
//! booked to whoever wrote to it. Between a target and its peers that happens only because they share a machine, and the more often
//! the more of the time the peers have nothing to do: a slow target would pay for it, and a fast one would not. So the peers look
//! for work all that time; and they are one process, since two that do so would take the core from each other.

use super::load::{self, Load};
use super::pipe::Pipe;
use super::upstream::{self, Upstream};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

/// What the rounds ask of the peers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Command {
    /// Of the provider; it says where it listens.
    Upstream(upstream::Command),
    /// Of the clients; they say what came of it.
    Load(load::Command),
}

/// Runs until the rounds end.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let (upstream, mut load, mut pipe) = (Upstream::start()?, Load::default(), Pipe::open());
    while let Some(command) = pipe.next().await? {
        match command {
            Command::Upstream(command) => pipe.answer(Ok(upstream.obey(command))).await?,
            Command::Load(command) => {
                let awake = tokio::spawn(stay_awake());
                let outcome = load.obey(command).await;
                awake.abort();
                pipe.answer(outcome).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// As long as a task is ready, its runtime asks for what is new and waits for nothing.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}
