//! `wardgate serve`: the gateway in earnest.

use crate::bootstrap;
use crate::commands::runtime;
use crate::run::{Gateway, Start};
use crate::settings::Settings;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    wardgate serve --data-dir /var/lib/wardgate --listen 0.0.0.0:8080\n  \
    wardgate serve --tls-cert chain.pem --tls-key key.pem\n  \
    wardgate serve --settings wardgate.yaml       settings as lines, such as `drain: 60s`\n\n\
    The first start makes the account `default` and writes its keys to credentials.json in the data directory.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = runtime()?;
    // On a worker thread, so that accepting a connection wakes no other thread.
    runtime.block_on(runtime.spawn(serve(arguments)))?
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let gateway = Gateway::start(Start { settings: arguments.settings, sandbox_url: None, is_dev: false }).await?;
    bootstrap::serve(&gateway.parts).await?;
    tracing::info!(gateway = gateway.gateway_url(), management = gateway.admin_url(), "ready");
    gateway.run().await
}
