//! Requests that are made once.

use super::MemoryStore;
use crate::{Begun, Idempotency, IdempotencyKey, StoreError};
use async_trait::async_trait;
use std::collections::btree_map::Entry;
use wardgate_core::time::Timestamp;

#[async_trait]
impl Idempotency for MemoryStore {
    async fn begin(
        &self,
        key: IdempotencyKey,
        body_digest: [u8; 32],
        now: Timestamp,
        abandoned_at: Timestamp,
    ) -> Result<Begun, StoreError> {
        match self.tables()?.idempotency.entry(key) {
            Entry::Occupied(there) if now < there.get().2 => Ok(there.get().0.clone()),
            Entry::Occupied(mut over) => {
                over.insert((Begun::Running, body_digest, abandoned_at));
                Ok(Begun::New)
            }
            Entry::Vacant(free) => {
                free.insert((Begun::Running, body_digest, abandoned_at));
                Ok(Begun::New)
            }
        }
    }

    async fn finish(&self, key: IdempotencyKey, sealed_answer: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        if let Some((begun, body_digest, until)) = self.tables()?.idempotency.get_mut(&key) {
            *begun = Begun::Done { body_digest: *body_digest, sealed_answer: sealed_answer.to_owned() };
            *until = expires_at;
        }
        Ok(())
    }

    async fn abandon(&self, key: IdempotencyKey) -> Result<(), StoreError> {
        self.tables()?.idempotency.retain(|other, (begun, ..)| *other != key || *begun != Begun::Running);
        Ok(())
    }

    async fn purge_idempotency(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut tables = self.tables()?;
        let over: Vec<_> = tables.idempotency.iter().filter(|(_, (.., until))| *until <= now).map(|(key, _)| *key).collect();
        let over = &over[..over.len().min(limit as usize)];
        for key in over {
            tables.idempotency.remove(key);
        }
        Ok(over.len() as u64)
    }
}
