//! Events on their way to the operator's webhook: in memory, and in the data directory until the receiver has them.
//!
//! An event has an id that is the same whoever sends it and how often. It is written to a file before it is certain that this gateway
//! is the one to send it, and taken away when it was taken or when another gateway is, so a gateway that stops or is killed meanwhile
//! sends it at its next start: at least once, and nearly always once.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use wardgate_core::money::NanoUsd;
use wardgate_limits::escrow::SoftLimitPassed;
use wardgate_telemetry::Metrics;

/// Events that may wait. Later ones are not sent.
pub(crate) const EVENTS_MAX: usize = 1_000;

/// The largest file that is read back, in bytes. No event is nearly as large.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its id, of lower-case letters, digits, `-` and `_`; its file is named after it.
    pub(crate) id: String,
    /// What is sent.
    pub(crate) body: String,
}

impl Event {
    /// A budget has passed its soft limit.
    pub(crate) fn of(passed: &SoftLimitPassed<'_>) -> Self {
        let SoftLimitPassed { budget, start, spent, at } = passed;
        let id = format!("soft-limit-{}-{}", budget.id, start.unix_seconds());
        let owner_id = budget.owner.team_id().map(|id| id.to_string());
        let owner_id = owner_id.or_else(|| budget.owner.access_key_id().map(|id| id.to_string()));
        let body = json!({
            "id": id,
            "type": "budget.soft_limit_passed",
            "createdAt": at,
            "accountId": budget.account_id,
            "budget": {
                "id": budget.id,
                "name": budget.label.name(),
                "owner": budget.owner.name(),
                "ownerId": owner_id,
                "window": budget.window.name(),
                "windowStart": start,
                "softLimit": budget.soft.map(NanoUsd::to_usd),
                "hardLimit": budget.hard.map(NanoUsd::to_usd),
                "spent": spent.to_usd(),
            },
        });
        Self { id, body: body.to_string() }
    }
}

/// Where events are put.
pub(crate) struct Outbox {
    directory: PathBuf,
    sender: mpsc::Sender<Event>,
    /// The ids of those that wait or are being sent: no more than the channel holds and the task has at once.
    waiting: Mutex<HashSet<String>>,
    metrics: Arc<Metrics>,
}

impl Outbox {
    /// The outbox in a data directory, and what waits in it.
    pub(crate) fn open(data_dir: &Path, metrics: &Arc<Metrics>) -> io::Result<(Arc<Self>, mpsc::Receiver<Event>)> {
        let directory = data_dir.join("webhooks");
        fs::create_dir_all(&directory)?;
        let (sender, receiver) = mpsc::channel(EVENTS_MAX);
        let outbox = Self { directory, sender, waiting: Mutex::default(), metrics: Arc::clone(metrics) };
        for event in outbox.stored()? {
            let id = event.id.clone();
            // There is room, or they stay where they are.
            if outbox.sender.try_send(event).is_ok() {
                outbox.waiting().insert(id);
            }
        }
        Ok((Arc::new(outbox), receiver))
    }

    /// Keeps an event that may have to be sent: the next start sends it, unless it is put or forgotten before.
    pub(crate) fn keep(&self, event: &Event) {
        // What is sent again is the same.
        if !self.waiting().contains(&event.id)
            && let Err(error) = self.store(event)
        {
            tracing::warn!(%error, event = event.id, "an event for the webhook cannot be kept: a stop may lose it");
        }
    }

    /// Puts an event in. Waits for nobody; what does not fit is counted and told in the log. One that waits already is not put twice.
    pub(crate) fn put(&self, event: Event) {
        self.keep(&event);
        let id = event.id.clone();
        if !self.waiting().insert(id.clone()) {
            return;
        }
        if self.sender.try_send(event).is_err() {
            self.count("lost");
            tracing::error!(event = id, "an event for the webhook is not sent, since {EVENTS_MAX} wait already");
            self.forget(&id);
        }
    }

    /// Takes an event away that was taken, given up, or sent by another gateway.
    pub(crate) fn forget(&self, id: &str) {
        self.waiting().remove(id);
        if let Err(error) = fs::remove_file(self.path(id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, event = id, "an event that the webhook has stays in the data directory, and will be sent again");
        }
    }

    /// Counts what became of one.
    pub(crate) fn count(&self, result: &str) {
        self.metrics.webhooks.with_label_values(&[result]).inc();
    }

    fn store(&self, event: &Event) -> io::Result<()> {
        let unfinished = self.directory.join("unfinished");
        // Not forced to the disk: whoever calls this has requests to answer, and a file that a power cut left empty is passed over.
        fs::write(&unfinished, &event.body)?;
        fs::rename(unfinished, self.path(&event.id))
    }

    /// What a former process left, in the order of names.
    fn stored(&self) -> io::Result<Vec<Event>> {
        let mut events = Vec::new();
        for entry in fs::read_dir(&self.directory)?.take(EVENTS_MAX) {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
            let Some(id) = name.map(str::to_owned) else { continue };
            if fs::metadata(&path)?.len() > FILE_BYTES_MAX {
                continue;
            }
            let body = fs::read_to_string(&path)?;
            if serde_json::from_str::<Value>(&body).is_ok_and(|event| event["id"] == id.as_str()) {
                events.push(Event { id, body });
            }
        }
        events.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(events)
    }

    fn waiting(&self) -> MutexGuard<'_, HashSet<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Event {
        Event { id: id.to_owned(), body: json!({ "id": id }).to_string() }
    }

    #[test]
    fn what_was_not_taken_is_there_at_the_next_start() {
        let data = tempfile::tempdir().unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let (outbox, mut waiting) = Outbox::open(data.path(), &metrics).unwrap();
        for id in ["b", "a", "c"] {
            outbox.put(event(id));
        }
        assert_eq!(waiting.try_recv().unwrap(), event("b"));
        outbox.forget("b");
        fs::write(data.path().join("webhooks/d.json"), "broken").unwrap();
        let (_, mut waiting) = Outbox::open(data.path(), &metrics).unwrap();
        assert_eq!((waiting.try_recv().unwrap(), waiting.try_recv().unwrap()), (event("a"), event("c")));
        assert!(waiting.try_recv().is_err());
    }

    #[test]
    fn what_may_have_to_be_sent_is_sent_by_the_next_start_unless_another_gateway_sends_it() {
        let data = tempfile::tempdir().unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let (outbox, mut waiting) = Outbox::open(data.path(), &metrics).unwrap();
        for id in ["doubtful", "elsewhere", "here"] {
            outbox.keep(&event(id));
        }
        outbox.forget("elsewhere");
        for _ in 0..2 {
            outbox.put(event("here"));
        }
        assert_eq!(waiting.try_recv().unwrap(), event("here"));
        assert!(waiting.try_recv().is_err(), "only what is put is sent, and once");
        outbox.forget("here");
        let (outbox, mut waiting) = Outbox::open(data.path(), &metrics).unwrap();
        outbox.put(event("doubtful"));
        assert_eq!(waiting.try_recv().unwrap(), event("doubtful"));
        assert!(waiting.try_recv().is_err(), "what waits already is not put twice");
    }

    #[test]
    fn it_has_a_bound() {
        let data = tempfile::tempdir().unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let (outbox, _waiting) = Outbox::open(data.path(), &metrics).unwrap();
        for number in 0..EVENTS_MAX + 3 {
            outbox.put(event(&format!("e{number}")));
        }
        assert_eq!(metrics.webhooks.with_label_values(&["lost"]).get(), 3);
        assert_eq!(fs::read_dir(data.path().join("webhooks")).unwrap().count(), EVENTS_MAX);
    }
}
