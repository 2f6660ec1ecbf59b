//! Typed ids: 128 bits, sortable by creation time, written as `<prefix>_<22 base 62 digits>`.
//!
//! The bits are those of a version 7 UUID (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits. Two kinds
//! of id cannot be mixed up by the compiler, nor by a person who reads the prefix.

use crate::base62;
use crate::random::Random;
use crate::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with {prefix}_")]
pub struct NotAnId {
    /// The prefix that the expected kind carries.
    pub prefix: &'static str,
}

/// Sixteen bytes of a version 7 UUID for this instant.
fn uuid_v7(now: Timestamp, random: &dyn Random) -> [u8; 16] {
    let mut bytes = [0u8; 16];
    random.fill(&mut bytes[6..]);
    bytes[..6].copy_from_slice(&now.unix_millis().to_be_bytes()[2..]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// An id's text.
#[derive(Clone, Copy)]
pub struct IdText {
    bytes: [u8; TEXT_BYTES_MAX],
    length: usize,
}

/// The longest prefix, its underscore, and the digits.
const TEXT_BYTES_MAX: usize = 10 + base62::WIDTH_16;

impl IdText {
    fn new(prefix: &'static str, id: &[u8; 16]) -> Self {
        let length = prefix.len() + base62::WIDTH_16;
        let mut bytes = [0; TEXT_BYTES_MAX];
        bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
        bytes[prefix.len()..length].copy_from_slice(&base62::digits_16(id));
        Self { bytes, length }
    }
}

impl std::ops::Deref for IdText {
    type Target = str;

    fn deref(&self) -> &str {
        // All of it is ASCII.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id for this instant.
            #[must_use]
            pub fn new(now: Timestamp, random: &dyn Random) -> Self {
                Self(uuid_v7(now, random))
            }

            /// The id with exactly these bytes, as a store keeps them.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes, for a store.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// When it was made, to the millisecond.
            #[must_use]
            pub fn made_at(&self) -> Timestamp {
                let mut millis = [0; 8];
                millis[2..].copy_from_slice(&self.0[..6]);
                Timestamp::from_unix_millis(i64::from_be_bytes(millis))
            }

            /// The id's text without an allocation, for where each of them counts.
            #[must_use]
            pub fn to_text(&self) -> IdText {
                IdText::new(concat!($prefix, "_"), &self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_text())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|digits| base62::decode_16(digits).ok())
                    .map(Self)
                    .ok_or(NotAnId { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_text())
            }
        }
    )*};
}

ids! {
    /// A tenant.
    AccountId = "acct";
    /// A group inside an account.
    TeamId = "team";
    /// An access key; its digits also stand in the key's token.
    AccessKeyId = "aigk";
    /// An API key; its digits also stand in the key's token.
    ApiKeyId = "aigapik";
    /// An operator key; its digits also stand in the key's token.
    OperatorKeyId = "aigop";
    /// An access-key configuration.
    ConfigurationId = "aigac";
    /// A name that stands for a list of models.
    VirtualModelId = "aigvm";
    /// A stored provider credential.
    ProviderKeyId = "aigpk";
    /// A provider credential of the operator.
    ManagedKeyId = "aigmk";
    /// A custom provider as a resource; clients write its name instead.
    CustomProviderId = "aigp";
    /// A model that a custom provider declares.
    CustomModelId = "aigpm";
    /// One request of a client, shared by all its attempts.
    RequestId = "rq";
    /// One attempt at a provider.
    UsageEventId = "ue";
    /// A tier that the operator made.
    TierId = "aigt";
    /// One entry of the audit log.
    AuditEventId = "aiga";
    /// An amount added to a balance.
    CreditId = "aigct";
    /// An account's wish for credits.
    PurchaseId = "aigcp";
    /// An amount that may be spent in a window of time.
    BudgetId = "aigb";
    /// A process that holds money of budgets and credits.
    HolderId = "aigh";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counting;

    #[test]
    fn text_form_round_trips_and_sorts_by_time() {
        let random = Counting::default();
        let early = AccessKeyId::new(Timestamp::from_unix_millis(1_000), &random);
        let late = AccessKeyId::new(Timestamp::from_unix_millis(2_000), &random);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(late.to_string().parse(), Ok(late));
    }

    #[test]
    fn refuses_another_kind() {
        let id = AccessKeyId::new(Timestamp::from_unix_millis(1_000), &Counting::default());
        assert!(id.to_string().parse::<ProviderKeyId>().is_err());
        assert!("aigk_short".parse::<AccessKeyId>().is_err());
    }
}
