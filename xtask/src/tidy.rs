//! `cargo xtask tidy`: what the compiler cannot see.
//!
//! Each rule is a function from the repository as it stands to the problems it has, in a file of its own. It runs as a test
//! too, so a breach shows where the other failures show.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;

mod arrows;
mod homes;
mod map;
mod text;

mod manifest;

use manifest::Manifest;

/// From how many lines on a file is named, though not refused: a long story may be a single one.
const LINES_TO_NAME: usize = 800;

/// The repository, read.
struct Repository {
    manifests: Vec<Manifest>,
    files: Vec<File>,
}

/// A file that is in version control, or would be at the next commit.
struct File {
    /// From the repository's root on.
    path: String,
    text: String,
}

/// Runs every rule.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let repository = Repository::read(&root())?;
    let problems = problems(&repository);
    for name in long_files(&repository) {
        say(&format!("note: {name}: does it tell two stories?"));
    }
    for problem in &problems {
        say(&format!("error: {problem}"));
    }
    if problems.is_empty() {
        say("tidy: all is well");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn problems(repository: &Repository) -> Vec<String> {
    [
        arrows::problems(&repository.manifests),
        homes::problems(&repository.manifests),
        map::problems(&repository.manifests, &repository.files),
        text::problems(&repository.files),
    ]
    .concat()
}

fn long_files(repository: &Repository) -> impl Iterator<Item = String> {
    let sources = repository.files.iter().filter(|file| file.path.ends_with(".rs"));
    let counted = sources.map(|file| (file, file.text.lines().count()));
    counted.filter(|&(_, lines)| lines > LINES_TO_NAME).map(|(file, lines)| format!("{} has {lines} lines", file.path))
}

impl Repository {
    fn read(root: &Path) -> anyhow::Result<Self> {
        let listed = output(
            Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root),
        )?;
        let paths = listed.split('\0').filter(|path| !path.is_empty());
        // What is deleted and not yet committed is still listed, and pictures are no text: neither has anything to say here.
        let files = paths.filter_map(|path| {
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        });
        Ok(Self { manifests: manifest::read(root)?, files: files.collect() })
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// What a command prints, when it succeeds.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[expect(clippy::print_stdout, reason = "a task tells what it found on its output")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy_passes() {
        let repository = Repository::read(&root()).unwrap();
        let problems = problems(&repository);
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
