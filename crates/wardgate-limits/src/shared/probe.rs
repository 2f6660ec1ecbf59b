//! Whether a server of shared counters is there, for whoever looks before a gateway starts.

use super::BadUrl;
use redis::{AsyncConnectionConfig, Client};
use std::time::{Duration, Instant};
use wardgate_core::secret::Secret;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoProbe {
    /// The URL leads to no server.
    #[error(transparent)]
    Url(#[from] BadUrl),
    /// The server does not answer, or refuses.
    #[error("{0}")]
    Away(String),
}

/// Connects, and says how long one question takes. Nothing is changed there.
///
/// # Errors
/// See [`NoProbe`]. Nothing of the URL's password is in it.
pub async fn probe(url: &Secret, within: Duration) -> Result<Duration, NoProbe> {
    let client = Client::open(url.expose()).map_err(|error| BadUrl(error.to_string()))?;
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(within)).set_response_timeout(Some(within));
    let away = |error: redis::RedisError| NoProbe::Away(error.to_string());
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(away)?;
    let asked = Instant::now();
    redis::cmd("PING").query_async::<()>(&mut connection).await.map_err(away)?;
    Ok(asked.elapsed())
}
