//! Making a key: the token to show once, and what is kept of it.

use crate::hash::{self, HashError};
use crate::token::{self, KeyId};
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;

/// A new key.
pub struct Minted {
    /// The token, to be shown once.
    pub token: Secret,
    /// What is stored: the argon2id hash of the secret part.
    pub secret_hash: String,
    /// What is shown from then on.
    pub redacted: String,
}

/// Makes a key for an id. Costs one argon2id hash: run it in a bounded lane.
///
/// # Errors
/// When hashing fails, which would be a defect.
pub fn mint<Id: KeyId>(id: Id, random: &dyn Random) -> Result<Minted, HashError> {
    let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
    random.fill(bytes.as_mut_slice());
    let token = token::write(id, &bytes);
    let secret_hash = match token::parse::<Id>(token.expose()) {
        Ok(parsed) => hash::hash(parsed.secret, random)?,
        Err(error) => unreachable!("a token just written is well formed: {error}"),
    };
    let redacted = token::redact(id, &token);
    Ok(Minted { token, secret_hash, redacted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::id::AccessKeyId;
    use wardgate_core::random::Counting;

    #[test]
    fn the_stored_hash_belongs_to_the_token() {
        let minted = mint(AccessKeyId::from_bytes([1; 16]), &Counting::default()).unwrap_or_else(|error| panic!("{error}"));
        let token = token::parse::<AccessKeyId>(minted.token.expose()).unwrap_or_else(|error| panic!("{error}"));
        assert!(hash::verify(token.secret, &minted.secret_hash).is_ok_and(|same| same));
        assert!(!minted.redacted.contains(token.secret));
    }
}
