//! What the kernel's books say of a process: processor time and memory.
//!
//! Processor time is read from each thread's `schedstat`, which counts nanoseconds on the run queue's clock. A thread that ended takes
//! its count with it, so the process's own count in `stat` is read too: it keeps what ended threads spent, in steps of ten milliseconds.
//! The fine count is used unless the coarse one shows that it missed something.

use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The kernel tells user space a hundred ticks a second whatever it counts inside.
const TICK: Duration = Duration::from_millis(10);
/// Both readings round down, so the two counts may differ by this much without a thread having ended.
const COARSE_SLACK: Duration = Duration::from_millis(20);

/// What processes did between two readings.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Spent {
    /// On a processor.
    pub(crate) ran: Duration,
    /// Ready to run while something else had the processor. More than a few hundredths of the time says that the machine is too
    /// busy to measure on: what waits finds more to do at once, and looks cheaper or dearer than it is.
    pub(crate) waited: Duration,
}

/// The books of some processes at one moment.
pub(crate) struct CpuReading(BTreeMap<u32, ProcessCpu>);

#[derive(Default, Clone, Copy)]
struct ProcessCpu {
    fine: Duration,
    coarse: Duration,
    waited: Duration,
}

impl CpuReading {
    /// Reads the books of these processes.
    pub(crate) fn take(pids: &[u32]) -> anyhow::Result<Self> {
        pids.iter().map(|&pid| Ok((pid, ProcessCpu::read(pid)?))).collect::<anyhow::Result<_>>().map(Self)
    }

    /// What all the processes spent since an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        let mut sum = Spent::default();
        for (pid, now) in &self.0 {
            let spent = now.since(earlier.0.get(pid).copied().unwrap_or_default());
            sum.ran += spent.ran;
            sum.waited += spent.waited;
        }
        sum
    }
}

impl ProcessCpu {
    fn read(pid: u32) -> anyhow::Result<Self> {
        let directory = format!("/proc/{pid}");
        let stat = read(&format!("{directory}/stat"))?;
        let coarse = parse_stat(&stat).with_context(|| format!("{directory}/stat does not read"))?.cpu;
        let (mut fine, mut waited) = (Duration::ZERO, Duration::ZERO);
        for thread in std::fs::read_dir(format!("{directory}/task")).with_context(|| format!("process {pid} is gone"))? {
            // A thread may end between the listing and the reading; the coarse count has it.
            let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let spent = parse_schedstat(&text).with_context(|| format!("a schedstat of process {pid} does not read"))?;
            fine += spent.ran;
            waited += spent.waited;
        }
        Ok(Self { fine, coarse, waited })
    }

    fn since(self, earlier: Self) -> Spent {
        let fine = self.fine.saturating_sub(earlier.fine);
        let coarse = self.coarse.saturating_sub(earlier.coarse);
        let ran = if coarse > fine + COARSE_SLACK { coarse } else { fine };
        Spent { ran, waited: self.waited.saturating_sub(earlier.waited) }
    }
}

/// Memory of some processes at one moment.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Memory {
    /// Pages shared by several processes count in each by their share, so the sum over a target's processes counts them once.
    pub(crate) proportional_kib: u64,
    /// What `ps` shows: shared pages count in each process in full.
    pub(crate) resident_kib: u64,
}

impl Memory {
    /// Reads the books of these processes.
    pub(crate) fn take(pids: &[u32]) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for pid in pids {
            let path = format!("/proc/{pid}/smaps_rollup");
            let memory = parse_smaps_rollup(&read(&path)?).with_context(|| format!("{path} does not read"))?;
            sum.proportional_kib += memory.proportional_kib;
            sum.resident_kib += memory.resident_kib;
        }
        Ok(sum)
    }
}

/// A process and all that it started, and they started, and are still there.
pub(crate) fn family(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok();
        if let Some(stat) = stat.as_deref().and_then(parse_stat) {
            parents.insert(child, stat.parent);
        }
    }
    Ok(descend(pid, &parents))
}

