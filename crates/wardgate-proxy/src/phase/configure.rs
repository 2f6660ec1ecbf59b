//! Phase 3: what may this key use?

use crate::allowance::Asking;
use crate::cache::{KnownKey, TenantError};
use crate::deps::Deps;
use crate::failure::Failure;
use crate::tenant::{NoPolicy, TenantSnapshot};
use std::sync::Arc;
use wardgate_core::access_key::AccessKey;
use wardgate_core::id::ConfigurationId;
use wardgate_policy::configuration::Strategies;
use wardgate_policy::{Facts, Policy};

/// Who calls, and what is theirs.
pub(crate) struct Caller {
    /// The key.
    pub(crate) key: Arc<KnownKey>,
    /// Its account, as of one version.
    pub(crate) tenant: Arc<TenantSnapshot>,
    /// Its configuration; none: it has none, and may call everything.
    policy: Option<Arc<Policy>>,
}

impl Caller {
    /// Whose limits apply.
    pub(crate) fn asking(&self) -> Asking {
        let AccessKey { team_id, id, .. } = self.key.record;
        Asking { team_id, key_id: id }
    }

    /// What a plan is made from.
    pub(crate) fn facts(&self) -> Facts<'_> {
        self.tenant.facts(self.policy.as_deref())
    }

    /// The expressions of its configuration, if there are any.
    pub(crate) fn strategies(&self) -> Option<&Strategies> {
        self.policy.as_deref().and_then(Policy::strategies)
    }
}

/// Reads the account of a key, and its configuration.
pub(crate) async fn configure(deps: &Deps, key: Arc<KnownKey>) -> Result<Caller, Failure> {
    let tenant = served(&key, deps.tenants.get(key.record.account_id).await)?;
    match key.record.configuration_id {
        None => Ok(Caller { key, tenant, policy: None }),
        Some(id) => configure_by(deps, key, tenant, id).await,
    }
}

async fn configure_by(
    deps: &Deps,
    key: Arc<KnownKey>,
    mut tenant: Arc<TenantSnapshot>,
    id: ConfigurationId,
) -> Result<Caller, Failure> {
    if matches!(tenant.policy(id), Err(NoPolicy::Unknown)) {
        // The account may have been read before the configuration was made, and the key after.
        let newer = Box::pin(deps.tenants.newer(tenant)).await;
        tenant = served(&key, newer)?;
    }
    match tenant.policy(id).cloned() {
        Ok(policy) => Ok(Caller { key, tenant, policy: Some(policy) }),
        Err(NoPolicy::Unknown) => Err(Failure::ConfigurationUnknown),
        Err(NoPolicy::Unreadable) => Err(Failure::ConfigurationUnreadable),
    }
}

/// The account, if it may be served.
fn served(key: &KnownKey, read: Result<Arc<TenantSnapshot>, Arc<TenantError>>) -> Result<Arc<TenantSnapshot>, Failure> {
    match read {
        Ok(tenant) if tenant.is_suspended => Err(Failure::AccountSuspended),
        Ok(tenant) => Ok(tenant),
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
