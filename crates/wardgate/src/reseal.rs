//! Sealing everything with a new master key, while gateways work on the same store.
//!
//! Each value is replaced only if it is still the one that was read, and a value that is sealed with the new key already is
//! passed over. So a run that was cut off is continued by the next one, and two runs at once do no harm.

use std::sync::Arc;
use wardgate_core::id::{AccountId, ManagedKeyId};
use wardgate_core::random::Random;
use wardgate_keys::seal::{MasterKey, SealError, SealedBy};
use wardgate_store::{Store, StoreError};

/// How many values are read at once.
const PAGE: u32 = 200;

/// How often values are looked through again, for those that were made meanwhile by a gateway that has the old key only.
const ROUNDS_MAX: u32 = 5;

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Values looked at, in the last round.
    pub(crate) seen: u64,
    /// Values sealed again, in all rounds.
    pub(crate) resealed: u64,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResealError {
    /// The store does not answer, or does not take a value.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value opens with neither key.
    #[error("the secrets of {id} open neither with the master key nor with the previous one")]
    Sealed {
        /// Whose.
        id: String,
        /// Why.
        source: SealError,
    },
    /// Someone goes on sealing with the old key.
    #[error("new secrets keep being sealed with the previous key: start every gateway with the new master key first")]
    OldGateways,
}

/// Seals everything with the present key and keeps the proof of that. `progress` is told after each page.
pub(crate) async fn reseal(
    store: &Arc<dyn Store>,
    key: &MasterKey,
    random: &dyn Random,
    progress: impl Fn(Done) + Sync,
) -> Result<Done, ResealError> {
    let mut done = Done::default();
    for _ in 0..ROUNDS_MAX {
        let before = done.resealed;
        done.seen = 0;
        data_keys(store, key, random, &mut done, &progress).await?;
        managed_keys(store, key, random, &mut done, &progress).await?;
        if done.resealed == before {
            return match prove(store, key, random).await? {
                true => Ok(done),
                false => Err(ResealError::OldGateways),
            };
        }
    }
    Err(ResealError::OldGateways)
}

async fn data_keys(
    store: &Arc<dyn Store>,
    key: &MasterKey,
    random: &dyn Random,
    done: &mut Done,
    progress: &(impl Fn(Done) + Sync),
) -> Result<(), ResealError> {
    let mut after: Option<AccountId> = None;
    loop {
        let page = store.sealed_data_keys(after, PAGE).await?;
        for (id, sealed) in &page {
            let resealed = key.reseal_data_key(*id, sealed, random).map_err(|source| not_opened(id, source))?;
            if let Some(new) = resealed
                && store.replace_sealed_data_key(*id, sealed, &new).await?
            {
                done.resealed += 1;
            }
        }
        done.seen += page.len() as u64;
        progress(*done);
        match page.last() {
            Some((id, _)) => after = Some(*id),
            None => return Ok(()),
        }
    }
}

async fn managed_keys(
    store: &Arc<dyn Store>,
    key: &MasterKey,
    random: &dyn Random,
    done: &mut Done,
    progress: &(impl Fn(Done) + Sync),
) -> Result<(), ResealError> {
    let mut after: Option<ManagedKeyId> = None;
    loop {
        let page = store.sealed_managed_keys(after, PAGE).await?;
        for (id, sealed) in &page {
            let resealed = key.reseal_managed(*id, sealed, random).map_err(|source| not_opened(id, source))?;
            if let Some(new) = resealed
                && store.replace_sealed_managed_key(*id, sealed, &new).await?
            {
                done.resealed += 1;
            }
        }
        done.seen += page.len() as u64;
        progress(*done);
        match page.last() {
            Some((id, _)) => after = Some(*id),
            None => return Ok(()),
        }
    }
}

/// Keeps a proof made with the present key. `false` when another process keeps changing it.
async fn prove(store: &Arc<dyn Store>, key: &MasterKey, random: &dyn Random) -> Result<bool, ResealError> {
    let proof = store.master_key_proof().await?;
    let is_present = proof.as_ref().is_some_and(|proof| key.proved_by(proof) == Ok(SealedBy::Present));
    Ok(is_present || store.replace_master_key_proof(proof.as_deref(), &key.proof(random)).await?)
}

fn not_opened(id: &impl ToString, source: SealError) -> ResealError {
    ResealError::Sealed { id: id.to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use wardgate_core::random::Counting;
    use wardgate_core::secret::Secret;
    use wardgate_store::conformance::sample;
    use wardgate_store::memory::MemoryStore;
    use wardgate_store::{Collection, Sealed};

    #[tokio::test]
    async fn everything_opens_with_the_new_key_alone_and_a_second_run_does_nothing() {
        let random = Counting::default();
        let old = MasterKey::from_bytes([1; 32]);
        let memory = MemoryStore::new();
        let store: Arc<dyn Store> = Arc::new(memory.clone());
        for number in 0..450 {
            let mut account = sample::account(&format!("account-{number}"));
            account.sealed_data_key = old.new_data_key(account.id, &random).1;
            memory.create(&account, &sample::audit(None)).await.unwrap();
        }
        let mut managed = sample::managed_key("openai");
        managed.sealed_value = old.seal_managed(managed.id, &Secret::from("sk-operator"), &random);
        memory.create(&managed, &sample::audit(None)).await.unwrap();
        store.replace_master_key_proof(None, &old.proof(&random)).await.unwrap();

        let both = MasterKey::from_bytes([2; 32]).replacing(&old);
        let told = Mutex::new(Vec::new());
        let done = reseal(&store, &both, &random, |done| told.lock().unwrap().push(done)).await.unwrap();
        assert_eq!(done, Done { seen: 451, resealed: 451 });
        assert!(told.lock().unwrap().len() > 4);
        let new = MasterKey::from_bytes([2; 32]);
        for (id, sealed) in memory.sealed_data_keys(None, 1_000).await.unwrap() {
            assert!(new.open_data_key(id, &sealed).is_ok());
        }
        let (id, sealed) = memory.sealed_managed_keys(None, 1).await.unwrap().remove(0);
        assert!(new.open_managed(id, &sealed).is_ok());
        assert_eq!(new.proved_by(&memory.master_key_proof().await.unwrap().unwrap()), Ok(SealedBy::Present));
        assert_eq!(reseal(&store, &both, &random, |_| ()).await.unwrap(), Done { seen: 451, resealed: 0 });
    }
}
