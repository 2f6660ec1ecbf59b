//! Answers in Responses that were translated, for clients that come back to them by id alone.
//!
//! By default such a client counts on its provider to keep what was said, and a provider of another format does not. So the
//! gateway keeps these turns: for the access key that asked, unless the request says `store: false`. A request that names one
//! ([`complete`]) is written out before anything else is decided about it, so that all candidates are asked the same. Answers that
//! pass as they are stay with their provider, and cost nothing here.
//!
//! They are in this process's memory alone: behind another gateway, or after a restart, such an id is not found. A store that
//! gateways share would stand behind [`Recall::keep`] and [`Recall::find`].

use crate::deps::Deps;
use crate::failure::Failure;
use crate::generation::{self, generation_id};
use crate::phase::aside::here;
use crate::phase::ask::{self, Ask, Earlier};
use crate::phase::collect::Bound;
use crate::phase::configure::Caller;
use crate::phase::ingress::Inbound;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use wardgate_core::base62;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, RequestId};
use wardgate_core::time::{Clock, Timestamp};
use wardgate_keys::hash::digest_of_parts;
use wardgate_limits::memory::Reservation;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::recall::{self, Conversation, Identity, Turn, number};

/// What each turn counts beside its texts, in bytes, so that short ones have a bound on their number as well.
const TURN_BYTES: u32 = 1_024;

/// The most of one turn that is kept, in bytes. Of a longer one the answer is kept alone, and nothing if that is longer by itself.
pub const TURN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long each is kept after its last use.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The most turns that a conversation may go back.
const CHAIN_MAX: usize = 1_000;

/// In what steps memory is asked for while a body is written, in bytes.
const STEP_BYTES: usize = 64 * 1024;

/// What the gateway's own ids of answers begin with. OpenAI's go on otherwise.
const ID_PREFIX: &str = "resp_wg";

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

/// The request with what it names of earlier turns of its key. What is not kept stays as it is named: its provider may know it.
pub(crate) fn complete(deps: &Deps, caller: &Caller, ask: Ask) -> Result<Ask, Failure> {
    let may_name = matches!(ask.surface, Surface::Responses | Surface::ResponsesInputTokens) && recall::may_name(&ask.body);
    if !may_name {
        return Ok(ask);
    }
    here(ask.body.len(), || {
        let conversation = Conversation::of(&ask.body);
        let bound = Bound::of(deps, caller);
        let named = Named::find(deps, caller.key.record.id, &conversation, bound.bytes_max)?;
        if named.is_empty() {
            return Ok(ask);
        }
        let earlier = Earlier {
            previous: conversation.previous.filter(|_| !named.chain.is_empty()).map(std::borrow::Cow::into_owned),
            input: conversation.input.map(|input| ask.body.slice_ref(input.as_bytes())),
        };
        let (body, memory) = named.write(&ask.body, ask.memory, bound.bytes_max)?;
        let mut completed = ask::of(body.into(), ask.surface, memory)?;
        completed.earlier = Some(earlier);
        Ok(completed)
    })
}

/// The turns that a request names.
struct Named {
    /// Those that it goes on behind, the oldest first.
    chain: Vec<Arc<Kept>>,
    /// Those of which it names items, by their answers' numbers.
    answers: HashMap<u64, Arc<Kept>>,
}

impl Named {
    fn find(deps: &Deps, key_id: AccessKeyId, asked: &Conversation<'_>, bytes_max: usize) -> Result<Self, Failure> {
        let mut chain: Vec<Arc<Kept>> = Vec::new();
        let mut bytes = 0;
        let mut next = asked.previous.as_deref().map(str::to_owned);
        while let Some(id) = next.take() {
            match deps.recall.find(key_id, number(&id)) {
                Some(kept) if kept.turn.input.is_some() && chain.len() < CHAIN_MAX => {
                    bytes += kept.turn.length();
                    if bytes > bytes_max {
                        return Err(Failure::ConversationTooLong { bytes_max });
                    }
                    next.clone_from(&kept.turn.previous);
                    chain.push(kept);
                }
                None if chain.is_empty() && !is_ours(&id) => break,
                _ => return Err(not_found(&id)),
            }
        }
        chain.reverse();
        let inputs = chain.iter().filter_map(|kept| kept.turn.input.as_deref()).chain(asked.input);
        let mut answers = HashMap::new();
        for item in inputs.flat_map(recall::items_named) {
            if !answers.contains_key(&item.answer)
                && let Some(kept) = deps.recall.find(key_id, item.answer)
            {
                answers.insert(item.answer, kept);
            }
        }
        Ok(Self { chain, answers })
    }

    fn is_empty(&self) -> bool {
        self.chain.is_empty() && self.answers.is_empty()
    }

