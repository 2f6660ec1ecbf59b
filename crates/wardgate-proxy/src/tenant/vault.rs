//! The credentials that an account's requests may use, sealed until they are.
//!
//! One is opened at its first use, and wiped with its snapshot. Opening it for each call would protect nothing: the key that
//! opens it lies beside it.

use crate::cache::Hasher;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use wardgate_core::id::{ManagedKeyId, ProviderKeyId};
use wardgate_core::provider_key::{ManagedKey, ProviderKey};
use wardgate_core::secret::Secret;
use wardgate_keys::seal::{DataKey, MasterKey, SealError};

pub(super) struct Vault {
    data_key: DataKey,
    user: HashMap<ProviderKeyId, Sealed, Hasher>,
    redacted: HashMap<ProviderKeyId, Arc<str>, Hasher>,
    master_key: Arc<MasterKey>,
    managed: HashMap<ManagedKeyId, Sealed, Hasher>,
}

struct Sealed {
    bytes: Vec<u8>,
    opened: OnceLock<Secret>,
}

impl Vault {
    pub(super) fn new(data_key: DataKey, user: Vec<ProviderKey>, master_key: Arc<MasterKey>, managed: Vec<ManagedKey>) -> Self {
        Self {
            data_key,
            redacted: user.iter().map(|key| (key.id, key.redacted.as_str().into())).collect(),
            user: user.into_iter().map(|key| (key.id, Sealed::new(key.sealed_value))).collect(),
            master_key,
            managed: managed.into_iter().map(|key| (key.id, Sealed::new(key.sealed_value))).collect(),
        }
    }

    /// A key of the account.
    pub(super) fn user(&self, id: ProviderKeyId) -> Result<&Secret, SealError> {
        self.user.get(&id).ok_or(SealError::Form)?.open(|bytes| self.data_key.open(id, bytes))
    }

    /// A key of the operator.
    pub(super) fn managed(&self, id: ManagedKeyId) -> Result<&Secret, SealError> {
        self.managed.get(&id).ok_or(SealError::Form)?.open(|bytes| self.master_key.open_managed(id, bytes))
    }

    pub(super) fn redacted(&self, id: ProviderKeyId) -> Option<&Arc<str>> {
        self.redacted.get(&id)
    }
}

impl Sealed {
    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, opened: OnceLock::new() }
    }

    fn open(&self, open: impl FnOnce(&[u8]) -> Result<Secret, SealError>) -> Result<&Secret, SealError> {
        match self.opened.get() {
            Some(secret) => Ok(secret),
            None => {
                let secret = open(&self.bytes)?;
                Ok(self.opened.get_or_init(|| secret))
            }
        }
    }
}
