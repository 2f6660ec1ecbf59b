//! All records, shared by all requests.

use crate::record::{Outcome, Record, Turn};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wardgate_core::health::Standing;
use wardgate_core::id::{AccountId, ManagedKeyId, ProviderKeyId};
use wardgate_core::name::{ModelName, ProviderName};

/// The most records. What comes when they are all in use is not watched.
pub const RECORDS_MAX: usize = 16_384;

/// A record of which nothing was heard for so long makes room for another.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// How many requests can look at once without waiting for each other.
const SHARDS: usize = 16;

/// Whose record it is, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// With whose credential.
    pub owner: Owner,
    /// Whom.
    pub provider: ProviderName,
    /// For what, in the provider's spelling.
    pub model: ModelName,
}

/// With whose credential somebody is asked. One account's bad key is never another's trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// An account's own key; none where the provider works without.
    Account(AccountId, Option<ProviderKeyId>),
    /// A key of the operator, which several accounts may use.
    Operator(ManagedKeyId),
}

impl Owner {
    /// The account that it belongs to, if it does to one.
    #[must_use]
    pub const fn account_id(self) -> Option<AccountId> {
        match self {
            Self::Account(id, _) => Some(id),
            Self::Operator(_) => None,
        }
    }
}

/// One record, to be shown.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Of what.
    pub key: Key,
    /// How it stands.
    pub standing: Standing,
}

/// The table.
#[derive(Debug)]
pub struct Health {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// Whether anything ever went out. Until then no attempt is a probe, and nobody has to look.
    has_turned: AtomicBool,
}

#[derive(Debug, Default)]
struct Shard {
    records: HashMap<Key, Record, RandomState>,
    swept_at: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::default(),
            has_turned: AtomicBool::new(false),
        }
    }
}

impl Health {
    /// An attempt begins.
    pub fn begin(&self, key: &Key, now: Duration) {
        if self.has_turned.load(Ordering::Relaxed)
            && let Some(record) = self.shard(key).records.get_mut(key)
        {
            record.begin(now);
        }
    }

    /// An attempt ended.
    pub fn end(&self, key: Key, outcome: Outcome, now: Duration) -> Option<Turn> {
        let turn = self.try_end(key, outcome, now);
        if turn == Some(Turn::Out) {
            self.has_turned.store(true, Ordering::Relaxed);
        }
        turn
    }

    fn try_end(&self, key: Key, outcome: Outcome, now: Duration) -> Option<Turn> {
        let mut shard = self.shard(&key);
        if let Some(record) = shard.records.get_mut(&key) {
            return record.end(outcome, now);
        }
        if !shard.has_room(now) {
            return None;
        }
        shard.records.entry(key).or_default().end(outcome, now)
    }

    /// How something stands.
    #[must_use]
    pub fn standing(&self, key: &Key, now: Duration) -> Standing {
        self.shard(key).records.get(key).map_or_else(Standing::default, |record| record.standing(now))
    }

    /// Everything that is known, or only what is an account's own, by name.
    #[must_use]
    pub fn entries(&self, account_id: Option<AccountId>, now: Duration) -> Vec<Entry> {
        let mut entries = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let meant = shard.records.iter().filter(|(key, _)| is_meant(key, account_id, None));
            entries.extend(meant.map(|(key, record)| Entry { key: key.clone(), standing: record.standing(now) }));
        }
        entries.sort_by(|one, other| (&one.key.provider, &one.key.model).cmp(&(&other.key.provider, &other.key.model)));
        entries
    }

    /// Forgets everything, or only what is an account's own, or of one provider. Says how much that was.
    pub fn reset(&self, account_id: Option<AccountId>, provider: Option<&str>) -> usize {
        let mut forgotten = 0;
        for shard in &self.shards {
            let mut shard = lock(shard);
            let before = shard.records.len();
            shard.records.retain(|key, _| !is_meant(key, account_id, provider));
            forgotten += before - shard.records.len();
        }
        forgotten
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).records.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(key);
        lock(&self.shards[(hash % SHARDS as u64) as usize])
    }
}

fn is_meant(key: &Key, account_id: Option<AccountId>, provider: Option<&str>) -> bool {
    account_id.is_none_or(|id| key.owner.account_id() == Some(id)) && provider.is_none_or(|name| key.provider.as_str() == name)
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Whoever panicked while holding it left records that are still sound.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    /// Whether one more can be kept, if need be in place of those that nobody asks for any more.
    fn has_room(&mut self, now: Duration) -> bool {
        const ROOM: usize = RECORDS_MAX / SHARDS;
        if self.records.len() >= ROOM && now.saturating_sub(self.swept_at) >= Duration::from_secs(1) {
            self.swept_at = now;
            self.records.retain(|_, record| record.idle_for(now) < IDLE_MAX);
        }
        self.records.len() < ROOM
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::fault::FaultClass;
    use wardgate_core::health::Class;

    const NOW: Duration = Duration::from_secs(10_000);

    fn key(account: u8, provider: &str, model: &str) -> Key {
        let owner = Owner::Account(AccountId::from_bytes([account; 16]), None);
        let provider = ProviderName::new(provider).unwrap_or_else(|error| panic!("{error}"));
        Key { owner, provider, model: model.into() }
    }

    fn limited() -> Outcome {
        Outcome::Failed { class: FaultClass::RateLimited, retry_after: Some(Duration::from_secs(60)) }
    }

    #[test]
    fn one_accounts_trouble_is_no_others() {
        let health = Health::default();
        health.end(key(1, "ollama", "m"), limited(), NOW);
        let class = |account| health.standing(&key(account, "ollama", "m"), NOW).class;
        assert_eq!((class(1), class(2)), (Class::Out, Class::Well));
        let seen = |account: u8| health.entries(Some(AccountId::from_bytes([account; 16])), NOW).len();
        assert_eq!((seen(1), seen(2), health.entries(None, NOW).len()), (1, 0, 1));
    }

    #[test]
    fn a_reset_forgets_what_is_meant() {
        let health = Health::default();
        for (account, provider) in [(1, "a"), (1, "b"), (2, "a")] {
            health.end(key(account, provider, "m"), limited(), NOW);
        }
        let one = Some(AccountId::from_bytes([1; 16]));
        assert_eq!((health.reset(one, Some("a")), health.len()), (1, 2));
        assert_eq!((health.reset(one, None), health.len()), (1, 1));
        assert_eq!((health.reset(None, None), health.is_empty()), (1, true));
    }

    #[test]
    fn the_table_is_bounded_and_the_idle_make_room() {
        let health = Health::default();
        for number in 0..2 * RECORDS_MAX {
            health.end(key(1, "a", &number.to_string()), limited(), NOW);
        }
        assert_eq!(health.len(), RECORDS_MAX);
        let later = NOW + 2 * IDLE_MAX;
        for number in 0..RECORDS_MAX {
            health.end(key(2, "a", &number.to_string()), limited(), later);
        }
        assert!(health.len() <= RECORDS_MAX && health.entries(Some(AccountId::from_bytes([1; 16])), later).is_empty());
    }
}
