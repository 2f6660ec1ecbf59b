//! The text form of every key that Wardgate issues: `<kind>-<id>-g1-<secret>`.
//!
//! The id is 22 and the secret 49 base 62 digits: 43 for 32 random bytes, then 6 for a CRC-32 (ISO-HDLC, as in zlib) of all
//! that stands before them. So a mistyped or made-up token is refused by arithmetic alone, before any store or log sees it.

use subtle::ConstantTimeEq;
use wardgate_core::base62;
use wardgate_core::id::{AccessKeyId, ApiKeyId, OperatorKeyId};
use wardgate_core::secret::Secret;

const ID_DIGITS: usize = base62::WIDTH_16;
const RANDOM_DIGITS: usize = base62::WIDTH_32;
const CHECK_DIGITS: usize = 6;
const GENERATION: &str = "g1";

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `ng-`: the data plane.
    AccessKey,
    /// `nga-`: the management of one account.
    ApiKey,
    /// `ngo-`: the management of the gateway.
    OperatorKey,
}

impl TokenKind {
    const ALL: [Self; 3] = [Self::AccessKey, Self::ApiKey, Self::OperatorKey];

    /// What a token of this kind starts with, without the dash.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AccessKey => "ng",
            Self::ApiKey => "nga",
            Self::OperatorKey => "ngo",
        }
    }
}

/// An id that stands in a token, and so says which kind of token.
pub trait KeyId: Copy {
    /// The kind of token that carries such an id.
    const KIND: TokenKind;
    /// The id's bytes.
    fn to_bytes(self) -> [u8; 16];
    /// The id with these bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! key_ids {
    ($($id:ident => $kind:ident;)*) => {$(
        impl KeyId for $id {
            const KIND: TokenKind = TokenKind::$kind;
            fn to_bytes(self) -> [u8; 16] {
                *self.as_bytes()
            }
            fn from_bytes(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }
    )*};
}

key_ids! {
    AccessKeyId => AccessKey;
    ApiKeyId => ApiKey;
    OperatorKeyId => OperatorKey;
}

/// Why a text is no token of the expected kind. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It does not have the form, or characters are missing.
    #[error("the key does not have the form {}-…-g1-…", expected.prefix())]
    Form {
        /// What was expected.
        expected: TokenKind,
    },
    /// It is a well-formed key of another kind.
    #[error("this is a key of another kind ({}-…); this surface takes {}-… keys", found.prefix(), expected.prefix())]
    Kind {
        /// What was expected.
        expected: TokenKind,
        /// What came.
        found: TokenKind,
    },
    /// The form is right but the checksum is not: a character was changed.
    #[error("the key's checksum does not match: a character was lost or changed")]
    Checksum,
}

/// A token whose form and checksum are right. Whether it opens anything is not known yet.
pub struct Token<'t, Id> {
    /// The id in it.
    pub id: Id,
    /// The secret part, checksum included: what is hashed.
    pub secret: &'t str,
}

/// Reads a token of the kind that `Id` belongs to.
///
/// # Errors
/// See [`BadToken`].
pub fn parse<Id: KeyId>(text: &str) -> Result<Token<'_, Id>, BadToken> {
    let form = BadToken::Form { expected: Id::KIND };
    let (kind_text, rest) = text.split_once('-').ok_or(form)?;
    let found = TokenKind::ALL.into_iter().find(|kind| kind.prefix() == kind_text).ok_or(form)?;
    let (id_text, rest) = rest.split_at_checked(ID_DIGITS).ok_or(form)?;
    let secret = rest
        .strip_prefix('-')
        .and_then(|rest| rest.strip_prefix(GENERATION))
        .and_then(|rest| rest.strip_prefix('-'))
        .filter(|secret| secret.len() == RANDOM_DIGITS + CHECK_DIGITS)
        .ok_or(form)?;
    let id = base62::decode_16(id_text).map_err(|_| form)?;
    let (random, check) = secret.split_at_checked(RANDOM_DIGITS).ok_or(form)?;
    if !base62::is_digits(random) {
        return Err(form);
    }
    let expected_check = checksum(&text[..text.len() - CHECK_DIGITS]);
    if !bool::from(expected_check.ct_eq(check.as_bytes())) {
        return Err(BadToken::Checksum);
    }
    if found != Id::KIND {
        return Err(BadToken::Kind { expected: Id::KIND, found });
    }
    Ok(Token { id: Id::from_bytes(id), secret })
}

/// Writes a token from an id and 32 random bytes.
#[must_use]
pub fn write<Id: KeyId>(id: Id, random: &[u8; 32]) -> Secret {
    let head =
        format!("{}-{}-{GENERATION}-{}", Id::KIND.prefix(), base62::encode_16(&id.to_bytes()), base62::encode_32(random));
    let check = checksum(&head).map(char::from);
    Secret::new(head + &String::from_iter(check))
}

/// The token with its middle cut out: the kind, the last six digits of the id, and the last four characters.
#[must_use]
pub fn redact<Id: KeyId>(id: Id, token: &Secret) -> String {
    let digits = base62::encode_16(&id.to_bytes());
    let text = token.expose();
    format!("{}-{}***{}", Id::KIND.prefix(), &digits[ID_DIGITS - 6..], &text[text.len() - 4..])
}

fn checksum(head: &str) -> [u8; CHECK_DIGITS] {
    base62::encode_4(crc32fast::hash(head.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Secret {
        write(AccessKeyId::from_bytes([7; 16]), &[9; 32])
    }

    #[test]
    fn reads_what_it_wrote() {
        let text = sample();
        let token = parse::<AccessKeyId>(text.expose()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(token.id, AccessKeyId::from_bytes([7; 16]));
        assert!(text.expose().starts_with("ng-"));
        assert_eq!(text.expose().len(), 2 + 1 + 22 + 4 + 49);
    }

    #[test]
    fn names_the_kind_that_came_instead() {
        let text = write(ApiKeyId::from_bytes([7; 16]), &[9; 32]);
        assert_eq!(
            parse::<AccessKeyId>(text.expose()).err(),
            Some(BadToken::Kind { expected: TokenKind::AccessKey, found: TokenKind::ApiKey })
        );
    }

    #[test]
    fn forms_that_are_no_token() {
        for text in ["", "ng-", "sk-proj-abc", "ng-xxxxx-g1-xxxxx", "ng-é", &"ng-".repeat(40)] {
            assert!(matches!(parse::<AccessKeyId>(text).err(), Some(BadToken::Form { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_noticed(at in 0usize..78, to in "[0-9A-Za-z]") {
            let text = sample().expose().to_owned();
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert!(parse::<AccessKeyId>(&changed).is_err());
        }

        #[test]
        fn no_text_panics(text in ".{0,120}") {
            let _ = parse::<AccessKeyId>(&text);
        }
    }
}
