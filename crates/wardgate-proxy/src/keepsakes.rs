//! What clients of Chat Completions forget of an answer, until they come back without it.
//!
//! Kept are the pieces that their maker wants back (see [`wardgate_wire::neutral::keepsake`]), by the access key and the digest of
//! what the client will send back of the turn. They are in this process's memory alone: behind another gateway, or after a
//! restart, a conversation goes on as if nothing had been kept, which every provider can be asked to bear. A store that gateways
//! share would stand behind [`Keepsakes::keep`] and [`Keepsakes::find`].

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wardgate_core::id::AccessKeyId;
use wardgate_keys::hash::digest_of_parts;
use wardgate_wire::neutral::content::Role;
use wardgate_wire::neutral::keepsake::{Echo, Keepsake, Kept, is_wanted_back, put_back};
use wardgate_wire::neutral::opaque::Origin;
use wardgate_wire::neutral::request::Request;

/// The most that is kept of all answers together, in bytes. What was not used for longest makes room.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What each answer counts beside its pieces, in bytes, so that there are no more than 65,536.
const ANSWER_BYTES: u32 = 1_024;

/// How long each is kept.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// The pieces of answers. Clones share one memory.
#[derive(Clone)]
pub struct Keepsakes {
    pieces: Cache<[u8; 32], Arc<[Kept]>>,
    /// Whether anything was ever kept. Until then nobody has to look.
    is_used: Arc<AtomicBool>,
}

impl Default for Keepsakes {
    fn default() -> Self {
        let weigh = |_: &[u8; 32], kept: &Arc<[Kept]>| {
            let bytes = kept.iter().map(Kept::length).sum::<usize>();
            u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(ANSWER_BYTES)
        };
        let pieces = Cache::builder()
            .max_capacity(BYTES_MAX)
            .weigher(weigh)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(KEPT_FOR)
            .build();
        Self { pieces, is_used: Arc::default() }
    }
}

impl Keepsakes {
    /// Keeps what a key's client may forget of an answer, if there is anything.
    pub(crate) fn keep(&self, key_id: AccessKeyId, keepsake: Keepsake) {
        if let Some((echo, kept)) = keepsake.finish() {
            self.pieces.insert(digest(key_id, &echo), kept.into());
            self.is_used.store(true, Ordering::Relaxed);
        }
    }

    fn find(&self, key_id: AccessKeyId, echo: &Echo) -> Option<Arc<[Kept]>> {
        self.pieces.get(&digest(key_id, echo))
    }

    /// The conversation with what a key's client forgot of it and a target can read.
    pub(crate) fn complete<'r>(&self, key_id: AccessKeyId, request: Cow<'r, Request>, target: Origin) -> Cow<'r, Request> {
        if !self.is_used.load(Ordering::Relaxed) {
            return request;
        }
        let mut found: Vec<(usize, Arc<[Kept]>)> = Vec::new();
        for (index, turn) in request.turns.iter().enumerate().filter(|(_, turn)| turn.role == Role::Assistant) {
            let echo = Echo::of(turn).filter(|echo| is_wanted_back(target.format, echo.has_calls()));
            let Some(kept) = echo.and_then(|echo| self.find(key_id, &echo)) else { continue };
            if kept.iter().filter_map(Kept::origin).any(|origin| origin.is_readable_by(target)) {
                found.push((index, kept));
            }
        }
        if found.is_empty() {
            return request;
        }
        let mut request = request.into_owned();
        for (index, kept) in found {
            put_back(&mut request.turns[index], &kept);
        }
        Cow::Owned(request)
    }
}

fn digest(key_id: AccessKeyId, echo: &Echo) -> [u8; 32] {
    let [text, calls] = echo.parts();
    digest_of_parts(&[key_id.as_bytes(), text, calls])
}
