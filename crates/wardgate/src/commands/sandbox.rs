//! `wardgate sandbox`: the scripted provider alone.

use crate::commands::{print, runtime};
use crate::run::StopSignals;
use anyhow::Context;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  \
    wardgate sandbox --listen 127.0.0.1:9090\n  \
    curl http://127.0.0.1:9090/v1/models\n\n\
    Models: echo, lorem, tools, reason, embed, slow-<ms>, fail-<status>, flaky-<percent>, cut-<chunks>.")]
pub(crate) struct Arguments {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:9090", env = "WARDGATE_SANDBOX_LISTEN")]
    listen: SocketAddr,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen)
            .await
            .with_context(|| format!("cannot listen on {}", arguments.listen))?;
        let mut signals = StopSignals::listen()?;
        print(&format!("sandbox provider on http://{}/v1\n", listener.local_addr()?));
        let stop = CancellationToken::new();
        let served = tokio::spawn(wardgate_sandbox::serve(listener, stop.clone()));
        signals.next().await;
        stop.cancel();
        Ok(served.await?)
    })
}