    /// The whole request, and the memory of the old body and the new one.
    fn write(&self, body: &[u8], mut memory: Reservation, bytes_max: usize) -> Result<(Vec<u8>, Reservation), Failure> {
        let mut failure = None;
        let mut granted = 0;
        let has_room = |bytes: usize| {
            if bytes > bytes_max {
                failure = Some(Failure::ConversationTooLong { bytes_max });
                return false;
            }
            while granted < bytes {
                if !memory.grow(STEP_BYTES) {
                    failure = Some(Failure::Busy("memory for request bodies"));
                    return false;
                }
                granted += STEP_BYTES;
            }
            true
        };
        let chain: Vec<&Turn> = self.chain.iter().map(|kept| &kept.turn).collect();
        let answer_of = |answer| self.answers.get(&answer).map(|kept| &kept.turn);
        let written = recall::complete(body, &chain, answer_of, has_room);
        written.map(|body| (body, memory)).map_err(|_| failure.unwrap_or(Failure::Busy("memory for request bodies")))
    }
}

/// Whether the gateway gave this id to an answer.
fn is_ours(id: &str) -> bool {
    let is_plain = id.strip_prefix(ID_PREFIX).is_some_and(|digits| base62::decode_16(digits).is_ok());
    is_plain || generation::is_id(id)
}

fn not_found(id: &str) -> Failure {
    let id: String = id.chars().take(ID_CHARACTERS_MAX).collect();
    let why = format!(
        "no response {id:?} is kept for this access key (it was made with another key or with store: false, was too long, or is \
         too old): send the whole conversation as input"
    );
    Failure::Untranslatable(Box::new(Untranslatable::new("previous_response_not_found", "previous_response_id", why)))
}

/// How much of an id that is not known is repeated, in characters.
const ID_CHARACTERS_MAX: usize = 100;

/// How the client may come back to a translated answer.
pub(crate) fn identity(deps: &Deps, inbound: &Inbound, ask: &Ask, request_id: RequestId, is_stored: bool) -> Identity {
    // There the answer is told under the id by which it is accounted for.
    let id = if inbound.uri.path().starts_with("/api/") {
        generation_id(request_id)
    } else {
        format!("{ID_PREFIX}{}", base62::encode_16(request_id.as_bytes()))
    };
    let previous = ask.earlier.as_ref().and_then(|earlier| earlier.previous.clone());
    Identity { id, previous, is_stored: is_stored && deps.recall.keeps_any }
}

/// What keeps one answer, once it is whole.
pub(crate) struct Recording {
    recall: Recall,
    key_id: AccessKeyId,
    id: String,
    previous: Option<String>,
    input: Option<Box<str>>,
    _memory: Reservation,
}

impl Recording {
    /// For the answer to a request; none where it is not to be kept.
    pub(crate) fn new(deps: &Deps, caller: &Caller, ask: &Ask, identity: &Identity) -> Option<Arc<Self>> {
        if !identity.is_stored {
            return None;
        }
        let mut memory = deps.memory.open();
        let input = match &ask.earlier {
            Some(earlier) => earlier.input.as_deref().and_then(|input| std::str::from_utf8(input).ok()),
            None if ask.body.len() <= TURN_BYTES_MAX => Conversation::of(&ask.body).input,
            None => None,
        };
        let input = input.filter(|input| input.len() <= TURN_BYTES_MAX && memory.grow(input.len()));
        Some(Arc::new(Self {
            recall: deps.recall.clone(),
            key_id: caller.key.record.id,
            id: identity.id.clone(),
            previous: identity.previous.clone(),
            input: input.map(Into::into),
            _memory: memory,
        }))
    }

    /// Keeps the answer, as the client gets it.
    pub(crate) fn keep(&self, answer: &str) {
        if answer.len() > TURN_BYTES_MAX {
            return;
        }
        let input = self.input.clone().filter(|input| input.len() + answer.len() <= TURN_BYTES_MAX);
        let turn = Turn { previous: self.previous.clone(), input, answer: answer.into() };
        self.recall.keep(self.key_id, &self.id, turn);
    }
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

    #[test]
    fn our_ids_are_known() {
        let id = RequestId::new(Timestamp::from_unix_millis(1_795_000_000_500), &Counting::default());
        let ours = [format!("{ID_PREFIX}{}", base62::encode_16(id.as_bytes())), generation_id(id)];
        assert!(ours.iter().all(|id| is_ours(id)), "{ours:?}");
        let theirs = ["", "resp_wg", "resp_wgother", "resp_68a1c0ffee68a1c0ffee68a1c0ffee", "gen-1-x", &id.to_string()];
        assert!(!theirs.iter().any(|id| is_ours(id)));
    }
}
