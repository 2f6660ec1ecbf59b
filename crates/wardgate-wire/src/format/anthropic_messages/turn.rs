//! What an assistant said in a turn that may be interrupted, as it would stand in a request.

use crate::transcode::pause::TURN_BYTES_MAX;

/// A turn while it goes on.
#[derive(Debug)]
pub(super) struct Turn {
    /// The blocks, as elements of a JSON array.
    content: String,
    /// How often it may still be gone on with.
    rounds: u8,
    /// Whether something of it is missing.
    is_torn: bool,
}

impl Turn {
    pub(super) const fn new(rounds: u8) -> Self {
        Self { content: String::new(), rounds, is_torn: false }
    }

    /// A block, empty for one that is left out. None: it could not be kept.
    pub(super) fn push(&mut self, block: Option<&str>) {
        match block {
            Some(block) if self.content.len() + block.len() < TURN_BYTES_MAX => {
                if !self.content.is_empty() && !block.is_empty() {
                    self.content.push(',');
                }
                self.content.push_str(block);
            }
            _ => self.is_torn = true,
        }
    }

    /// The turn was interrupted. Answers with what it was so far, if it may be gone on with.
    pub(super) fn pause(&mut self) -> Option<String> {
        let may_go_on = self.rounds > 0 && !self.is_torn && !self.content.is_empty();
        self.rounds = self.rounds.saturating_sub(1);
        may_go_on.then(|| self.content.clone())
    }
}
