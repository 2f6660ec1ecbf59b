//! One account's settings for all its requests.

use crate::StoreError;
use async_trait::async_trait;
use wardgate_core::audit::AuditEvent;
use wardgate_core::gateway_config::GatewayConfig;

/// One account's settings.
#[async_trait]
pub trait GatewayConfigs {
    /// The settings as they were last written; the unwritten ones if they never were. `None` when the account is gone.
    async fn gateway_config(&self) -> Result<Option<GatewayConfig>, StoreError>;

    /// Replaces the version before this one; the first version replaces the unwritten settings. [`StoreError::Changed`] when that
    /// is not the present one. The settings must have a stamp.
    async fn put_gateway_config(&self, config: &GatewayConfig, audit: &AuditEvent) -> Result<(), StoreError>;
}
