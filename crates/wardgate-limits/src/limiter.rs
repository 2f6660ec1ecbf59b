//! Admission by all limits of a caller, counted here or together with other gateways.

use crate::local::{Local, LocalHold};
use crate::rate::{Demand, Moment, Refusal, Standings, Used};
use crate::shared::{Shared, SharedEvent, SharedHold, Watch};
use std::sync::Arc;
use tokio::time::Instant;
use wardgate_core::time::Timestamp;

/// What happens to requests while the shared counters are away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAway {
    /// This gateway gives out its share of each limit.
    Share,
    /// Requests that have limits are refused.
    Refuse,
}

/// Counters that several gateways share.
pub struct Together {
    /// The counters.
    pub shared: Shared,
    /// What happens while they are away.
    pub when_away: WhenAway,
    /// How many gateways share them, which decides on the size of a share.
    pub gateways: u64,
    /// Who is told.
    pub watch: Arc<dyn Watch>,
}

/// Why a request is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// A limit refuses it.
    Limit(Refusal),
    /// Nobody can tell, and then nobody is to be admitted.
    Away,
}

/// The limiter of one process.
pub struct Limiter {
    local: Local,
    together: Option<Together>,
    started: Instant,
}

impl Limiter {
    /// Counts in this process alone.
    #[must_use]
    pub fn alone() -> Self {
        Self { local: Local::new(1), together: None, started: Instant::now() }
    }

    /// Counts together with other gateways.
    #[must_use]
    pub fn together(together: Together) -> Self {
        Self { local: Local::new(together.gateways), together: Some(together), started: Instant::now() }
    }

    /// Counts a request if all its limits admit it, else nothing.
    ///
    /// # Errors
    /// See [`Denied`].
    pub async fn admit(&self, demand: &Demand<'_>, now: Timestamp) -> Result<(Hold, Standings), Denied> {
        if demand.is_empty() {
            return Ok((Hold(Held::Nothing), Standings::default()));
        }
        if let Some(together) = &self.together {
            // In a box, since most gateways never need the room of it.
            match Box::pin(together.shared.admit(demand)).await {
                Ok(Ok((hold, standings))) => return Ok((Hold(Held::Shared(hold)), standings)),
                Ok(Err(refusal)) => return Err(Denied::Limit(refusal)),
                Err(_) if together.when_away == WhenAway::Refuse => {
                    together.watch.tell(&SharedEvent::RefusedUnseen);
                    return Err(Denied::Away);
                }
                Err(_) => together.watch.tell(&SharedEvent::DecidedAlone),
            }
        }
        match self.local.admit(demand, self.moment(now)) {
            Ok((hold, standings)) => Ok((Hold(Held::Local(hold)), standings)),
            Err(refusal) => Err(Denied::Limit(refusal)),
        }
    }

    /// A request is over and used this many tokens.
    pub fn settle(&self, hold: Hold, used: impl Into<Used>, now: Timestamp) {
        match hold.0 {
            Held::Nothing => {}
            Held::Local(hold) => hold.settle(used, self.moment(now)),
            Held::Shared(hold) => hold.settle(used.into()),
        }
    }

    /// Waits until the shared counters know of every request that has ended by now, or are given up on.
    pub async fn flush(&self) {
        if let Some(together) = &self.together {
            together.shared.flush().await;
        }
    }

    fn moment(&self, now: Timestamp) -> Moment {
        Moment { steady: self.started.elapsed(), wall: now }
    }
}

/// What an admitted request holds. Dropped, its places are free; what it reserved of tokens stays used unless it is settled.
pub struct Hold(Held);

enum Held {
    Nothing,
    Local(LocalHold),
    Shared(SharedHold),
}
