//! What is measured, and how each measurement goes.
//!
//! All follow one pattern: the upstream is told how to answer, the load connects and warms the target up, the books are read, the
//! load runs, the target gets a moment for work that it put off, and the books are read again.

use super::accounting::Spent;
use super::chat::{self, Ask};
use super::figures::Id;
use super::load::{self, Outcome, Until};
use super::peers;
use super::pipe::PartProcess;
use super::target::{Route, Target};
use super::upstream::{self, Behavior};
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Batches that a gateway writes after the answer are part of what the request cost.
const SETTLE: Duration = Duration::from_millis(150);
const WARM_UP: Duration = Duration::from_millis(200);
/// Enough for a steady state of a target that keeps several connections to the upstream.
const PROMPT_CONNECTIONS: usize = 4;
/// A gateway takes its own part off the model's name, and nothing else.
const PROMPT_BYTES_MIN: usize = chat::PROMPT_BYTES - 64;
const BURST_STREAMS: usize = 16;
const PACED_STREAMS: usize = 32;
const CHUNKS: usize = 500;
const PACE: Duration = Duration::from_millis(5);
/// Where a stream is held, it has shown that it streams.
const HELD_AFTER_EVENTS: usize = 20;
const HELD_CHUNKS: usize = 40;
/// A thousand streams at this pace make twenty thousand chunks a second.
const PARALLEL_CHUNKS: usize = 40;
const PARALLEL_PACE: Duration = Duration::from_millis(50);

/// One thing to do with a target.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// Many streams held open, for their memory.
    Held,
    /// Many streams at once that all must reach their end.
    Parallel,
    /// 1 KB requests on so many connections.
    Requests(usize),
    /// Chunks as fast as they go.
    Burst,
    /// Chunks as a model speaks.
    Paced,
    /// 1 MB prompts.
    Prompt,
    /// 1 MB prompts, nginx keeping them in memory.
    PromptInMemory,
}

impl Scenario {
    /// In the order of a round. Memory comes first, while the targets are fresh.
    pub(crate) const ALL: [Self; 9] = [
        Self::Held,
        Self::Parallel,
        Self::Requests(1),
        Self::Requests(16),
        Self::Requests(64),
        Self::Burst,
        Self::Paced,
        Self::Prompt,
        Self::PromptInMemory,
    ];

    /// Whether it lasts as long as it is told to, and so can be cut into passes.
    pub(crate) const fn is_timed(self) -> bool {
        !matches!(self, Self::Held | Self::Parallel | Self::Paced)
    }

    pub(crate) fn title(self) -> String {
        match self {
            Self::Held => "streams held open".to_owned(),
            Self::Parallel => "streams run to their end".to_owned(),
            Self::Requests(connections) => format!("1 KB requests, {connections} at once"),
            Self::Burst => "chunks back to back".to_owned(),
            Self::Paced => "chunks 5 ms apart".to_owned(),
            Self::Prompt => "1 MB prompts".to_owned(),
            Self::PromptInMemory => "1 MB prompts, nginx keeping them in memory".to_owned(),
        }
    }
}

/// What a scenario found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) values: Vec<(Id, f64)>,
    pub(crate) outcome: Outcome,
}

/// Who plays the two ends.
pub(crate) struct Stage {
    peers: PartProcess,
    streams: usize,
    measured_time: Duration,
}

impl Stage {
    pub(crate) fn start(streams: usize, measured_time: Duration) -> anyhow::Result<Self> {
        Ok(Self { peers: PartProcess::start("peers")?, streams, measured_time })
    }

    /// Where the upstream listens.
    pub(crate) async fn locate(&mut self) -> anyhow::Result<SocketAddr> {
        self.upstream(upstream::Command::Locate).await
    }

    /// Makes the upstream answer as it did at first.
    pub(crate) async fn reset(&mut self) -> anyhow::Result<()> {
        self.behave(Behavior::Answer { body_bytes_min: 0 }).await
    }

