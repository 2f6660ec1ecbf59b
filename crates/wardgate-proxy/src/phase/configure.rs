//! Phase 3: what may this key use?

use crate::cache::{KnownKey, TenantError, TenantSnapshot};
use crate::deps::Deps;
use crate::failure::Failure;
use std::sync::Arc;

/// Who calls, and what is theirs.
pub(crate) struct Caller {
    /// The key.
    pub(crate) key: Arc<KnownKey>,
    /// Its account's providers and credentials, as of one version.
    pub(crate) tenant: Arc<TenantSnapshot>,
}

/// Reads the account of a key.
pub(crate) async fn configure(deps: &Deps, key: Arc<KnownKey>) -> Result<Caller, Failure> {
    match deps.tenants.get(key.record.account_id).await {
        Ok(tenant) if tenant.is_suspended => Err(Failure::AccountSuspended),
        Ok(tenant) => Ok(Caller { key, tenant }),
        Err(error) => Err(match error.as_ref() {
            TenantError::Store(error) if error.is_temporary() => Failure::StoreAway,
            // The account went away after its key was remembered.
            TenantError::Gone => Failure::KeyUnknown,
            error => {
                tracing::error!(error = error as &dyn std::error::Error, account = %key.record.account_id, "an account cannot be read");
                Failure::Misconfigured
            }
        }),
    }
}
