//! Putting what a request names by its id alone into its body.

use super::Kept;
use super::recording::is_ours;
use crate::deps::Deps;
use crate::failure::Failure;
use crate::phase::aside::here;
use crate::phase::ask::{self, Ask, Earlier};
use crate::phase::collect::Bound;
use crate::phase::configure::Caller;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::id::AccessKeyId;
use wardgate_limits::memory::Reservation;
use wardgate_wire::neutral::loss::Untranslatable;
use wardgate_wire::recall::{self, Conversation, Turn, number};

/// The most turns that a conversation may go back.
const CHAIN_MAX: usize = 1_000;

/// In what steps memory is asked for while a body is written, in bytes.
const STEP_BYTES: usize = 64 * 1024;

/// The request with what it names of earlier turns of its key. What is not kept stays as it is named: its provider may know it.
pub(crate) fn complete(deps: &Deps, caller: &Caller, ask: Ask) -> Result<Ask, Failure> {
    let may_name = matches!(ask.surface, Surface::Responses | Surface::ResponsesInputTokens) && recall::may_name(&ask.body);
    if !may_name {
        return Ok(ask);
    }
    let key_id = caller.key.record.id;
    let bytes_max = Bound::of(deps, caller).bytes_max;
    let asked = ask.body.clone();
    let conversation = here(asked.len(), || Conversation::of(&asked));
    let chain = chain(deps, key_id, conversation.previous.as_deref(), bytes_max)?;
    // A short body may name long turns.
    let bytes = asked.len() + chain.iter().map(|kept| kept.turn.length()).sum::<usize>();
    let named = here(bytes, || Named::find(deps, key_id, chain, conversation.input));
    if named.is_empty() {
        return Ok(ask);
    }
    let earlier = Earlier {
        previous: conversation.previous.filter(|_| !named.chain.is_empty()).map(Cow::into_owned),
        input: conversation.input.map(|input| asked.slice_ref(input.as_bytes())),
    };
    let bytes = bytes + named.answers.values().map(|kept| kept.turn.length()).sum::<usize>();
    let mut completed = here(bytes, || {
        let (body, memory) = named.write(&asked, ask.memory, bytes_max)?;
        ask::of(body.into(), ask.surface, memory)
    })?;
    completed.earlier = Some(earlier);
    Ok(completed)
}

/// The turns behind which a request goes on, the oldest first; none where only its provider may know them.
fn chain(deps: &Deps, key_id: AccessKeyId, previous: Option<&str>, bytes_max: usize) -> Result<Vec<Arc<Kept>>, Failure> {
    let mut chain: Vec<Arc<Kept>> = Vec::new();
    let mut bytes = 0;
    let mut next = previous.map(str::to_owned);
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
    Ok(chain)
}

/// The turns that a request names.
struct Named {
    /// Those that it goes on behind, the oldest first.
    chain: Vec<Arc<Kept>>,
    /// Those of which it names items, by their answers' numbers.
    answers: HashMap<u64, Arc<Kept>>,
}

impl Named {
    /// The chain, and what the inputs of its turns and of this request name.
    fn find(deps: &Deps, key_id: AccessKeyId, chain: Vec<Arc<Kept>>, input: Option<&str>) -> Self {
        let inputs = chain.iter().filter_map(|kept| kept.turn.input.as_deref()).chain(input);
        let mut answers = HashMap::new();
        for item in inputs.flat_map(recall::items_named) {
            if !answers.contains_key(&item.answer)
                && let Some(kept) = deps.recall.find(key_id, item.answer)
            {
                answers.insert(item.answer, kept);
            }
        }
        Self { chain, answers }
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