    /// Measures one scenario on one target.
    pub(crate) async fn measure(&mut self, scenario: Scenario, target: &Target) -> anyhow::Result<Found> {
        match scenario {
            Scenario::Held => self.held(target).await,
            Scenario::Parallel => self.parallel(target).await,
            Scenario::Requests(connections) => self.requests(target, connections).await,
            Scenario::Burst => self.burst(target).await,
            Scenario::Paced => self.paced(target).await,
            Scenario::Prompt => self.prompt(target, Route::Default, Id::PromptCpu).await,
            Scenario::PromptInMemory => self.prompt(target, Route::InMemory, Id::PromptCpuInMemory).await,
        }
    }

    async fn held(&mut self, target: &Target) -> anyhow::Result<Found> {
        let ask = Ask::Stream { chunks: HELD_CHUNKS };
        self.behave(Behavior::Stream { chunks: HELD_CHUNKS, pace: Duration::ZERO }).await?;
        self.open(target, Route::Stream, ask, PACED_STREAMS).await?;
        self.run(Until::Requests(5)).await?;
        self.close().await?;
        tokio::time::sleep(SETTLE).await;
        let before = target.memory()?;

        self.behave(Behavior::HeldStream { chunks: HELD_CHUNKS, held_after: HELD_AFTER_EVENTS }).await?;
        self.open(target, Route::Stream, ask, self.streams).await?;
        self.load(load::Command::Hold { events: HELD_AFTER_EVENTS }).await?;
        tokio::time::sleep(SETTLE).await;
        let after = target.memory()?;
        self.upstream(upstream::Command::Release).await?;
        let outcome = self.load(load::Command::Finish).await?;
        self.close().await?;

        let grown = before.zip(after).map(|(before, after)| as_f64(after.proportional_kib) - as_f64(before.proportional_kib));
        let values = grown.map(|kib| (Id::StreamMemory, kib / self.streams as f64));
        Ok(Found { values: values.into_iter().collect(), outcome })
    }

    async fn parallel(&mut self, target: &Target) -> anyhow::Result<Found> {
        let ask = Ask::Stream { chunks: PARALLEL_CHUNKS };
        self.behave(Behavior::Stream { chunks: PARALLEL_CHUNKS, pace: PARALLEL_PACE }).await?;
        self.open(target, Route::Stream, ask, self.streams).await?;
        let outcome = self.run(Until::Requests(1)).await?;
        self.close().await?;
        Ok(Found { values: vec![(Id::ParallelFailures, as_f64(outcome.failures))], outcome })
    }

    async fn requests(&mut self, target: &Target, connections: usize) -> anyhow::Result<Found> {
        self.behave(Behavior::Answer { body_bytes_min: 0 }).await?;
        let (outcome, cpu) = self.steady(target, Route::Default, Ask::Short, connections).await?;
        let cpu_id = match connections {
            1 => Id::RequestCpu1,
            16 => Id::RequestCpu16,
            _ => Id::RequestCpu64,
        };
        let mut values: Vec<(Id, f64)> = cpu.map(|cpu| (cpu_id, cpu.per(outcome.answers))).into_iter().collect();
        if connections == 1 {
            let latency = |id, nanos: Option<u64>| nanos.map(|nanos| (id, as_f64(nanos) / 1_000.0));
            values.extend(latency(Id::LatencyP50, outcome.latency_p50_ns));
            values.extend(latency(Id::LatencyP99, outcome.latency_p99_ns));
        }
        if cpu_id == Id::RequestCpu64 {
            values.push((Id::RequestRate64, as_f64(outcome.answers) * 1e9 / as_f64(outcome.elapsed_ns)));
        }
        Ok(Found { values, outcome })
    }

    async fn burst(&mut self, target: &Target) -> anyhow::Result<Found> {
        self.behave(Behavior::Stream { chunks: CHUNKS, pace: Duration::ZERO }).await?;
        let (outcome, cpu) = self.steady(target, Route::Stream, Ask::Stream { chunks: CHUNKS }, BURST_STREAMS).await?;
        let values = cpu.map_or_else(Vec::new, |cpu| {
            let waited = 100.0 * cpu.0.waited.as_secs_f64() / Duration::from_nanos(outcome.elapsed_ns).as_secs_f64();
            vec![(Id::ChunkCpuBurst, cpu.per_thousand_chunks(outcome.answers)), (Id::Waited, waited)]
        });
        Ok(Found { values, outcome })
    }

