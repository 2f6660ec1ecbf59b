//! `wardgate dev`: a gateway that needs nothing.

use crate::bootstrap::{self, Bootstrapped};
use crate::commands::{print, runtime};
use crate::run::{Gateway, Start};
use crate::settings::Settings;
use crate::settings::environment;
use anyhow::Context;
use wardgate_sandbox::Sandbox;

/// Its options.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    wardgate dev                      ports 8080 and 8081, data in .wardgate\n  \
    wardgate dev --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --json\n  \
    OPENAI_API_KEY=sk-… wardgate dev  also calls OpenAI")]
pub(crate) struct Arguments {
    /// Print one line of JSON once ready, and nothing else on standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = runtime()?;
    // On a worker thread, so that accepting a connection wakes no other thread.
    runtime.block_on(runtime.spawn(dev(arguments)))?
}

async fn dev(arguments: Arguments) -> anyhow::Result<()> {
    let mut settings = arguments.settings;
    settings.allow_loopback();
    let sandbox = Sandbox::start().await.context("the sandbox provider cannot be started")?;
    let gateway = Gateway::start(Start { settings, sandbox_url: Some(sandbox.base_url()), is_dev: true }).await?;
    let bootstrapped = bootstrap::dev(&gateway.parts).await?;
    bootstrap::attach_environment(&gateway.parts, &bootstrapped, &environment::provider_keys(&gateway.parts.catalog.get()))
        .await?;
    bootstrap::attach_ollama(&gateway.parts, &bootstrapped).await?;
    print(&if arguments.json { as_json(&gateway, &bootstrapped, &sandbox) } else { as_text(&gateway, &bootstrapped) });
    gateway.run().await
}

fn as_json(gateway: &Gateway, bootstrapped: &Bootstrapped, sandbox: &Sandbox) -> String {
    let keys = &bootstrapped.credentials;
    let line = serde_json::json!({
        "gateway_url": gateway.gateway_url(),
        "admin_url": gateway.admin_url(),
        "console_url": format!("{}/console", gateway.admin_url()),
        "access_key": keys.access_key.expose(),
        "api_key": keys.api_key.expose(),
        "operator_key": keys.operator_key.expose(),
        "sandbox_url": format!("http://{}", sandbox.address()),
        "database_url": gateway.parts.database_url,
    });
    format!("{line}\n")
}

fn as_text(gateway: &Gateway, bootstrapped: &Bootstrapped) -> String {
    let (url, admin) = (gateway.gateway_url(), gateway.admin_url());
    let keys = &bootstrapped.credentials;
    let access_key = keys.access_key.expose();
    let attached = match bootstrapped.attached.lock().map(|attached| attached.join(", ")) {
        Ok(attached) if !attached.is_empty() => format!(", {attached}"),
        _ => "; set OPENAI_API_KEY, ANTHROPIC_API_KEY, … and start again for more".to_owned(),
    };
    format!(
        "Wardgate is ready.\n\n  \
           gateway       {url}        (OpenAI SDK: base URL {url}/v1; Anthropic SDK: {url})\n  \
           management    {admin}\n  \
           access key    {access_key}\n  \
           API key       {}\n  \
           operator key  {}\n  \
           providers     sandbox{attached}\n\n\
         Try it:\n\n  \
           curl {url}/v1/chat/completions -H 'Authorization: Bearer {access_key}' \\\n    \
             -H 'Content-Type: application/json' -d '{{\"model\":\"sandbox:echo\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n\n",
        keys.api_key.expose(),
        keys.operator_key.expose(),
    )
}
