//! Names that stand in for people's, in systems that have to tell people apart and not to know them.
//!
//! A pseudonym is HMAC-SHA256 by a key that comes from the master key, cut to 128 bits: whoever reads it learns no name, also not by
//! trying the names that are likely, and gateways with one master key make the same of the same.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What the key is for, so that it is no key for anything else.
const PURPOSE: &[u8] = b"wardgate pseudonyms 1";

/// Makes pseudonyms.
pub struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        let mut key = Zeroizing::new([0u8; 32]);
        key.copy_from_slice(&keyed(master_key).chain_update(PURPOSE).finalize().into_bytes());
        Self(keyed(&key))
    }

    /// The pseudonym of a name: 32 hexadecimal digits.
    #[must_use]
    pub fn of(&self, name: &str) -> String {
        let tag: [u8; 32] = self.0.clone().chain_update(name).finalize().into_bytes().into();
        let (kept, _) = tag.split_at(16);
        let mut half = [0u8; 16];
        half.copy_from_slice(kept);
        format!("{:032x}", u128::from_be_bytes(half))
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // As long as a block, which HMAC makes of any key by adding zeros.
    let mut block = Zeroizing::new([0u8; 64]);
    block[..key.len()].copy_from_slice(key);
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use crate::seal::MasterKey;

    #[test]
    fn they_depend_on_the_name_and_the_master_key_alone() {
        let of = |key: u8, name: &str| MasterKey::from_bytes([key; 32]).pseudonyms().of(name);
        assert_eq!(of(1, "ann@example.com"), of(1, "ann@example.com"));
        assert_eq!(of(1, "ann@example.com").len(), 32);
        for (key, name) in [(1, "bea@example.com"), (2, "ann@example.com"), (1, "ann@example.com "), (1, "")] {
            assert_ne!(of(key, name), of(1, "ann@example.com"));
        }
    }
}
