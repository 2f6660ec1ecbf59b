//! The fuzzers of `fuzz/`, each for some time, beginning with the recordings of all formats.
//!
//! They are built as `cargo fuzz` builds without a sanitizer: code without `unsafe` needs none, and the stable compiler does. What
//! they found worth keeping stays in the target directory, so a second run goes on where the first one ended.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::process::{Command, ExitCode};

const FUZZERS: [&str; 3] = ["requests", "answers", "streams"];

/// So that libFuzzer sees which branches an input takes, and with what it was compared.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

/// The longest input. Longer ones find nothing that these do not, and are slow.
const INPUT_BYTES_MAX: u32 = 60_000;

/// An input that takes so many seconds hangs.
const HANG_SECONDS: u32 = 10;

/// What an input may make the process grow to.
const MEMORY_MB_MAX: u32 = 2_048;

const FIXTURES: &str = "crates/wardgate-wire/fixtures";

/// Builds them and runs one after the other.
pub(super) fn run(seconds: u32) -> anyhow::Result<ExitCode> {
    ensure!(seconds > 0, "a fuzzer needs a second at least");
    // With a target named, the flags do not reach what runs while building.
    let triple = host()?;
    let target = Path::new("fuzz/target").to_owned();
    let status = Command::new("cargo")
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &triple, "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", FLAGS)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the fuzzers do not build");
    for fuzzer in FUZZERS {
        let (corpus, found) = (target.join("corpus").join(fuzzer), target.join("found").join(fuzzer));
        for folder in [&corpus, &found] {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let status = Command::new(target.join(&triple).join("release").join(fuzzer))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg(format!("-timeout={HANG_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"))
            .arg(format!("-artifact_prefix={}/", found.display()))
            .args(["-print_final_stats=1", "-verbosity=0"])
            .arg(&corpus)
            .arg(FIXTURES)
            .status()
            .with_context(|| format!("cannot run the fuzzer {fuzzer}"))?;
        ensure!(status.success(), "the fuzzer {fuzzer} found something: the input is in {}", found.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The triple of this machine.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    Ok(host.to_owned())
}
