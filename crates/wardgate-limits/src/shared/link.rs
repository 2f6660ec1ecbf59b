//! The connection to the server, and whether it is used.
//!
//! The request path never connects and never waits for more than the deadline. Three calls in a row that miss it, or one
//! broken connection, and the link is away: requests are decided without the server until a task of its own has a new
//! connection that answers within the deadline. So a dead server costs nothing, a frozen one three deadlines, and no request
//! is ever used to find out whether it is back.

use super::script::{Script, Scripts, is_forgotten};
use super::watch::{SharedEvent, Watch};
use super::{Pseudonym, SharedOptions};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Calls in a row that may fail before the link is away.
const FAILURES_MAX: u32 = 3;

/// How long making a connection may take, handshakes and all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long calls that nobody waits for may take.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait before the second attempt to connect; each further wait is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// The longest wait.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// There is no answer from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server of the shared counters does not answer")]
pub(super) struct NoAnswer;

/// The link.
pub(super) struct Link {
    client: Client,
    pub(super) scripts: Scripts,
    deadline: Duration,
    pub(super) pseudonym: Pseudonym,
    /// So that gateways which lost a server at one instant do not all come back at one instant.
    spread: Duration,
    connected: RwLock<Option<Connected>>,
    failures: AtomicU32,
    is_away: Notify,
    watch: Arc<dyn Watch>,
}

#[derive(Clone)]
struct Connected {
    connection: MultiplexedConnection,
    /// Tells connections apart: the failures of an old one say nothing of the present one.
    generation: Arc<()>,
}

impl Link {
    pub(super) fn new(client: Client, options: SharedOptions, spread: Duration, watch: Arc<dyn Watch>) -> Self {
        Self {
            client,
            scripts: Scripts::new(),
            deadline: options.deadline,
            pseudonym: options.pseudonym,
            spread,
            connected: RwLock::new(None),
            failures: AtomicU32::new(0),
            is_away: Notify::new(),
            watch,
        }
    }

    /// Whether there is a connection to ask on.
    pub(super) fn is_there(&self) -> bool {
        self.connected.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Runs a call that a request waits for.
    pub(super) async fn call<T: FromRedisValue>(&self, script: &Script, call: &Cmd) -> Result<T, NoAnswer> {
        let mut connected = self.connected().ok_or(NoAnswer)?;
        let answered = timeout(self.deadline, script.run(call, &mut connected.connection)).await;
        self.judge(answered.ok(), &connected)
    }

    /// Runs calls of scripts that nobody waits for.
    pub(super) async fn call_all(&self, calls: &[Cmd]) -> Result<(), NoAnswer> {
        let mut connected = self.connected().ok_or(NoAnswer)?;
        let mut pipeline = redis::Pipeline::with_capacity(calls.len());
        for call in calls {
            pipeline.add_command(call.clone()).ignore();
        }
        let run = async {
            let connection = &mut connected.connection;
            match pipeline.query_async(connection).await {
                Err(error) if is_forgotten(&error) => {
                    self.scripts.load(connection).await?;
                    pipeline.query_async(connection).await
                }
                answered => answered,
            }
        };
        let answered: Option<RedisResult<()>> = timeout(BACKGROUND_TIMEOUT, run).await.ok();
        self.judge(answered, &connected)
    }

    /// Connects once.
    pub(super) async fn connect(&self) -> Result<(), String> {
        let connected = timeout(CONNECT_TIMEOUT, self.connection()).await;
        let connection = connected.map_err(|_| format!("it does not answer within {CONNECT_TIMEOUT:?}"))??;
        self.failures.store(0, Ordering::Relaxed);
        *self.connected.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Connected { connection, generation: Arc::default() });
        self.watch.tell(&SharedEvent::Together);
        Ok(())
    }

    /// Connects whenever the link is away, for ever.
    pub(super) async fn keep(self: Arc<Self>) {
        loop {
            if self.is_there() {
                self.is_away.notified().await;
                continue;
            }
            let mut pause = PAUSE_MIN;
            loop {
                self.watch.tell(&SharedEvent::Probing);
                let Err(why) = self.connect().await else { break };
                self.watch.tell(&SharedEvent::Away { why: &why });
                sleep(pause + self.spread).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }

    /// A connection that knows the scripts and answers in time.
    async fn connection(&self) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(BACKGROUND_TIMEOUT));
        let text = |error: RedisError| error.to_string();
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(text)?;
        self.scripts.load(&mut connection).await.map_err(text)?;
        let ping = async { redis::cmd("PING").query_async::<()>(&mut connection).await };
        let ponged = timeout(self.deadline, ping).await;
        ponged.map_err(|_| format!("it does not answer within {:?}", self.deadline))?.map_err(text)?;
        Ok(connection)
    }

    fn connected(&self) -> Option<Connected> {
        self.connected.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge<T>(&self, answered: Option<RedisResult<T>>, connected: &Connected) -> Result<T, NoAnswer> {
        let (is_broken, why) = match answered {
            Some(Ok(answer)) => {
                // Nearly always zero already, and a write would be felt by all cores.
                if self.failures.load(Ordering::Relaxed) > 0 {
                    self.failures.store(0, Ordering::Relaxed);
                }
                return Ok(answer);
            }
            Some(Err(error)) => (error.is_io_error() || error.is_unrecoverable_error(), error.to_string()),
            None => (false, "it does not answer in time".to_owned()),
        };
        self.watch.tell(&SharedEvent::CallFailed);
        if is_broken || self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_MAX {
            self.give_up(connected, &why);
        }
        Err(NoAnswer)
    }

    fn give_up(&self, failed: &Connected, why: &str) {
        let mut present = self.connected.write().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref().is_some_and(|present| Arc::ptr_eq(&present.generation, &failed.generation)) {
            *present = None;
            drop(present);
            self.watch.tell(&SharedEvent::Away { why });
            self.is_away.notify_one();
        }
    }
}
