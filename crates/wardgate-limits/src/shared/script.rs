//! The scripts that run inside the server, so that an admission is one round trip and nobody comes in between.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind};

/// A script, and the name by which the server knows it.
pub(super) struct Script {
    code: &'static str,
    inner: redis::Script,
}

/// All scripts.
pub(super) struct Scripts {
    /// Asks and counts.
    pub(super) admit: Script,
    /// Settles and leaves.
    pub(super) end: Script,
    /// Stays inside.
    pub(super) renew: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let of = |code: &'static str| Script { code, inner: redis::Script::new(code) };
        Self {
            admit: of(concat!(include_str!("bucket.lua"), include_str!("admit.lua"))),
            end: of(concat!(include_str!("bucket.lua"), include_str!("end.lua"))),
            renew: of(concat!(include_str!("bucket.lua"), include_str!("renew.lua"))),
        }
    }

    /// Makes the server know them all.
    pub(super) async fn load(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let mut pipeline = Pipeline::new();
        for script in [&self.admit, &self.end, &self.renew] {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(script.code).ignore();
        }
        pipeline.query_async(connection).await
    }
}

impl Script {
    /// A call of it, still without keys and arguments.
    pub(super) fn call(&self, keys: usize) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(self.inner.get_hash()).arg(keys);
        cmd
    }

    /// Runs a call. A server that has forgotten the script, after a failover or a flush, is given it once more.
    pub(super) async fn run<T: FromRedisValue>(&self, call: &Cmd, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        match call.query_async(connection).await {
            Err(error) if is_forgotten(&error) => {
                let mut pipeline = Pipeline::new();
                pipeline.cmd("SCRIPT").arg("LOAD").arg(self.code).ignore().add_command(call.clone());
                let (answer,): (T,) = pipeline.query_async(connection).await?;
                Ok(answer)
            }
            answered => answered,
        }
    }
}

/// Whether the server does not know a script.
pub(super) fn is_forgotten(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
