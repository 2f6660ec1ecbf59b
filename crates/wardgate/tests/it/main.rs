//! The gateway as a whole: the real binary between a scripted upstream and a client.
//!
//! A test says what the upstream does, what the client sends, and what each of them then sees. What holds after every test (no
//! stream open, no attempt without its usage event, no panic) is checked when the gateway is dropped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod access_keys;
mod key_status;
mod bytes;
mod headers;
mod failover;
mod matrix;
mod explain;
mod preferences;
mod refusals;
mod verdicts;
mod broken_streams;
mod streams;
mod whole_for_stream;
mod odd_answers;
mod leaving;
mod usage;
mod killed;
mod ledger;
mod openrouter;
mod clients;
mod limits;
mod rate_limits;
mod budgets;
mod framing;
mod drain;
mod embeddings;
mod search;
mod server_calls;
mod paused_turns;
mod secrets;
mod management;
mod management_manual;
mod operator_commands;
mod replicas;
mod command_line;
mod loops;
mod configurations;
mod virtual_models;
mod managed_keys;
mod gateway_config;
mod params;
mod translation;
mod stop_sequences;
mod stop_reasons;
mod reasoning;
mod recall;
mod structured_output;
mod surfaces;
mod counts;
mod images;
mod rerank;
mod auth;
mod passing;
mod strategies;
mod policies;
mod uploads;
mod catalog_file;
mod doctor;
mod scene;

use wardgate_testkit::{Ask, Dialect, Gateway, Setup, Upstream};

/// `wardgate dev`, to be started.
fn dev() -> Setup {
    Setup::dev(env!("CARGO_BIN_EXE_wardgate"))
}

/// `wardgate serve`, to be started.
fn serve() -> Setup {
    Setup::serve(env!("CARGO_BIN_EXE_wardgate"))
}

/// A gateway in front of one upstream, which it knows as the provider `up`.
async fn gateway(upstream: &Upstream) -> Gateway {
    started(dev(), upstream).await
}

/// The same with other options.
async fn started(setup: Setup, upstream: &Upstream) -> Gateway {
    let gateway = setup.start().await;
    gateway.add_provider("up", upstream.url()).await;
    gateway
}

/// A question to that provider.
fn ask(dialect: Dialect) -> Ask {
    Ask::new(dialect, "up:some-model")
}
