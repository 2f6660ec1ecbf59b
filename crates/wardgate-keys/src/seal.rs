//! Sealing what must be stored and read back: provider credentials, and answers that hold a token.
//!
//! Two levels (envelope encryption), both XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the master key seals one random
//! data key per account, and that seals the account's credentials. The operator's own credentials have no account, and the
//! master key seals them itself. The place a value belongs to is authenticated with it, so
//! that a row moved to another account or id does not open. Sealed bytes: version (1), nonce (24), ciphertext and tag.

use crate::pseudonym::Pseudonyms;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use wardgate_core::id::{AccountId, ManagedKeyId, ProviderKeyId};
use wardgate_core::random::Random;
use wardgate_core::secret::Secret;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Sealed bytes that this key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too short, or of a version this program does not know.
    #[error("the sealed value has an unknown form")]
    Form,
    /// Another key sealed it, it belongs to another place, or it was changed.
    #[error("the sealed value does not open: wrong master key, moved row or damaged bytes")]
    DoesNotOpen,
}

/// The key that seals data keys and the operator's own credentials. It lives outside the store.
///
/// While it is being replaced there are two: everything is sealed with the present one, and what the previous one sealed still
/// opens, until all of it was sealed again.
#[derive(Clone)]
pub struct MasterKey {
    present: Zeroizing<[u8; 32]>,
    previous: Option<Zeroizing<[u8; 32]>>,
}

/// Which of the two master keys sealed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedBy {
    /// The one that seals now.
    Present,
    /// The one before.
    Previous,
}

impl MasterKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { present: Zeroizing::new(bytes), previous: None }
    }

    /// The same key, which replaces another one.
    #[must_use]
    pub fn replacing(self, previous: &Self) -> Self {
        Self { present: self.present, previous: Some(previous.present.clone()) }
    }

    /// Whether there is a previous key, so that sealed values may still have to be sealed again.
    #[must_use]
    pub const fn is_replacing(&self) -> bool {
        self.previous.is_some()
    }

    /// What makes pseudonyms that are the same at every gateway with this key as the present one.
    #[must_use]
    pub fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms::new(&self.present)
    }

    /// A new data key for an account, and its sealed form to be stored.
    #[must_use]
    pub fn new_data_key(&self, account_id: AccountId, random: &dyn Random) -> (DataKey, Vec<u8>) {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random.fill(bytes.as_mut_slice());
        let sealed = seal(&self.present, bytes.as_slice(), &data_key_place(account_id), random);
        (DataKey { key: bytes, account_id }, sealed)
    }

    /// Opens the stored data key of an account.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_data_key(&self, account_id: AccountId, sealed: &[u8]) -> Result<DataKey, SealError> {
        let (_, opened) = self.open(sealed, &data_key_place(account_id))?;
        let mut key = Zeroizing::new([0u8; 32]);
        if opened.len() != key.len() {
            return Err(SealError::Form);
        }
        key.copy_from_slice(&opened);
        Ok(DataKey { key, account_id })
    }

    /// Seals a credential of the operator for its row.
    #[must_use]
    pub fn seal_managed(&self, row: ManagedKeyId, value: &Secret, random: &dyn Random) -> Vec<u8> {
        seal(&self.present, value.expose().as_bytes(), &managed_key_place(row), random)
    }

    /// Opens a credential of the operator.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_managed(&self, row: ManagedKeyId, sealed: &[u8]) -> Result<Secret, SealError> {
        let (_, mut opened) = self.open(sealed, &managed_key_place(row))?;
        String::from_utf8(std::mem::take(&mut *opened)).map(Secret::new).map_err(|_| SealError::Form)
    }

    /// Seals an answer to the operator, for the request with this digest.
    #[must_use]
    pub fn seal_answer(&self, request: &[u8; 32], answer: &[u8], random: &dyn Random) -> Vec<u8> {
        seal(&self.present, answer, &answer_place(None, request), random)
    }

    /// Opens the answer to a request.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_answer(&self, request: &[u8; 32], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open(sealed, &answer_place(None, request)).map(|(_, answer)| answer)
    }

    /// The stored data key of an account, sealed with the present key; `None` when it is so already.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn reseal_data_key(&self, id: AccountId, sealed: &[u8], random: &dyn Random) -> Result<Option<Vec<u8>>, SealError> {
        self.reseal(sealed, &data_key_place(id), random)
    }

    /// A stored credential of the operator, sealed with the present key; `None` when it is so already.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn reseal_managed(&self, id: ManagedKeyId, sealed: &[u8], random: &dyn Random) -> Result<Option<Vec<u8>>, SealError> {
        self.reseal(sealed, &managed_key_place(id), random)
    }

    /// A value to be stored, by which it is known later whether a key is the one that seals this store.
    #[must_use]
    pub fn proof(&self, random: &dyn Random) -> Vec<u8> {
        seal(&self.present, PROOF, PROOF, random)
    }

    /// Which of the keys made a proof.
    ///
    /// # Errors
    /// When neither did.
    pub fn proved_by(&self, proof: &[u8]) -> Result<SealedBy, SealError> {
        self.open(proof, PROOF).map(|(by, _)| by)
    }

    fn reseal(&self, sealed: &[u8], place: &[u8], random: &dyn Random) -> Result<Option<Vec<u8>>, SealError> {
        match self.open(sealed, place)? {
            (SealedBy::Present, _) => Ok(None),
            (SealedBy::Previous, opened) => Ok(Some(seal(&self.present, &opened, place, random))),
        }
    }

    fn open(&self, sealed: &[u8], place: &[u8]) -> Result<(SealedBy, Zeroizing<Vec<u8>>), SealError> {
        match (open(&self.present, sealed, place), &self.previous) {
            (Err(SealError::DoesNotOpen), Some(previous)) => {
                open(previous, sealed, place).map(|opened| (SealedBy::Previous, opened))
            }
            (opened, _) => opened.map(|opened| (SealedBy::Present, opened)),
        }
    }
}

