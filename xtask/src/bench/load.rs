//! The clients: connections that are kept, one request at a time on each, every answer verified.

use super::chat::{Ask, Place};
use super::statistics::percentile;
use anyhow::{Context as _, bail};
use connection::Connection;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

mod answer;
mod connection;
mod tally;

/// Opened in waves, so that no target's queue of waiting connections is what is measured.
const CONNECTIONS_PER_WAVE: usize = 64;
const ALL_HELD_TIME_MAX: Duration = Duration::from_secs(60);

/// What the rounds ask of the load.
#[derive(Serialize, Deserialize)]
pub(crate) enum Command {
    /// Connect, and be ready to ask this.
    Open { place: Place, ask: Ask, connections: usize },
    /// Ask on every connection, again and again.
    Run(Until),
    /// Ask once on every connection, and answer when each stream has this many events.
    Hold { events: usize },
    /// Read what is held to its end.
    Finish,
    /// Close all connections.
    Close,
}

/// When a connection stops asking.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Until {
    /// After so many requests.
    Requests(u64),
    /// With the first answer after this time.
    Elapsed(Duration),
}

/// What came of a command. Times are nanoseconds.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Answers that were complete.
    pub(crate) answers: u64,
    /// Requests that failed: refused, cut off, incomplete.
    pub(crate) failures: u64,
    /// Answers that were complete but not the upstream's bytes.
    pub(crate) altered: u64,
    /// Connections that the target closed between two requests.
    pub(crate) reconnects: u64,
    /// Why the first request failed.
    pub(crate) first_failure: Option<String>,
    pub(crate) elapsed_ns: u64,
    pub(crate) latency_p50_ns: Option<u64>,
    pub(crate) latency_p99_ns: Option<u64>,
}

/// The connections, and the streams that they are on.
#[derive(Default)]
pub(crate) struct Load {
    connections: Vec<Connection>,
    held: JoinSet<(Connection, Tally)>,
}

impl Load {
    /// Does as it is told, and says what came of it.
    pub(crate) async fn obey(&mut self, command: Command) -> anyhow::Result<Outcome> {
        match command {
            Command::Open { place, ask, connections } => self.open(&place, ask, connections).await,
            Command::Run(until) => self.run(until).await,
            Command::Hold { events } => self.hold(events).await,
            Command::Finish => self.finish().await,
            Command::Close => {
                *self = Self::default();
                Ok(Outcome::default())
            }
        }
    }

    async fn open(&mut self, place: &Place, ask: Ask, count: usize) -> anyhow::Result<Outcome> {
        *self = Self::default();
        let question = Arc::new(connection::Question::new(place, ask)?);
        while self.connections.len() < count {
            let mut wave = JoinSet::new();
            for _ in 0..CONNECTIONS_PER_WAVE.min(count - self.connections.len()) {
                wave.spawn(Connection::open(question.clone()));
            }
            while let Some(connection) = wave.join_next().await {
                self.connections.push(connection?.context("cannot connect to the target")?);
            }
        }
        Ok(Outcome::default())
    }

    async fn run(&mut self, until: Until) -> anyhow::Result<Outcome> {
        let start = Instant::now();
        for mut connection in self.connections.drain(..) {
            self.held.spawn(async move {
                let mut tally = Tally::default();
                while match until {
                    Until::Requests(requests) => tally.requests() < requests,
                    Until::Elapsed(time) => start.elapsed() < time,
                } {
                    connection.ask(&mut tally, None).await;
                }
                (connection, tally)
            });
        }
        self.gather(start).await
    }

    async fn hold(&mut self, events: usize) -> anyhow::Result<Outcome> {
        let (sender, mut arrived) = mpsc::channel(self.connections.len().max(1));
        let count = self.connections.len();
        for mut connection in self.connections.drain(..) {
            let mark = answer::Mark { events, reached: sender.clone() };
            self.held.spawn(async move {
                let mut tally = Tally::default();
                connection.ask(&mut tally, Some(mark)).await;
                (connection, tally)
            });
        }
        // A stream that fails drops its mark, so when all have arrived or failed the channel is closed.
        drop(sender);
        let all = async {
            let mut held = 0;
            while held < count && arrived.recv().await.is_some() {
                held += 1;
            }
            held
        };
        match tokio::time::timeout(ALL_HELD_TIME_MAX, all).await {
            Ok(held) if held == count => Ok(Outcome::default()),
            Ok(held) => {
                let first_failure = self.finish().await?.first_failure.unwrap_or_default();
                bail!("only {held} of {count} streams opened: {first_failure}")
            }
            Err(_) => bail!("{count} streams did not open in {ALL_HELD_TIME_MAX:?}"),
        }
    }

    async fn finish(&mut self) -> anyhow::Result<Outcome> {
        self.gather(Instant::now()).await
    }

    async fn gather(&mut self, start: Instant) -> anyhow::Result<Outcome> {
        let mut sum = Tally::default();
        while let Some(done) = self.held.join_next().await {
            let (connection, tally) = done?;
            sum.add(tally);
            self.connections.push(connection);
        }
        let elapsed = start.elapsed();
        sum.latencies_ns.sort_unstable();
        Ok(Outcome {
            answers: sum.answers,
            failures: sum.failures,
            altered: sum.altered,
            reconnects: sum.reconnects,
            first_failure: sum.first_failure,
            elapsed_ns: nanos(elapsed),
            latency_p50_ns: percentile(&sum.latencies_ns, 50),
            latency_p99_ns: percentile(&sum.latencies_ns, 99),
        })
    }
}

/// Five hundred years are enough.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
