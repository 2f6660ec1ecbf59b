//! How the secrets of issued keys are kept: argon2id at rest, SHA-256 in memory.
//!
//! A secret here is 256 random bits, so nobody guesses it, and the parameters only need to make a stolen table expensive:
//! 4 MiB and one pass take about a millisecond. That is paid once per key and process; afterwards the caller remembers
//! [`Digest`] and compares that. Passwords that people choose need other parameters and are not hashed here.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use wardgate_core::random::Random;

const MEMORY_KIB: u32 = 4_096;
const PASSES: u32 = 1;
const LANES: u32 = 1;

/// The most memory and passes that a stored hash may ask for. A row that asks for more was not written by us.
const MEMORY_KIB_MAX: u32 = 65_536;
const PASSES_MAX: u32 = 10;

/// A hash that could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("the secret's hash cannot be {doing}: {why}")]
pub struct HashError {
    doing: &'static str,
    why: String,
}

/// The argon2id hash of a secret as a PHC string.
///
/// # Errors
/// When the hasher refuses its own parameters, which would be a defect of this crate.
pub fn hash(secret: &str, random: &dyn Random) -> Result<String, HashError> {
    let failed = |why: String| HashError { doing: "made", why };
    let mut salt = [0u8; 16];
    random.fill(&mut salt);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(error.to_string()))?;
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(secret.as_bytes(), &salt)
        .map_err(|error| failed(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether a secret is the one that was hashed. Takes about a millisecond of one core and 4 MiB: run it in a bounded lane.
///
/// # Errors
/// When the stored text is no PHC string of argon2id, or asks for absurd parameters.
pub fn verify(secret: &str, stored: &str) -> Result<bool, HashError> {
    let failed = |why: String| HashError { doing: "read", why };
    let hash = PasswordHash::new(stored).map_err(|error| failed(error.to_string()))?;
    let params = Params::try_from(&hash).map_err(|error| failed(error.to_string()))?;
    if params.m_cost() > MEMORY_KIB_MAX || params.t_cost() > PASSES_MAX {
        return Err(failed(format!("{} KiB and {} passes are more than any key of ours", params.m_cost(), params.t_cost())));
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.verify_password(secret.as_bytes(), &hash).is_ok())
}

/// The SHA-256 of a secret that was verified: what a cache keeps instead of the secret.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The SHA-256 of several parts, each after its length, so that no part runs into the next.
#[must_use]
pub fn digest_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    for part in parts {
        sha256.update((part.len() as u64).to_be_bytes());
        sha256.update(part);
    }
    sha256.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::random::Counting;

    #[test]
    fn verifies_the_secret_and_nothing_near_it() {
        let stored = hash("correct horse", &Counting::default()).unwrap_or_else(|error| panic!("{error}"));
        assert!(stored.starts_with("$argon2id$v=19$m=4096,t=1,p=1$"), "{stored}");
        assert!(verify("correct horse", &stored).is_ok_and(|same| same));
        assert!(verify("correct horsf", &stored).is_ok_and(|same| !same));
    }

    #[test]
    fn refuses_absurd_parameters_instead_of_running_them() {
        let stored = "$argon2id$v=19$m=4194304,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(verify("x", stored).is_err());
        assert!(verify("x", "not a hash").is_err());
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest_of_parts(&[b"ab", b"c"]), digest_of_parts(&[b"a", b"bc"]));
        assert_ne!(digest_of_parts(&[]), digest_of_parts(&[b""]));
    }

    #[test]
    fn digests_of_nearly_equal_secrets_differ() {
        assert!(Digest::of("a-long-secret-1").matches(&Digest::of("a-long-secret-1")));
        assert!(!Digest::of("a-long-secret-1").matches(&Digest::of("a-long-secret-2")));
    }
}
