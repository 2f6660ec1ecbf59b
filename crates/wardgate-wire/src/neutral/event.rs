//! What happens in a stream.
//!
//! The grammar is strict, whatever the provider's is, so that writers are simple: `Start`, then parts one after the other
//! (`Open`, any number of `Delta`, `Cite` and `Logprobs`, `Close`; or `Sealed`, `Served` or `Image` alone), then `Stop`, then `End`.
//! `Usage` and `Lost` may stand anywhere behind `Start`, `Tier` before it too. `Fault` may stand anywhere and is the last.
//!
//! Where several answers were asked for, `Answer` says which one the parts and the `Stop` behind it are of; at first it is the one
//! with the number zero, which stops last.

use super::content::{Citation, Source};
use super::logprobs::Logprob;
use super::opaque::Opaque;
use super::reply::Stop;
use super::request::Tier;
use super::served::Served;
use super::tool::CallKind;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::usage::Usage;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'e> {
    /// The answer begins.
    Start {
        /// Its id.
        id: Option<&'e str>,
        /// The model, in the provider's spelling.
        model: Option<&'e str>,
        /// When it was made, in Unix seconds.
        created: Option<i64>,
    },
    /// What follows is of the answer with this number.
    Answer(usize),
    /// A part begins.
    Open(Open<'e>),
    /// More of the open part: text, or arguments. Never empty.
    Delta(&'e str),
    /// A source of the open text.
    Cite(&'e Citation),
    /// How probable the tokens of the open text are that the next delta brings.
    Logprobs(&'e [Logprob]),
    /// The open part ends. Reasoning ends with what the model needs to get back.
    Close(Option<&'e Opaque>),
    /// Reasoning of which nothing can be read.
    Sealed {
        /// What the model needs to get back.
        opaque: &'e Opaque,
        /// The call it belongs to, which comes next.
        call_id: Option<&'e str>,
    },
    /// A call that the provider answered itself.
    Served(&'e Served),
    /// A picture.
    Image(&'e Source),
    /// Something that only the provider's format can say was left out.
    Lost {
        /// A stable word for the loss.
        code: &'static str,
        /// What it was.
        what: &'e str,
    },
    /// In which class of service it is made. A later report replaces an earlier one.
    Tier(Tier),
    /// What was used so far. A later report replaces an earlier one.
    Usage(Usage),
    /// Why the answer ended.
    Stop(&'e Stop),
    /// The answer is whole.
    End,
    /// The answer is broken.
    Fault(&'e Fault),
}

impl Event<'_> {
    /// Whether it is of one answer, and not of all that were asked for together.
    #[must_use]
    pub const fn is_of_one(&self) -> bool {
        match self {
            Self::Answer(_)
            | Self::Open(_)
            | Self::Delta(_)
            | Self::Cite(_)
            | Self::Logprobs(_)
            | Self::Close(_)
            | Self::Sealed { .. }
            | Self::Served(_)
            | Self::Image(_)
            | Self::Stop(_) => true,
            Self::Start { .. } | Self::Lost { .. } | Self::Tier(_) | Self::Usage(_) | Self::End | Self::Fault(_) => false,
        }
    }
}

/// What kind of part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open<'e> {
    /// Text.
    Text,
    /// Words of refusal.
    Refusal,
    /// Reasoning that can be read.
    Reasoning {
        /// Whether it is a summary.
        is_summary: bool,
    },
    /// A call.
    Call {
        /// Its id.
        id: &'e str,
        /// The tool's name.
        name: &'e str,
        /// What sort of tool it is.
        kind: CallKind,
    },
}

/// The fault of a stream that ended too early.
#[must_use]
pub fn truncated() -> Fault {
    Fault::new(FaultClass::Truncated, "the provider's stream ended before its end marker")
}
