//! How a model of a provider has done lately.

use std::time::Duration;

/// What is known of one backend with one credential. The default knows nothing, which is no reason not to ask it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    /// What it comes to.
    pub class: Class,
    /// How long it is not to be asked yet, unless nobody else is left.
    pub out_for: Option<Duration>,
    /// The share of its latest answers that failed, 0 to 1.
    pub failure_share: f32,
    /// Seconds from a request to the first token, where it streams.
    pub first_token_seconds: Option<Measure>,
    /// Tokens that it writes in a second.
    pub tokens_per_second: Option<Measure>,
}

/// What its latest answers come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It answers, or nothing is known of it.
    #[default]
    Well,
    /// It fails too often.
    Ill,
    /// It is not to be asked: it said so itself, or it fails all the time.
    Out,
}

impl Class {
    /// Its name in APIs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Ill => "ill",
            Self::Out => "out",
        }
    }
}

/// Something measured again and again, the latest counting most.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measure {
    /// About what it is.
    pub mean: f64,
    /// About how far it strays from that.
    pub deviation: f64,
}
