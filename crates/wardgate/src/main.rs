//! The gateway: settings, wiring, background tasks, commands; the one place that names concrete adapters.
//!
//! A command is a module under `commands`; `assemble` puts the parts of a running gateway together, `run` starts and stops
//! them. Start reading at [`commands`].

mod commands;
mod settings;
mod spending;
mod outbox;
mod assemble;
mod run;
mod admin_server;
mod bootstrap;
mod catalog;
mod credentials;
mod database;
mod doctor;
mod explainer;
mod master_key;
mod readiness;
mod reseal;
mod clock;
mod tasks;
mod tiers;
mod whereabouts;
mod counters;

use std::process::ExitCode;

/// Small and even in memory under many connections. Huge pages are left out: they inflate an idle process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Whatever uses TLS finds the one provider of cryptography here. A second call would find it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    commands::main()
}
