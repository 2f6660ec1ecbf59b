//! Waiting for what is to come, never for a time to pass.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long anything may take that is to happen at all.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How often a condition is looked at that does not tell by itself when it is met.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
///
/// # Panics
/// When it does not within `deadline`.
pub async fn until(what: &str, deadline: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let by = Instant::now() + deadline;
    while !holds().await {
        assert!(Instant::now() < by, "waited {deadline:?} for this in vain: {what}");
        sleep(LOOK_EVERY).await;
    }
}
