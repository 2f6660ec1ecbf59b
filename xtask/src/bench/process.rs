//! Processes that end when we do.

use super::accounting;
use anyhow::Context as _;
use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to end when asked, before it is made to.
const GRACE: Duration = Duration::from_secs(5);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);

/// A process of ours. Dropping it ends it: first it is asked, so that it can end what it started itself, then it is made to.
pub(crate) struct OwnedProcess {
    child: Child,
}

impl OwnedProcess {
    /// Takes charge of a process that was just started.
    pub(crate) const fn new(child: Child) -> Self {
        Self { child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process's standard streams, for those that were piped.
    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The process and those that it started.
    pub(crate) fn family(&self) -> anyhow::Result<Vec<u32>> {
        accounting::family(self.id())
    }

    fn ends_within(&mut self, time: Duration) -> bool {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(_)) | Err(_) => return true,
                Ok(None) if start.elapsed() > time => return false,
                Ok(None) => std::thread::park_timeout(LOOK_AGAIN_AFTER),
            }
        }
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        if self.ends_within(Duration::ZERO) {
            return;
        }
        let family = self.family().unwrap_or_default();
        signal("-TERM", self.id());
        if self.ends_within(GRACE) {
            return;
        }
        // It has not been waited for yet, so neither its number nor those of its children can belong to anyone else.
        for pid in family {
            signal("-KILL", pid);
        }
        let _ = self.child.wait();
    }
}

/// A command for a program that runs on one core.
pub(crate) fn pinned(core: u16, program: impl AsRef<OsStr>) -> Command {
    let mut command = preferred("taskset");
    command.args(["-c", &core.to_string()]).arg(program).stdin(Stdio::null());
    command
}

/// A command for a program that what else runs on this machine makes way for, where that may be asked for. It ends with the thread
/// that starts it even when that is killed, which no destructor can see to.
pub(crate) fn preferred(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "setsid", "sh", "-c", PREFER_AND_EXEC]).arg(program);
    command
}

/// Kernels that group processes by session weigh the groups first, so a session of its own is what can be preferred.
const PREFER_AND_EXEC: &str = r#"{ echo -20 > /proc/self/autogroup; } 2>/dev/null; exec "$0" "$@""#;

/// Starts a command as a process of ours.
pub(crate) fn start(command: &mut Command) -> anyhow::Result<OwnedProcess> {
    let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    Ok(OwnedProcess::new(child))
}

/// The standard library can only kill; `kill` is in every shell.
fn signal(name: &str, pid: u32) {
    let pid = pid.to_string();
    // A process that is gone already is what was wanted.
    let _ = Command::new("sh").args(["-c", r#"kill "$0" "$1" 2>/dev/null"#, name, &pid]).status();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn is_there(pid: u32) -> bool {
        PathBuf::from(format!("/proc/{pid}")).exists()
    }

    #[test]
    fn ends_what_it_started_when_dropped() {
        let process = start(Command::new("sleep").arg("600")).unwrap();
        let pid = process.id();
        assert!(is_there(pid));
        drop(process);
        assert!(!is_there(pid));
    }
}
