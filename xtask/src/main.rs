//! The repository's tasks: `cargo xtask <task>`.
//!
//! A task is a module that brings its own options; it takes one line in [`Task`] and one in [`main`].

use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod test;
mod tidy;
mod bench;
mod sizes;
mod usage_sizes;
mod trial;
mod build;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the repository.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check what the compiler cannot see: which crate builds on which, where heavy dependencies live, what a file may say.
    Tidy,
    /// Install what the tests need, and run all of them.
    Test(test::Options),
    /// Measure the gateway against nginx and against no gateway at all.
    Bench(bench::Options),
    /// Measure a gateway with very many access keys.
    Sizes(sizes::Options),
    /// Measure what an overview of a large ledger costs.
    UsageSizes(usage_sizes::Options),
    /// Try for long what the tests try for seconds.
    Trial(trial::Options),
    #[command(hide = true)]
    BenchPart(bench::Part),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Tidy => tidy::run(),
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Sizes(options) => sizes::run(&options),
        Task::UsageSizes(options) => usage_sizes::run(&options),
        Task::Trial(options) => trial::run(&options),
        Task::BenchPart(part) => bench::run_part(part),
    }
}
