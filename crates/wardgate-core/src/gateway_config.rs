//! What an account sets for all its requests.

use crate::id::AccountId;
use crate::money::PicoUsdPerToken;
use crate::stamp::Stamp;
use std::time::Duration;

/// An account's settings. Every account has them; until they are first written they are [`GatewayConfig::DEFAULT_TOTAL_TIMEOUT`]
/// and so on.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Whose they are.
    pub account_id: AccountId,
    /// The time until the first content, all attempts and waits together.
    pub total_timeout: Duration,
    /// The time until the first content of one attempt.
    pub per_request_timeout: Duration,
    /// The most input tokens of a request, as estimated; none: no cap.
    pub input_tokens_max: Option<u64>,
    /// The most output tokens that a request may ask for; none: no cap.
    pub output_tokens_max: Option<u64>,
    /// What a token of a model costs whose price nobody knows; none: such a model is refused where a budget or credits must hold.
    pub unknown_price: Option<PicoUsdPerToken>,
    /// Free text for programs, at most 4,096 characters.
    pub metadata: Option<String>,
    /// When and by whom; none until they are first written.
    pub stamp: Option<Stamp>,
}

impl GatewayConfig {
    /// What [`GatewayConfig::total_timeout`] is until it is written.
    pub const DEFAULT_TOTAL_TIMEOUT: Duration = Duration::from_secs(120);

    /// What [`GatewayConfig::per_request_timeout`] is until it is written.
    pub const DEFAULT_PER_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

    /// The settings of an account that never wrote any.
    #[must_use]
    pub const fn unwritten(account_id: AccountId) -> Self {
        Self {
            account_id,
            total_timeout: Self::DEFAULT_TOTAL_TIMEOUT,
            per_request_timeout: Self::DEFAULT_PER_REQUEST_TIMEOUT,
            input_tokens_max: None,
            output_tokens_max: None,
            unknown_price: None,
            metadata: None,
            stamp: None,
        }
    }
}
