//! What can be asked of the benchmark.

use super::target::Kind;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const QUICK_ROUNDS: usize = 1;

/// A part that can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(crate) enum Alone {
    /// Making the plan of a request.
    Plan,
    /// Admitting a request with all limits and budgets on.
    Admit,
    /// Looking into what passes.
    Inspect,
    /// Translating a stream.
    Translate,
}

/// The options of `cargo xtask bench`.
#[derive(Args, Clone, Serialize, Deserialize)]
#[command(after_help = "\
The gateway is built with the profile that is shipped. The benchmark itself is built again with the profile `release` and does \
all its work in that form, so it does not matter how this task was started. docs/benchmark.md says what each figure means.")]
pub(crate) struct Options {
    /// How many times everything is measured; figures are medians over the rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,

    /// About a minute: one round of short measurements, good for a look and not for a verdict
    #[arg(long)]
    pub(crate) quick: bool,

    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1, default_values_t = Kind::ALL)]
    pub(crate) targets: Vec<Kind>,

    /// Only a part of the gateway by itself, without nginx or any network
    #[arg(long, value_enum)]
    pub(crate) only: Option<Alone>,

    /// Measure this gateway instead of building one
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,

    /// Build the gateway with this profile
    #[arg(long, default_value = "dist")]
    pub(crate) profile: String,

    /// How many streams are open at once where memory is measured and where all must reach their end
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) streams: u32,

    /// The core of what is measured
    #[arg(long, default_value_t = 0)]
    pub(crate) target_core: u16,

    /// The core of the upstream and the load
    #[arg(long, default_value_t = 1)]
    pub(crate) load_core: u16,

    /// Write everything that was measured as JSON; `-` is stdout, where it takes the table's place
    #[arg(long, value_name = "PATH")]
    pub(crate) json: Option<PathBuf>,

    /// Fail when a limit is missed or could not be measured, or when any request failed
    #[arg(long)]
    pub(crate) check: bool,
}

impl Options {
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { QUICK_ROUNDS } else { self.rounds.into() }
    }

    pub(crate) fn measures(&self, kind: Kind) -> bool {
        self.targets.contains(&kind)
    }

    /// A target holds two sockets for each stream; the rest is for files, other connections and some air.
    pub(crate) fn open_files_min(&self) -> u32 {
        2 * self.streams + 512
    }
}