fn descend(pid: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut found = BTreeSet::from([pid]);
    loop {
        let next: Vec<u32> = parents
            .iter()
            .filter(|(child, parent)| found.contains(parent) && !found.contains(child))
            .map(|(child, _)| *child)
            .collect();
        if next.is_empty() {
            return found.into_iter().collect();
        }
        found.extend(next);
    }
}

/// Whether this kernel keeps the books that the benchmark reads.
pub(crate) fn is_available() -> bool {
    Path::new("/proc/self/schedstat").exists() && Path::new("/proc/self/smaps_rollup").exists()
}

fn read(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}: did the process end?"))
}

/// The first two of three numbers: nanoseconds on a processor, and nanoseconds of waiting for one.
fn parse_schedstat(text: &str) -> Option<Spent> {
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().map(Duration::from_nanos));
    Some(Spent { ran: numbers.next()?.ok()?, waited: numbers.next()?.ok()? })
}

struct Stat {
    parent: u32,
    cpu: Duration,
}

/// The second field is the program's name in parentheses and may hold anything, so counting starts behind the last one.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = field(14)?.parse::<u32>().ok()?.checked_add(field(15)?.parse().ok()?)?;
    Some(Stat { parent: field(4)?.parse().ok()?, cpu: TICK * ticks })
}

fn parse_smaps_rollup(text: &str) -> Option<Memory> {
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory { proportional_kib: kib("Pss:")?, resident_kib: kib("Rss:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat() {
        let spent = Spent { ran: Duration::from_nanos(95_372), waited: Duration::from_nanos(78_587) };
        assert_eq!(parse_schedstat("95372 78587 2\n"), Some(spent));
        assert_eq!(parse_schedstat(""), None);
        assert_eq!(parse_schedstat("many few 2"), None);
    }

    #[test]
    fn stat_of_a_program_with_an_awkward_name() {
        let text = "4242 (a (b) c) S 17 4242 4242 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 1 0 9 1 1";
        let stat = parse_stat(text).unwrap();
        assert_eq!(stat.parent, 17);
        assert_eq!(stat.cpu, Duration::from_millis(1750));
        assert!(parse_stat("4242 (short) S 17").is_none());
    }

    #[test]
    fn smaps_rollup() {
        let text = "5581f4a2b000-7ffd3c5f2000 ---p 00000000 00:00 0    [rollup]\nRss:                1860 kB\nPss:                 330 kB\nPss_Dirty: 7 kB\n";
        assert_eq!(parse_smaps_rollup(text), Some(Memory { proportional_kib: 330, resident_kib: 1860 }));
        assert_eq!(parse_smaps_rollup("Rss: 12 kB\n"), None);
    }

    #[test]
    fn the_coarse_count_is_used_when_a_thread_ended() {
        let reading = |fine, coarse| ProcessCpu {
            fine: Duration::from_millis(fine),
            coarse: Duration::from_millis(coarse),
            waited: Duration::ZERO,
        };
        let check = |earlier: ProcessCpu, now: ProcessCpu, expected| {
            assert_eq!(now.since(earlier).ran, Duration::from_millis(expected));
        };
        check(reading(101, 100), reading(163, 160), 62);
        check(reading(101, 100), reading(163, 180), 62);
        check(reading(101, 100), reading(50, 180), 80);
    }

    #[test]
    fn a_family_is_the_process_and_its_descendants() {
        let parents = BTreeMap::from([(10, 1), (11, 10), (12, 11), (13, 1), (14, 10)]);
        assert_eq!(descend(10, &parents), [10, 11, 12, 14]);
        assert_eq!(descend(13, &parents), [13]);
    }

    #[test]
    fn reads_its_own_books() {
        let pid = std::process::id();
        assert!(CpuReading::take(&[pid]).is_ok());
        assert!(Memory::take(&[pid]).unwrap().resident_kib > 0);
        assert!(family(pid).unwrap().contains(&pid));
    }
}
