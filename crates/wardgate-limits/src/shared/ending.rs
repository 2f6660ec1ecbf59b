//! Requests that were let in, until the server knows that they are over.

use super::admission::millis;
use super::keys;
use super::link::Link;
use super::watch::{SharedEvent, Watch};
use crate::rate::bucket::DEBT_WINDOWS_MAX;
use crate::rate::{Demand, SLOTS, Subject, Used};
use redis::Cmd;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

/// How long a place is held for a gateway that says nothing of it any more.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often it says so.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// Ends that may wait to be told. Later ones are lost.
const ENDS_MAX: usize = 16_384;

/// Calls that are sent together.
const BATCH_MAX: usize = 128;

/// Where ends are told.
#[derive(Clone)]
pub(super) struct Ends {
    sender: mpsc::Sender<Told>,
    inside: Arc<Inside>,
    watch: Arc<dyn Watch>,
}

/// Requests that hold places, by lease. As many as are in flight.
type Inside = Mutex<HashMap<Arc<str>, [Option<Subject>; SLOTS]>>;

enum Told {
    Over(Box<End>),
    Flush(oneshot::Sender<()>),
}

struct End {
    lease: Arc<str>,
    parts: [Option<Part>; SLOTS],
    /// The tokens that were used; without, those that were taken stay used.
    used: Option<Used>,
}

/// What a request holds of one subject.
struct Part {
    subject: Subject,
    taken: u64,
    token_limit: u64,
}

impl Ends {
    /// The place, and the task that tells the server.
    pub(super) fn new(link: Arc<Link>, watch: Arc<dyn Watch>) -> (Self, impl Future<Output = ()> + use<>) {
        let (sender, receiver) = mpsc::channel(ENDS_MAX);
        let inside = Arc::new(Inside::default());
        let telling = tell_all(link, receiver, Arc::clone(&inside), Arc::clone(&watch));
        (Self { sender, inside, watch }, telling)
    }

    /// Returns once everything that was told before has been sent or lost.
    pub(super) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.sender.send(Told::Flush(done)).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

/// What an admitted request holds. Dropped, its places are free; what it reserved of tokens stays used unless it is settled.
pub(crate) struct SharedHold {
    ends: Ends,
    /// None when there is nothing to tell.
    end: Option<Box<End>>,
    has_places: bool,
}

impl SharedHold {
    pub(super) fn new(ends: &Ends, demand: &Demand<'_>, lease: Arc<str>) -> Self {
        let parts = demand.rules.map(|rule| {
            let rule = rule.filter(|rule| rule.rates.tokens_per_minute.or(rule.rates.concurrent_requests).is_some())?;
            let token_limit = rule.rates.tokens_per_minute.unwrap_or(0);
            Some(Part { subject: rule.subject.clone(), taken: demand.tokens.min(token_limit), token_limit })
        });
        let has_places = demand.rules.iter().flatten().any(|rule| rule.rates.concurrent_requests.is_some());
        let end = parts.iter().any(Option::is_some).then(|| Box::new(End { lease, parts, used: None }));
        Self { ends: ends.clone(), end, has_places }
    }

    /// It was let in.
    pub(super) fn is_inside(&mut self) {
        if let Some(end) = self.end.as_ref().filter(|_| self.has_places) {
            let subjects = end.parts.each_ref().map(|part| part.as_ref().map(|part| part.subject.clone()));
            lock(&self.ends.inside).insert(Arc::clone(&end.lease), subjects);
        }
    }

    /// It was refused.
    pub(super) fn is_outside(&mut self) {
        self.end = None;
    }

    /// Puts the tokens that were used in the place of those that were reserved, and leaves.
    pub(crate) fn settle(mut self, used: Used) {
        if let Some(end) = &mut self.end {
            end.used = Some(used);
        }
    }
}

impl Drop for SharedHold {
    fn drop(&mut self) {
        let Some(end) = self.end.take() else { return };
        if self.has_places {
            lock(&self.ends.inside).remove(&end.lease);
        }
        if self.ends.sender.try_send(Told::Over(end)).is_err() {
            self.ends.watch.tell(&SharedEvent::EndsLost(1));
        }
    }
}

/// Tells the server of each end, and from time to time of those who are still inside. Both in one task, so that nobody is
/// renewed who has left.
async fn tell_all(link: Arc<Link>, mut told: mpsc::Receiver<Told>, inside: Arc<Inside>, watch: Arc<dyn Watch>) {
    let mut renew = interval(RENEW_EVERY);
    renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        tokio::select! {
            count = told.recv_many(&mut batch, BATCH_MAX) => {
                if count == 0 {
                    return;
                }
                tell_ends(&link, &mut batch, &*watch).await;
            }
            _ = renew.tick() => tell_renewals(&link, &inside).await,
        }
    }
}

async fn tell_ends(link: &Link, batch: &mut Vec<Told>, watch: &dyn Watch) {
    let mut flushes = Vec::new();
    let mut calls = Vec::with_capacity(batch.len());
    for told in batch.drain(..) {
        match told {
            Told::Over(end) => calls.push(end_call(link, &end)),
            Told::Flush(done) => flushes.push(done),
        }
    }
    if !calls.is_empty() && link.call_all(&calls).await.is_err() {
        watch.tell(&SharedEvent::EndsLost(calls.len() as u64));
    }
    for done in flushes {
        // Whoever asked may have gone.
        let _ = done.send(());
    }
}

async fn tell_renewals(link: &Link, inside: &Inside) {
    // Put together before anything is awaited.
    let calls: Vec<Cmd> = lock(inside).iter().map(|(lease, subjects)| renewal_call(link, lease, subjects)).collect();
    for calls in calls.chunks(BATCH_MAX) {
        if link.call_all(calls).await.is_err() {
            return;
        }
    }
}

fn end_call(link: &Link, end: &End) -> Cmd {
    let parts = || end.parts.iter().enumerate().filter_map(|(slot, part)| Some((slot, part.as_ref()?)));
    let mut call = link.scripts.end.call(2 * parts().count());
    for (_, part) in parts() {
        call.arg(&keys(link, &part.subject));
    }
    call.arg(&*end.lease);
    for (slot, part) in parts() {
        let used = end.used.map_or(part.taken, |used| used.at(slot));
        call.arg(part.taken).arg(used).arg(part.token_limit).arg(1 + DEBT_WINDOWS_MAX);
    }
    call
}

fn renewal_call(link: &Link, lease: &str, subjects: &[Option<Subject>; SLOTS]) -> Cmd {
    let subjects = || subjects.iter().flatten();
    let mut call = link.scripts.renew.call(subjects().count());
    for subject in subjects() {
        let [_, leases] = keys(link, subject);
        call.arg(leases);
    }
    call.arg(lease).arg(millis(LEASE));
    call
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