    /// One stream takes seconds here, so the load counts streams and not time, and short ones warm the target up.
    async fn paced(&mut self, target: &Target) -> anyhow::Result<Found> {
        let ask = Ask::Stream { chunks: CHUNKS };
        self.behave(Behavior::Stream { chunks: CHUNKS, pace: Duration::ZERO }).await?;
        self.open(target, Route::Stream, ask, PACED_STREAMS).await?;
        self.run(Until::Requests(1)).await?;
        self.behave(Behavior::Stream { chunks: CHUNKS, pace: PACE }).await?;
        let (outcome, cpu) = self.accounted(target, Until::Requests(1)).await?;
        let value = cpu.map(|cpu| (Id::ChunkCpuPaced, cpu.per_thousand_chunks(outcome.answers)));
        Ok(Found { values: value.into_iter().collect(), outcome })
    }

    async fn prompt(&mut self, target: &Target, route: Route, id: Id) -> anyhow::Result<Found> {
        self.behave(Behavior::Answer { body_bytes_min: PROMPT_BYTES_MIN }).await?;
        let (outcome, cpu) = self.steady(target, route, Ask::Prompt, PROMPT_CONNECTIONS).await?;
        let value = cpu.map(|cpu| (id, cpu.per(outcome.answers)));
        Ok(Found { values: value.into_iter().collect(), outcome })
    }

    async fn steady(
        &mut self,
        target: &Target,
        route: Route,
        ask: Ask,
        connections: usize,
    ) -> anyhow::Result<(Outcome, Option<Cpu>)> {
        self.open(target, route, ask, connections).await?;
        self.run(Until::Elapsed(WARM_UP)).await?;
        self.accounted(target, Until::Elapsed(self.measured_time)).await
    }

    async fn accounted(&mut self, target: &Target, until: Until) -> anyhow::Result<(Outcome, Option<Cpu>)> {
        tokio::time::sleep(SETTLE).await;
        let before = target.cpu()?;
        let outcome = self.run(until).await?;
        tokio::time::sleep(SETTLE).await;
        let after = target.cpu()?;
        self.close().await?;
        // Without an answer there is nothing to divide by; the failures are reported.
        let is_measured = outcome.answers > 0;
        let cpu = before.zip(after).filter(|_| is_measured).map(|(before, after)| Cpu(after.since(&before)));
        Ok((outcome, cpu))
    }

    async fn behave(&mut self, behavior: Behavior) -> anyhow::Result<()> {
        self.upstream(upstream::Command::Behave(behavior)).await.map(drop)
    }

    async fn open(&mut self, target: &Target, route: Route, ask: Ask, connections: usize) -> anyhow::Result<()> {
        self.load(load::Command::Open { place: target.place(route), ask, connections }).await.map(drop)
    }

    async fn run(&mut self, until: Until) -> anyhow::Result<Outcome> {
        self.load(load::Command::Run(until)).await
    }

    async fn close(&mut self) -> anyhow::Result<()> {
        self.load(load::Command::Close).await.map(drop)
    }

    async fn load(&mut self, command: load::Command) -> anyhow::Result<Outcome> {
        self.peers.ask(&peers::Command::Load(command)).await
    }

    async fn upstream(&mut self, command: upstream::Command) -> anyhow::Result<SocketAddr> {
        self.peers.ask(&peers::Command::Upstream(command)).await
    }
}

/// What a target spent.
struct Cpu(Spent);

impl Cpu {
    /// Microseconds for each of so many.
    fn per(&self, count: u64) -> f64 {
        self.0.ran.as_secs_f64() * 1e6 / as_f64(count)
    }

    /// Milliseconds, which is microseconds for each chunk.
    fn per_thousand_chunks(&self, streams: u64) -> f64 {
        self.per(streams * CHUNKS as u64)
    }
}

/// Counts here stay far below the 2^53 that a float holds exactly.
fn as_f64(count: u64) -> f64 {
    count as f64
}
