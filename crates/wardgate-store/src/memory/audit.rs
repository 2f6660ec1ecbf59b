//! The audit log.

use super::{MemoryStore, MemoryTenant, Tables};
use crate::{AuditLog, AuditQuery, Listed, StoreError};
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;

pub(super) fn append(tables: &mut Tables, event: &AuditEvent) {
    tables.audit.insert(event.id, event.clone());
}

pub(super) fn list(
    store: &MemoryStore,
    query: &AuditQuery,
    is_visible: impl Fn(&AuditEvent) -> bool,
) -> Result<Listed<AuditEvent>, StoreError> {
    let tables = store.tables()?;
    let wanted = tables.audit.values().rev().filter(|event| is_visible(event) && matches(query, event));
    Ok(Listed::cut(wanted.take(query.limit as usize + 1).cloned().collect(), query.limit))
}

fn matches(query: &AuditQuery, event: &AuditEvent) -> bool {
    let is_action = |wanted: &str| event.action == wanted || (wanted.ends_with('.') && event.action.starts_with(wanted));
    query.start.is_none_or(|start| start <= event.at)
        && query.end.is_none_or(|end| event.at <= end)
        && query.actor.as_ref().is_none_or(|actor| *actor == event.actor)
        && query.action.as_deref().is_none_or(is_action)
        && query.object_id.as_ref().is_none_or(|id| *id == event.object_id)
        && query.before.is_none_or(|before| event.id < before)
}

#[async_trait]
impl AuditLog for MemoryTenant {
    async fn list_audit(&self, query: &AuditQuery) -> Result<Listed<AuditEvent>, StoreError> {
        list(&self.store, query, |event| event.account_id == Some(self.account_id))
    }
}