/// What a proof holds, and where it belongs.
const PROOF: &[u8] = b"master-key-proof";

/// The key that seals one account's credentials.
#[derive(Clone)]
pub struct DataKey {
    key: Zeroizing<[u8; 32]>,
    account_id: AccountId,
}

impl DataKey {
    /// Seals a provider's credential for its row.
    #[must_use]
    pub fn seal(&self, row: ProviderKeyId, value: &Secret, random: &dyn Random) -> Vec<u8> {
        seal(&self.key, value.expose().as_bytes(), &self.place(row), random)
    }

    /// Opens the credential of a row.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(&self, row: ProviderKeyId, sealed: &[u8]) -> Result<Secret, SealError> {
        let mut opened = open(&self.key, sealed, &self.place(row))?;
        String::from_utf8(std::mem::take(&mut *opened)).map(Secret::new).map_err(|_| SealError::Form)
    }

    /// Seals an answer to one of the account's managers, for the request with this digest.
    #[must_use]
    pub fn seal_answer(&self, request: &[u8; 32], answer: &[u8], random: &dyn Random) -> Vec<u8> {
        seal(&self.key, answer, &answer_place(Some(self.account_id), request), random)
    }

    /// Opens the answer to a request.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_answer(&self, request: &[u8; 32], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.key, sealed, &answer_place(Some(self.account_id), request))
    }

    fn place(&self, row: ProviderKeyId) -> Vec<u8> {
        [b"provider-key".as_slice(), self.account_id.as_bytes(), row.as_bytes()].concat()
    }
}

fn managed_key_place(id: ManagedKeyId) -> Vec<u8> {
    [b"managed-key".as_slice(), id.as_bytes()].concat()
}

fn answer_place(account_id: Option<AccountId>, request: &[u8; 32]) -> Vec<u8> {
    [b"answer".as_slice(), account_id.as_ref().map_or(&[], |id| id.as_bytes()), request].concat()
}

fn data_key_place(account_id: AccountId) -> Vec<u8> {
    [b"data-key".as_slice(), account_id.as_bytes()].concat()
}

