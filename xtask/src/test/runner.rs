//! Runs a test runner and keeps its verdict, so that the last lines of a long output say what was tested.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use anyhow::Context as _;

use super::say;

/// Runs a command, passes on what it prints, and returns its verdict.
pub(super) fn run(mut command: Command) -> anyhow::Result<String> {
    let program = command.get_program().to_owned();
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    // It holds ends of the pipe for writing, and as long as there are any the pipe does not end.
    drop(command);
    let mut verdict = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        say(&line);
        verdict.extend(verdict_in(&line).map(str::to_owned));
    }
    let (status, verdict) = (child.wait()?, verdict.join(", "));
    anyhow::ensure!(status.success(), "{} ended with {status}. {verdict}", program.display());
    Ok(verdict)
}

/// What a line of nextest, pytest, node's runner or Schemathesis says about all tests, if it does.
fn verdict_in(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some((_, counts)) = line.strip_prefix("Summary [").and_then(|rest| rest.split_once("] ")) {
        return Some(counts.trim());
    }
    if let Some(count) = line.strip_prefix("ℹ ") {
        return ["pass ", "fail ", "skipped "].iter().any(|kind| count.starts_with(kind)).then_some(count);
    }
    // Schemathesis counts the requests that it made.
    if line.contains(" generated, ") {
        return Some(line);
    }
    let (counts, seconds) = line.rsplit_once(" in ")?;
    let is_pytest = counts.starts_with(|first: char| first.is_ascii_digit())
        && ["passed", "failed", "skipped", "error", "errors"].iter().any(|word| counts.ends_with(word))
        && seconds.starts_with(|first: char| first.is_ascii_digit());
    is_pytest.then_some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_found() {
        let cases = [
            ("     Summary [   0.490s] 60 tests run: 60 passed, 0 skipped", Some("60 tests run: 60 passed, 0 skipped")),
            ("6 failed, 24 passed, 1 skipped in 2.29s", Some("6 failed, 24 passed, 1 skipped")),
            ("ℹ pass 18", Some("pass 18")),
            ("ℹ suites 0", None),
            ("  6812 generated, 6812 passed, 173 skipped", Some("6812 generated, 6812 passed, 173 skipped")),
            ("    Finished `test` profile in 26.64s", None),
            ("ok   rust       27.7 s", None),
        ];
        for (line, verdict) in cases {
            assert_eq!(verdict_in(line), verdict, "{line}");
        }
    }

    #[test]
    fn what_is_printed_on_both_outputs_is_read_and_a_failure_keeps_its_verdict() {
        let shell = |script: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]);
            run(shell)
        };
        assert_eq!(shell("echo 'ℹ pass 1' >&2; echo '2 passed in 1s'").unwrap(), "pass 1, 2 passed");
        let error = shell("echo '1 failed in 1s'; exit 3").unwrap_err().to_string();
        assert!(error.ends_with("exit status: 3. 1 failed"), "{error}");
    }
}
