//! Which secrets were checked a moment ago.
//!
//! Checking takes a millisecond by design, and a program that pages through a ledger would pay it for every page. Kept are the
//! SHA-256 of the secret and the stored hash it was checked against, so a new hash in the row ends the memory of the old one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wardgate_core::time::Timestamp;
use wardgate_keys::hash::Digest;

/// How long a check is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

/// How many checks are remembered. Management has few callers; when there are more, all are forgotten and pay once again.
const REMEMBERED_MAX: usize = 1_024;

/// The memory.
#[derive(Default)]
pub(crate) struct Verified(Mutex<HashMap<[u8; 16], Check>>);

struct Check {
    digest: Digest,
    secret_hash: String,
    until: Timestamp,
}

impl Verified {
    /// Whether this secret was checked against this hash for the key with this id.
    pub(crate) fn knows(&self, id: [u8; 16], digest: &Digest, secret_hash: &str, now: Timestamp) -> bool {
        self.checks()
            .get(&id)
            .is_some_and(|check| check.digest.matches(digest) && check.secret_hash == secret_hash && now < check.until)
    }

    /// Notes a check that succeeded.
    pub(crate) fn remember(&self, id: [u8; 16], digest: Digest, secret_hash: &str, now: Timestamp) {
        let mut checks = self.checks();
        if checks.len() >= REMEMBERED_MAX {
            checks.retain(|_, check| now < check.until);
        }
        if checks.len() >= REMEMBERED_MAX {
            checks.clear();
        }
        let check = Check { digest, secret_hash: secret_hash.to_owned(), until: now.plus(REMEMBERED_FOR) };
        checks.insert(id, check);
    }

    fn checks(&self) -> MutexGuard<'_, HashMap<[u8; 16], Check>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

    #[test]
    fn remembers_the_very_same_for_a_minute() {
        let verified = Verified::default();
        let (right, wrong) = (Digest::of("right"), Digest::of("wrong"));
        verified.remember([1; 16], right, "hash", NOW);
        let cases = [
            ([1; 16], &right, "hash", 59, true),
            ([1; 16], &right, "hash", 60, false),
            ([1; 16], &right, "new hash", 0, false),
            ([1; 16], &wrong, "hash", 0, false),
            ([2; 16], &right, "hash", 0, false),
        ];
        for (id, digest, secret_hash, seconds, expected) in cases {
            let at = NOW.plus(Duration::from_secs(seconds));
            assert_eq!(verified.knows(id, digest, secret_hash, at), expected, "{id:?} {secret_hash} {seconds}");
        }
    }

    #[test]
    fn is_bounded() {
        let verified = Verified::default();
        for number in 0..3 * REMEMBERED_MAX as u128 {
            verified.remember(number.to_be_bytes(), Digest::of("secret"), "hash", NOW);
            assert!(verified.checks().len() <= REMEMBERED_MAX);
        }
    }
}