fn seal(key: &[u8; 32], value: &[u8], place: &[u8], random: &dyn Random) -> Vec<u8> {
    let mut nonce = [0u8; NONCE_BYTES];
    random.fill(&mut nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let Ok(ciphertext) = cipher.encrypt(&XNonce::from(nonce), Payload { msg: value, aad: place }) else {
        unreachable!("encryption fails only for values of 256 GiB and more");
    };
    [&[VERSION], nonce.as_slice(), &ciphertext].concat()
}

fn open(key: &[u8; 32], sealed: &[u8], place: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let Some((&VERSION, rest)) = sealed.split_first() else {
        return Err(SealError::Form);
    };
    let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES).ok_or(SealError::Form)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError::Form)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(nonce), Payload { msg: ciphertext, aad: place })
        .map(Zeroizing::new)
        .map_err(|_| SealError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardgate_core::random::Counting;

    fn row(byte: u8) -> ProviderKeyId {
        ProviderKeyId::from_bytes([byte; 16])
    }

    #[test]
    fn opens_only_with_the_same_keys_in_the_same_place() {
        let random = Counting::default();
        let account = AccountId::from_bytes([1; 16]);
        let master = MasterKey::from_bytes([2; 32]);
        let (data_key, stored) = master.new_data_key(account, &random);
        let sealed = data_key.seal(row(3), &Secret::from("sk-provider"), &random);

        let reopened = master.open_data_key(account, &stored).unwrap_or_else(|error| panic!("{error}"));
        assert!(reopened.open(row(3), &sealed).is_ok_and(|secret| secret.expose() == "sk-provider"));
        assert_eq!(reopened.open(row(4), &sealed).err(), Some(SealError::DoesNotOpen));
        assert_eq!(MasterKey::from_bytes([9; 32]).open_data_key(account, &stored).err(), Some(SealError::DoesNotOpen));
        assert_eq!(master.open_data_key(AccountId::from_bytes([8; 16]), &stored).err(), Some(SealError::DoesNotOpen));
    }

    #[test]
    fn a_key_is_replaced_without_a_moment_at_which_something_does_not_open() {
        let random = Counting::default();
        let (account, managed) = (AccountId::from_bytes([1; 16]), ManagedKeyId::from_bytes([2; 16]));
        let old = MasterKey::from_bytes([3; 32]);
        let (_, data_key) = old.new_data_key(account, &random);
        let credential = old.seal_managed(managed, &Secret::from("sk-operator"), &random);
        let proof = old.proof(&random);

        let both = MasterKey::from_bytes([4; 32]).replacing(&old);
        assert!(both.is_replacing() && both.open_data_key(account, &data_key).is_ok());
        assert!(both.open_managed(managed, &credential).is_ok_and(|secret| secret.expose() == "sk-operator"));
        assert_eq!(both.proved_by(&proof), Ok(SealedBy::Previous));
        let data_key = both.reseal_data_key(account, &data_key, &random).ok().flatten().unwrap_or_default();
        let credential = both.reseal_managed(managed, &credential, &random).ok().flatten().unwrap_or_default();
        assert_eq!(both.reseal_data_key(account, &data_key, &random), Ok(None));
        assert_eq!(both.reseal_managed(ManagedKeyId::from_bytes([9; 16]), &credential, &random), Err(SealError::DoesNotOpen));

        let new = MasterKey::from_bytes([4; 32]);
        assert!(new.open_data_key(account, &data_key).is_ok() && new.open_managed(managed, &credential).is_ok());
        assert_eq!(new.proved_by(&proof), Err(SealError::DoesNotOpen));
        assert_eq!(new.proved_by(&new.proof(&random)), Ok(SealedBy::Present));
        assert!(old.open_data_key(account, &data_key).is_err());
    }

    #[test]
    fn an_answer_opens_for_its_request_and_account_only() {
        let random = Counting::default();
        let master = MasterKey::from_bytes([2; 32]);
        let (data_key, _) = master.new_data_key(AccountId::from_bytes([1; 16]), &random);
        let sealed = data_key.seal_answer(&[5; 32], b"answer", &random);
        assert!(data_key.open_answer(&[5; 32], &sealed).is_ok_and(|answer| &*answer == b"answer"));
        assert!(data_key.open_answer(&[6; 32], &sealed).is_err());
        assert!(master.open_answer(&[5; 32], &sealed).is_err());
        let sealed = master.seal_answer(&[5; 32], b"answer", &random);
        assert!(master.open_answer(&[5; 32], &sealed).is_ok_and(|answer| &*answer == b"answer"));
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let random = Counting::default();
        let (data_key, _) = MasterKey::from_bytes([2; 32]).new_data_key(AccountId::from_bytes([1; 16]), &random);
        let sealed = data_key.seal(row(3), &Secret::from("sk-provider"), &random);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(data_key.open(row(3), &damaged).is_err(), "byte {at}");
        }
        assert_eq!(data_key.open(row(3), &[]).err(), Some(SealError::Form));
    }
}
