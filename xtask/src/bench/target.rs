//! What stands between the load and the upstream.

use super::accounting::{CpuReading, Memory};
use super::chat::Place;
use super::direct::Direct;
use super::gateway::Gateway;
use super::nginx::Nginx;
use super::options::Options;
use anyhow::Context as _;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Nothing: the load talks with the upstream.
    Direct,
    /// The yardstick.
    Nginx,
    /// The gateway.
    Wardgate,
}

impl Kind {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 3] = [Self::Direct, Self::Nginx, Self::Wardgate];
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Wardgate => "wardgate",
        })
    }
}

/// How a request is treated, which only nginx has to be told beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// As by default: large requests pass through a file.
    Default,
    /// The answer is a stream and must not be gathered.
    Stream,
    /// Large requests are kept in memory.
    InMemory,
}

/// A target that answers.
pub(crate) enum Target {
    Direct(Direct),
    Nginx(Nginx),
    Wardgate(Gateway),
}

/// How long a target took to start, from its process's start.
#[derive(Default)]
pub(crate) struct Start {
    /// Until it said that it was ready, its data directory being new.
    pub(crate) ready_new: Option<Duration>,
    /// Until its first answer, its data directory being new.
    pub(crate) answer_new: Option<Duration>,
    /// Until it said that it was ready, having run before.
    pub(crate) ready: Option<Duration>,
    /// Until its first answer, having run before.
    pub(crate) answer: Option<Duration>,
}

impl Target {
    /// Starts a target and waits for its first answer.
    pub(crate) async fn start(kind: Kind, options: &Options, upstream: SocketAddr) -> anyhow::Result<(Self, Start)> {
        let started = match kind {
            Kind::Direct => Ok((Self::Direct(Direct::new(upstream)), Start::default())),
            Kind::Nginx => Nginx::start(options, upstream).await.map(|(nginx, start)| (Self::Nginx(nginx), start)),
            Kind::Wardgate => Gateway::start(options, upstream).await.map(|(gateway, start)| (Self::Wardgate(gateway), start)),
        };
        started.with_context(|| format!("{kind} does not start"))
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Direct(_) => Kind::Direct,
            Self::Nginx(_) => Kind::Nginx,
            Self::Wardgate(_) => Kind::Wardgate,
        }
    }

    /// Where requests of this kind are sent.
    pub(crate) fn place(&self, route: Route) -> Place {
        match self {
            Self::Direct(direct) => direct.place(),
            Self::Nginx(nginx) => nginx.place(route),
            Self::Wardgate(gateway) => gateway.place(),
        }
    }

    /// The target's processes. Nothing at all has none.
    fn pids(&self) -> anyhow::Result<Option<Vec<u32>>> {
        match self {
            Self::Direct(_) => Ok(None),
            Self::Nginx(nginx) => nginx.pids().map(Some),
            Self::Wardgate(gateway) => gateway.pids().map(Some),
        }
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Option<CpuReading>> {
        self.pids()?.map(|pids| CpuReading::take(&pids)).transpose()
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Option<Memory>> {
        self.pids()?.map(|pids| Memory::take(&pids)).transpose()
    }
}
