//! The repository's tasks: `cargo xtask <task>`.
//!
//! A task is a module that brings its own options; it takes one line in [`Task`] and one in [`main`].

use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod bench;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the repository.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the gateway against nginx and against no gateway at all.
    Bench(bench::Options),
    #[command(hide = true)]
    BenchPart(bench::Part),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Bench(options) => bench::run(&options),
        Task::BenchPart(part) => bench::run_part(part),
    }
}
