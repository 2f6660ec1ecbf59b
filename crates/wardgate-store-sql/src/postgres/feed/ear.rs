//! The task that hears notifications, on a connection of its own.
//!
//! It only makes news faster. So it makes no fuss when it hears nothing: it tries again, and a connection that seems to be
//! there is renewed now and then, since one that a network dropped without a word looks no different from a quiet one.

use super::{CHANNEL, Feed};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long to wait before the first attempt to hear again, and the most.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection is listened to.
const LISTEN_FOR: Duration = Duration::from_secs(10 * 60);

/// Goes on until it is dropped.
pub(in crate::postgres) async fn listen(options: PgConnectOptions, feed: Arc<Feed>) {
    let mut again_after = AGAIN_AFTER.0;
    loop {
        if let Ok(Ok(listener)) = timeout(CONNECT_WITHIN, connect(&options)).await {
            again_after = AGAIN_AFTER.0;
            let _ = timeout(LISTEN_FOR, hear(listener, &feed)).await;
        }
        sleep(again_after).await;
        again_after = (again_after * 2).min(AGAIN_AFTER.1);
    }
}

/// Each connection is of a pool of its own, so that none waits for the end of one that does not answer.
async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgListener> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_WITHIN).max_lifetime(None).idle_timeout(None);
    let mut listener = PgListener::connect_with(&pool.connect_lazy_with(options.clone())).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Goes on until the connection is lost.
async fn hear(mut listener: PgListener, feed: &Feed) {
    loop {
        // Also before the first one: something may have happened while nobody listened.
        feed.nudge.notify_one();
        if !matches!(listener.try_recv().await, Ok(Some(_))) {
            return;
        }
    }
}
