//! What the figures were measured on, and whether this machine can measure at all.

use super::accounting;
use super::options::Options;
use super::target::Kind;
use anyhow::bail;
use serde::Serialize;
use std::process::Command;

/// Facts that belong beside the figures.
#[derive(Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    nginx: String,
    rustc: String,
}

impl Machine {
    /// Looks around. What cannot be found out is empty, for a figure without its kernel's version is still a figure.
    pub(crate) fn read() -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        Self {
            processor: field(&cpuinfo, "model name").unwrap_or_default(),
            cores: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            memory_mib: field(&read("/proc/meminfo"), "MemTotal").and_then(|text| parse_mib(&text)).unwrap_or_default(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            nginx: said_by("nginx", &["-v"]).trim_start_matches("nginx version: ").to_owned(),
            rustc: said_by("rustc", &["--version"]),
        }
    }

    /// One line for the head of the report.
    pub(crate) fn line(&self) -> String {
        let Self { processor, cores, memory_mib, kernel, nginx, rustc } = self;
        format!("{processor}, {cores} cores, {memory_mib} MiB, Linux {kernel}, {nginx}, {rustc}")
    }
}

/// Refuses early, and says what to do, when something that the benchmark needs is not there.
pub(crate) fn require_tools(options: &Options) -> anyhow::Result<()> {
    if !accounting::is_available() {
        bail!("this kernel keeps no /proc/<pid>/schedstat or smaps_rollup, and these are what the benchmark reads");
    }
    for tool in ["taskset", "setpriv"] {
        if said_by(tool, &["--version"]).is_empty() {
            bail!("{tool} is missing: apt-get install util-linux");
        }
    }
    if options.measures(Kind::Nginx) && said_by("nginx", &["-v"]).is_empty() {
        bail!("nginx is missing: apt-get install nginx-light, or leave it out with --targets direct,wardgate");
    }
    for core in [options.target_core, options.load_core] {
        if !Command::new("taskset").args(["-c", &core.to_string(), "true"]).output()?.status.success() {
            bail!("there is no core {core} for us: the benchmark needs two, see --target-core and --load-core");
        }
    }
    Ok(())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// nginx prints its version on stderr and the others on stdout.
fn said_by(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else { return String::new() };
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned()
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn parse_mib(text: &str) -> Option<u64> {
    Some(text.strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_kernel_s_tables() {
        assert_eq!(
            field("vendor_id\t: X\nmodel name\t: Some CPU @ 2 GHz\n", "model name").as_deref(),
            Some("Some CPU @ 2 GHz")
        );
        assert_eq!(field("MemTotal:       24684540 kB\n", "MemTotal").and_then(|text| parse_mib(&text)), Some(24_105));
        assert_eq!(field("", "MemTotal"), None);
    }
}
