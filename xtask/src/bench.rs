//! `cargo xtask bench`: what the gateway costs, as ratios to nginx measured in the same rounds.
//!
//! Three processes take part. The *rounds* (this program, built for release) lead; the *peers* are the *upstream*, which plays the
//! provider, and the *load*, which plays the clients; and the *target* is what stands between: nothing, nginx or the gateway. The target has a core of its own and
//! everything else shares another, so the kernel's accounting of the target is the figure and what we spend ourselves is not in it.
//! It knows nothing of the gateway's inside: it sees a process, its ports and the kernel's books.
//!
//! Start reading at `round.rs`, which says what a round is, and at `figures.rs`, which holds the limits.

use crate::build;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

mod options;

mod figures;
mod report;
mod round;
mod scenario;

mod direct;
mod gateway;
mod nginx;
mod target;

mod chat;
mod load;
mod peers;
mod upstream;

mod accounting;
mod call;
mod machine;
mod pipe;
mod process;
mod statistics;

pub(crate) use options::Options;

/// One of the processes that the benchmark starts from its own program.
#[derive(Args)]
pub(crate) struct Part {
    #[command(subcommand)]
    kind: PartKind,
}

#[derive(Subcommand)]
enum PartKind {
    Rounds { options: String },
    Peers,
}

/// Builds what is measured and what measures, then becomes the rounds on their own core.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let Some(alone) = options.only {
        return measure_alone(alone);
    }
    machine::require_tools(options)?;
    let mut options = options.clone();
    if options.measures(target::Kind::Wardgate) && options.binary.is_none() {
        say(&format!("building wardgate with profile {}", options.profile));
        options.binary = Some(build::executable("wardgate", &options.profile)?);
    }
    // The gateway runs in a directory of its own.
    options.binary =
        options.binary.map(|binary| binary.canonicalize().with_context(|| format!("no {}", binary.display()))).transpose()?;
    say("building the benchmark with profile release");
    let program = build::executable("xtask", "release")?;
    // Limit, niceness and core are inherited, so setting them once here leaves nothing but `taskset` before a target's own start.
    let error = Command::new("sh")
        .args(["-c", PREPARE_AND_EXEC])
        .arg(options.open_files_min().to_string())
        .args(["taskset", "-c", &options.load_core.to_string()])
        .arg(program)
        .args(["bench-part", "rounds", &serde_json::to_string(&options)?])
        .exec();
    Err(error).context("cannot run sh")
}

/// Builds an example that measures a part of the gateway and says whether its limit is kept, and runs it.
fn measure_alone(alone: options::Alone) -> anyhow::Result<ExitCode> {
    let (package, example) = match alone {
        options::Alone::Plan => ("wardgate-policy", "plan"),
        options::Alone::Admit => ("wardgate-limits", "admission"),
        options::Alone::Inspect => ("wardgate-wire", "inspection"),
        options::Alone::Translate => ("wardgate-wire", "translation"),
    };
    say(&format!("building the example {example} of {package} with profile release"));
    let status = Command::new(build::example(package, example, "release")?).status().context("the example does not run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `$0` is how many open files are needed, the rest is what to become.
const PREPARE_AND_EXEC: &str = r#"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge "$0" ] || ulimit -n "$0" 2>/dev/null || {
    echo "the benchmark needs $0 open files and may not raise the limit of $(ulimit -Hn): raise it, or lower --streams" >&2
    exit 1
}
# What else runs on this machine waits for us, where we may ask for that.
[ "$(nice -n -20 nice 2>/dev/null)" = -20 ] && exec nice -n -20 "$@"
exec "$@"
"#;

/// Runs one of the processes of [`Part`].
pub(crate) fn run_part(part: Part) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match part.kind {
        PartKind::Rounds { options } => {
            let options = serde_json::from_str(&options).context("the options do not read")?;
            runtime.block_on(round::run_all(&options))
        }
        PartKind::Peers => runtime.block_on(peers::run()),
    }
}

/// Says on stderr what is going on: stdout is for the result.
fn say(text: &str) {
    // Without a stderr there is nobody to tell, and the measurement goes on.
    let _ = writeln!(std::io::stderr(), "bench: {text}");
}
