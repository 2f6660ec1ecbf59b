//! The id that a translated answer has, and the keeping of it once it is whole.

use super::{Recall, TURN_BYTES_MAX};
use crate::deps::Deps;
use crate::generation::{self, generation_id};
use crate::phase::ask::Ask;
use crate::phase::configure::Caller;
use crate::phase::ingress::Inbound;
use std::sync::Arc;
use wardgate_core::base62;
use wardgate_core::id::{AccessKeyId, RequestId};
use wardgate_limits::memory::Reservation;
use wardgate_wire::recall::{Conversation, Identity, Turn};

/// What the gateway's own ids of answers begin with. OpenAI's go on otherwise.
const ID_PREFIX: &str = "resp_wg";

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

/// Whether the gateway gave this id to an answer.
pub(super) fn is_ours(id: &str) -> bool {
    let is_plain = id.strip_prefix(ID_PREFIX).is_some_and(|digits| base62::decode_16(digits).is_ok());
    is_plain || generation::is_id(id)
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
    use wardgate_core::time::Timestamp;

    #[test]
    fn our_ids_are_known() {
        let id = RequestId::new(Timestamp::from_unix_millis(1_795_000_000_500), &Counting::default());
        let ours = [format!("{ID_PREFIX}{}", base62::encode_16(id.as_bytes())), generation_id(id)];
        assert!(ours.iter().all(|id| is_ours(id)), "{ours:?}");
        let theirs = ["", "resp_wg", "resp_wgother", "resp_68a1c0ffee68a1c0ffee68a1c0ffee", "gen-1-x", &id.to_string()];
        assert!(!theirs.iter().any(|id| is_ours(id)));
    }
}
