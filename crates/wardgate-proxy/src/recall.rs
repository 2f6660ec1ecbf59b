//! Answers in Responses that were translated, for clients that come back to them by id alone.
//!
//! By default such a client counts on its provider to keep what was said, and a provider of another format does not. So the
//! gateway keeps these turns: for the access key that asked, unless the request says `store: false`. A request that names one
//! ([`complete`]) is written out before anything else is decided about it, so that all candidates are asked the same. Answers that
//! pass as they are stay with their provider, and cost nothing here.
//!
//! They are in this process's memory alone: behind another gateway, or after a restart, such an id is not found. A store that
//! gateways share would stand behind [`Recall::keep`] and [`Recall::find`].

mod complete;
mod recording;

pub(crate) use complete::complete;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
pub(crate) use recording::{Recording, identity};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use wardgate_core::id::AccessKeyId;
use wardgate_core::time::{Clock, Timestamp};
use wardgate_keys::hash::digest_of_parts;
use wardgate_wire::recall::{Turn, number};

/// What each turn counts beside its texts, in bytes, so that short ones have a bound on their number as well.
const TURN_BYTES: u32 = 1_024;

/// The most of one turn that is kept, in bytes. Of a longer one the answer is kept alone, and nothing if that is longer by itself.
pub const TURN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long each is kept after its last use.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The turns. Clones share one memory.
#[derive(Clone)]
pub struct Recall {
    turns: Cache<[u8; 32], Arc<Kept>>,
    keeps_any: bool,
    clock: Arc<dyn Clock>,
}

/// A turn, and when it was used last, in Unix microseconds.
pub(crate) struct Kept {
    pub(crate) turn: Turn,
    used_at: AtomicI64,
}

impl Recall {
    /// An empty memory for this many bytes of all turns together, of which those that were not used for longest make room; with 0
    /// nothing is kept. The clock tells when a turn has been kept for long enough.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, bytes_max: u64) -> Self {
        let weigh =
            |_: &[u8; 32], kept: &Arc<Kept>| u32::try_from(kept.turn.length()).unwrap_or(u32::MAX).saturating_add(TURN_BYTES);
        let turns = Cache::builder()
            .max_capacity(bytes_max)
            .weigher(weigh)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(KEPT_FOR)
            .build();
        Self { turns, keeps_any: bytes_max > 0, clock }
    }

    fn keep(&self, key_id: AccessKeyId, id: &str, turn: Turn) {
        let used_at = AtomicI64::new(self.clock.now().unix_micros());
        self.turns.insert(digest(key_id, number(id)), Arc::new(Kept { turn, used_at }));
    }

    /// The turn of a key whose answer has this number.
    pub(crate) fn find(&self, key_id: AccessKeyId, answer: u64) -> Option<Arc<Kept>> {
        let place = digest(key_id, answer);
        let kept = self.turns.get(&place)?;
        let (now, used_at) = (self.clock.now(), Timestamp::from_unix_micros(kept.used_at.load(Ordering::Relaxed)));
        if now.since(used_at) >= KEPT_FOR {
            self.turns.invalidate(&place);
            return None;
        }
        kept.used_at.store(now.unix_micros(), Ordering::Relaxed);
        Some(kept)
    }

    /// Forgets a turn. Conversations that go on behind it are not found either then.
    pub(crate) fn forget(&self, key_id: AccessKeyId, answer: u64) {
        self.turns.invalidate(&digest(key_id, answer));
    }
}

fn digest(key_id: AccessKeyId, answer: u64) -> [u8; 32] {
    digest_of_parts(&[key_id.as_bytes(), &answer.to_le_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::random::Counting;
    use wardgate_core::time::ManualClock;

    fn turn(length: usize) -> Turn {
        Turn { previous: None, input: None, answer: "x".repeat(length).into() }
    }

    #[test]
    fn a_turn_is_found_by_its_key_until_nobody_uses_it() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_millis(1_795_000_000_000)));
        let recall = Recall::new(Arc::clone(&clock) as Arc<dyn Clock>, 1 << 20);
        let random = Counting::default();
        let [mine, other] = [0; 2].map(|_| AccessKeyId::new(clock.now(), &random));
        recall.keep(mine, "a", turn(1));
        let is_found = |key_id, id| recall.find(key_id, number(id)).is_some();
        assert!(is_found(mine, "a") && !is_found(other, "a") && !is_found(mine, "b"));
        clock.advance(KEPT_FOR - Duration::from_secs(1));
        assert!(is_found(mine, "a"), "not yet");
        clock.advance(KEPT_FOR - Duration::from_secs(1));
        assert!(is_found(mine, "a"), "it was used meanwhile");
        clock.advance(KEPT_FOR);
        assert!(!is_found(mine, "a") && !is_found(mine, "a"), "looking for it is no use of it");
        recall.keep(mine, "a", turn(1));
        recall.forget(other, number("a"));
        assert!(is_found(mine, "a"));
        recall.forget(mine, number("a"));
        assert!(!is_found(mine, "a"));
    }

    #[test]
    fn new_turns_take_the_place_of_those_not_used_for_longest() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_millis(1_795_000_000_000)));
        let bytes_max = 16 * TURN_BYTES_MAX as u64;
        let recall = Recall::new(Arc::clone(&clock) as Arc<dyn Clock>, bytes_max);
        let key_id = AccessKeyId::new(clock.now(), &Counting::default());
        let count = 24;
        for index in 0..count {
            recall.keep(key_id, &index.to_string(), turn(TURN_BYTES_MAX));
            recall.turns.run_pending_tasks();
            assert!(recall.find(key_id, number("0")).is_some(), "the first is used all the time");
        }
        assert!(recall.turns.weighted_size() <= bytes_max);
        let is_found = |index: usize| recall.find(key_id, number(&index.to_string())).is_some();
        assert!(is_found(count - 1) && !is_found(1));
    }
}
