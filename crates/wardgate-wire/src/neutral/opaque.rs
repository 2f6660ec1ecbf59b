//! What only its maker can read: signatures and encrypted reasoning.
//!
//! Such a piece is worth nothing to another model, and a model may refuse a piece that is not its own. So each carries its
//! origin. A client whose format is not the origin's gets it in an envelope that says so: `wg1.<format>.<mark>.<kind>.<data>`,
//! the data as it was. It comes back with the next turn, and is sent on only where it came from.

use wardgate_core::format::Format;

/// How an envelope begins.
const ENVELOPE: &str = "wg1.";

/// What stands where a client's format wants a signature and the model gave none. SDKs send an empty one back as it was, and a
/// model that checks signatures then refuses the conversation.
pub const UNSIGNED: &str = "wg1.unsigned";

/// Who made an opaque piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The format it was said in.
    pub format: Format,
    /// A fingerprint of the provider, provider key and model. [`ANYONE`] when it came without an envelope.
    pub mark: u64,
}

/// The mark of a piece that a client sent as its own format has it, so that who made it is not known.
pub const ANYONE: u64 = 0;

impl Origin {
    /// An origin of which only the format is known.
    #[must_use]
    pub const fn of(format: Format) -> Self {
        Self { format, mark: ANYONE }
    }

    /// Whether what was made here can be read by a target. A piece whose maker is not known is tried.
    #[must_use]
    pub fn is_readable_by(self, target: Self) -> bool {
        self.format == target.format && (self.mark == target.mark || self.mark == ANYONE || target.mark == ANYONE)
    }
}

/// A fingerprint of names that make an origin: the provider, the id of the provider key (never its secret), the model. Never
/// [`ANYONE`].
#[must_use]
pub fn mark(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    fnv(bytes).max(1)
}

/// FNV-1a over bytes: the same in every process and version, and no secret depends on it.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What an opaque piece is to its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpaqueKind {
    /// A signature over text that stands beside it.
    Signature,
    /// Reasoning that is not shown.
    Redacted,
    /// Encrypted reasoning, beside a summary or alone.
    Encrypted,
    /// A call that the provider answered itself ([`super::served`]).
    Served,
}

impl OpaqueKind {
    const fn letter(self) -> &'static str {
        match self {
            Self::Signature => "s",
            Self::Redacted => "r",
            Self::Encrypted => "e",
            Self::Served => "c",
        }
    }
}

/// An opaque piece, its data bit by bit as its maker wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Who made it.
    pub origin: Origin,
    /// What it is.
    pub kind: OpaqueKind,
    /// The data.
    pub data: String,
}

impl Opaque {
    /// What a client of a format is given: the data itself in its own format, else an envelope.
    #[must_use]
    pub fn shown_to(&self, client: Format) -> String {
        if self.origin.format == client {
            return self.data.clone();
        }
        format!("{ENVELOPE}{}.{:x}.{}.{}", self.origin.format.name(), self.origin.mark, self.kind.letter(), self.data)
    }

    /// Reads what a client sent. Without an envelope it is taken for a piece of the client's own format.
    #[must_use]
    pub fn from_client(client: Format, kind: OpaqueKind, text: &str) -> Self {
        Self::from_envelope(text).unwrap_or_else(|| Self { origin: Origin::of(client), kind, data: text.to_owned() })
    }

    /// Opens an envelope.
    #[must_use]
    pub fn from_envelope(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(ENVELOPE)?.splitn(4, '.');
        let format = Format::from_name(parts.next()?)?;
        let mark = u64::from_str_radix(parts.next()?, 16).ok()?;
        let kind = match parts.next()? {
            "s" => OpaqueKind::Signature,
            "r" => OpaqueKind::Redacted,
            "e" => OpaqueKind::Encrypted,
            "c" => OpaqueKind::Served,
            _ => return None,
        };
        Some(Self { origin: Origin { format, mark }, kind, data: parts.next()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_piece_is_read_only_where_it_was_made() {
        let here = Origin { format: Format::Gemini, mark: mark(&["google", "key-a", "gemini-3"]) };
        let there = Origin { mark: mark(&["google", "key-b", "gemini-3"]), ..here };
        assert!(here.is_readable_by(here) && !here.is_readable_by(there));
        assert!(Origin::of(Format::Gemini).is_readable_by(there));
        assert!(!Origin::of(Format::AnthropicMessages).is_readable_by(there));
    }

    proptest! {
        #[test]
        fn an_envelope_gives_back_every_bit(data in ".*", mark in any::<u64>()) {
            let opaque = Opaque { origin: Origin { format: Format::Gemini, mark }, kind: OpaqueKind::Encrypted, data };
            for client in Format::ALL {
                let shown = opaque.shown_to(client);
                if client == Format::Gemini {
                    prop_assert_eq!(&shown, &opaque.data);
                } else {
                    prop_assert_eq!(Opaque::from_client(client, OpaqueKind::Signature, &shown), opaque.clone());
                }
            }
        }
    }
}
