//! The processes of a server: the one that was started, and one for each connection and duty.

use std::fs;
use std::process::Command;

/// Sends a signal to a process and to all that it started.
pub(super) fn signal(signal: &str, id: u32) {
    let mut ids = vec![id];
    // In between a process may have started another, or ended.
    for _ in 0..2 {
        ids.extend(children(id));
        let _ = Command::new("kill").arg(format!("-{signal}")).args(ids.iter().map(u32::to_string)).output();
    }
}

fn children(of: u32) -> Vec<u32> {
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent(*id) == Some(of)).collect()
}

fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // After the name, which may hold anything: the state, and the parent.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
