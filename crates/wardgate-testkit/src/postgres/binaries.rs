//! The machine's PostgreSQL programs, and how they are run.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::str;

/// Programs inherit what is open here: the pipes of a test runner, and locks that someone holds. A server that outlives its test
/// must hold none of it.
const ONLY_STANDARD_STREAMS: &str = r#"
    for file in /proc/self/fd/*; do
        number=${file##*/}
        if (( number > 2 )); then eval "exec $number>&-"; fi
    done
    exec "$@"
"#;

/// Where the programs are, and which user runs them: a server refuses to be run by root.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    directory: PathBuf,
    user: Option<(u32, u32)>,
}

impl Binaries {
    pub(super) fn find() -> Self {
        let directory = directory().expect("PostgreSQL is not installed: apt-get install postgresql");
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let user = is_root.then(|| {
            let mut users = ["postgres", "nobody"].into_iter().filter_map(|user| Some((id("-u", user)?, id("-g", user)?)));
            users.next().expect("there is an ordinary user")
        });
        Self { directory, user }
    }

    /// Gives a file to the user who runs the programs.
    pub(super) fn hand_over(&self, path: &Path) {
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// The path of a program.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }

    /// A command that the server's user runs, and that knows nothing of what is open here.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", ONLY_STANDARD_STREAMS, "-"]);
        if let Some((user, group)) = self.user {
            command.args(["setpriv", "--clear-groups", &format!("--reuid={user}"), &format!("--regid={group}"), "--"]);
        }
        command.arg(program).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The output of a command that must succeed.
pub(super) fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(status.success(), "{command:?} ended with {status}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn directory() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.and_then(|told| Some(PathBuf::from(str::from_utf8(&told.stdout).ok()?.trim())));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut installed: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    installed.sort();
    // The newest first. Beside the libraries alone there is a pg_config too.
    told.into_iter().chain(installed.into_iter().rev()).find(|directory| directory.join("postgres").exists())
}

fn id(which: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([which, user]).output().ok()?;
    str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
}
