//! Counts that several gateways keep together, in a Valkey or Redis server.
//!
//! An admission is one call of a script that asks all limits of all subjects and counts only if all agree, by the server's
//! clock. A place among the requests at once is a lease: the request's own entry with a time at which it lapses, renewed while
//! the request runs and taken out when it ends. So a gateway that dies leaves nothing behind for longer than one lease.
//! The end of a request is told from a queue: nobody waits for it.

mod admission;
mod ending;
mod link;
mod probe;
mod script;
mod watch;

pub use ending::LEASE;
pub(crate) use ending::SharedHold;
pub use probe::{NoProbe, probe};
pub use watch::{SharedEvent, Watch};

use crate::rate::{Demand, Refusal, Standings, Subject};
use ending::Ends;
use link::Link;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;

/// What all keys in the server begin with. The number is the version of what lies there.
const PREFIX: &str = "wardgate:limits:1:";

/// How the server is reached.
pub struct SharedOptions {
    /// Its URL, `redis://` or `rediss://`, with its password if it wants one.
    pub url: Secret,
    /// How long a request waits for it.
    pub deadline: Duration,
    /// What stands for people in it.
    pub pseudonym: Pseudonym,
}

/// Makes of the text that tells an end user from all others one that does not tell who it is, the same at every gateway.
pub type Pseudonym = Box<dyn Fn(&str) -> String + Send + Sync>;

/// A URL that leads to no server.
#[derive(Debug, thiserror::Error)]
#[error("the URL of the shared counters is wrong: {0}")]
pub struct BadUrl(String);

/// The counts.
pub struct Shared {
    link: Arc<Link>,
    ends: Ends,
    /// What the leases of this process begin with.
    seed: u64,
    leases: AtomicU64,
    tasks: [JoinHandle<()>; 2],
}

/// The server does not answer.
#[derive(Debug)]
pub(crate) struct Away;

impl Shared {
    /// Connects, and goes on in the background when that fails. Needs a runtime, whose tasks end when this is dropped.
    ///
    /// # Errors
    /// When the URL is none.
    pub async fn start(options: SharedOptions, random: &dyn Random, watch: Arc<dyn Watch>) -> Result<Self, BadUrl> {
        let client = redis::Client::open(options.url.expose()).map_err(|error| BadUrl(error.to_string()))?;
        let mut seed = [0; 8];
        random.fill(&mut seed);
        let spread = Duration::from_millis(u64::from(seed[0]));
        let link = Arc::new(Link::new(client, options, spread, Arc::clone(&watch)));
        if let Err(why) = link.connect().await {
            watch.tell(&SharedEvent::Away { why: &why });
        }
        let (ends, telling) = Ends::new(Arc::clone(&link), watch);
        let tasks = [tokio::spawn(Arc::clone(&link).keep()), tokio::spawn(telling)];
        Ok(Self { link, ends, seed: u64::from_be_bytes(seed), leases: AtomicU64::new(0), tasks })
    }

    /// Counts a request if all its limits admit it.
    pub(crate) async fn admit(&self, demand: &Demand<'_>) -> Result<Result<(SharedHold, Standings), Refusal>, Away> {
        if !self.link.is_there() {
            return Err(Away);
        }
        let lease: Arc<str> = format!("{:016x}{:x}", self.seed, self.leases.fetch_add(1, Ordering::Relaxed)).into();
        let call = admission::call(&self.link, demand, &lease);
        // Made before the server is asked: when the client leaves meanwhile, its request may have been let in.
        let mut hold = SharedHold::new(&self.ends, demand, lease);
        let answer: Vec<i64> = self.link.call(&self.link.scripts.admit, &call).await.map_err(|_| Away)?;
        Ok(match admission::verdict(demand, &answer).ok_or(Away)? {
            Ok(standings) => {
                hold.is_inside();
                Ok((hold, standings))
            }
            Err(refusal) => {
                hold.is_outside();
                Err(refusal)
            }
        })
    }

    /// Waits until the server has heard of every request that has ended by now, or has been given up on.
    pub async fn flush(&self) {
        self.ends.flush().await;
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The two keys of a subject: its counts, and its leases.
fn keys(link: &Link, subject: &Subject) -> [String; 2] {
    let text = if subject.is_a_person() {
        format!("{}{}", subject.before_name(), (link.pseudonym)(subject.as_str()))
    } else {
        subject.as_str().to_owned()
    };
    ["counts", "leases"].map(|what| format!("{PREFIX}{text}:{what}"))
}
