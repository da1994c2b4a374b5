//! What a container on this machine uses, read straight from the kernel: some 40 times cheaper than asking the engine,
//! and free for it; and its memory pushed into swap, without a change of its limits (see `docs/engine-facts.md`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::usage::Counters;

/// Where the kernel's counters are mounted.
const ROOT: &str = "/sys/fs/cgroup";
/// The kernel tells programs of times in so many parts of a second, whatever it counts in itself (`USER_HZ`).
const TICKS: f64 = 100.0;
/// cgroup v1 writes "no limit" as the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 60;

/// Reads the counters of the container `id` whose first process is `pid`. Nothing where that process is not one of that
/// container on this machine: then the engine runs elsewhere, or the container has ended.
#[must_use]
pub fn counters(pid: u32, id: &str) -> Option<Counters> {
    match of_process(pid, id)? {
        Folders::V1 { memory, cpu } => v1(&memory, &cpu),
        Folders::V2(folder) => v2(&folder),
    }
}

/// The CPU time of the container `id`, in nanoseconds, under the same conditions as `counters`.
#[must_use]
pub fn cpu(pid: u32, id: &str) -> Option<u64> {
    match of_process(pid, id)? {
        Folders::V1 { cpu, .. } => number(&cpu.join("cpuacct.usage")),
        Folders::V2(folder) => v2_cpu(&folder),
    }
}

/// The memory of a container on this machine, as far as its squeezing needs it.
#[derive(Debug)]
pub struct Memory {
    /// Where what is written pushes memory into swap.
    lever: PathBuf,
    current: PathBuf,
    stat: PathBuf,
    how: Lever,
}

#[derive(Clone, Copy, Debug)]
enum Lever {
    /// cgroup v1's `memory.force_empty`: gives back whatever can be given back.
    Whole,
    /// cgroup v2's `memory.reclaim`: takes a number of bytes.
    Bytes,
}

/// Finds the memory of the container `id` whose first process is `pid`. Nothing where that process is not one of that
/// container on this machine, or this user may not squeeze it.
#[must_use]
pub fn memory(pid: u32, id: &str) -> Option<Memory> {
    let (folder, lever, current, how) = match of_process(pid, id)? {
        Folders::V1 { memory, .. } => (memory, "memory.force_empty", "memory.usage_in_bytes", Lever::Whole),
        Folders::V2(folder) => (folder, "memory.reclaim", "memory.current", Lever::Bytes),
    };
    let lever = folder.join(lever);
    let may = fs::OpenOptions::new().write(true).open(&lever).is_ok();
    may.then(|| Memory { lever, current: folder.join(current), stat: folder.join("memory.stat"), how })
}

impl Memory {
    /// What it uses now, in bytes, cache included.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        number(&self.current)
    }

    /// What can go nowhere but into swap, in bytes.
    #[must_use]
    pub fn swappable(&self) -> Option<u64> {
        let stat = fs::read_to_string(&self.stat).ok()?;
        let (private, shared) = match self.how {
            Lever::Whole => ("total_rss", "total_shmem"),
            Lever::Bytes => ("anon", "shmem"),
        };
        Some(field(&stat, private)?.saturating_add(field(&stat, shared).unwrap_or(0)))
    }

    /// Pushes all that can be pushed into swap, or out of the cache, and returns when that is done. Limits stay as they
    /// are, and nothing is killed where there is no swap.
    ///
    /// # Errors
    /// Whatever the kernel says, except that it could not get all.
    pub fn squeeze(&self) -> io::Result<()> {
        let bytes = match self.how {
            Lever::Whole => 0,
            Lever::Bytes => self.bytes().unwrap_or(0),
        };
        match fs::write(&self.lever, bytes.to_string()) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy) => {
                Ok(())
            }
            other => other,
        }
    }
}

/// The folders of the container `id`, if `pid` is one of its processes.
fn of_process(pid: u32, id: &str) -> Option<Folders> {
    if pid == 0 {
        return None;
    }
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    folders(&groups, id, Path::new(ROOT))
}

/// Whether `pid` is a process of the container `id` on this machine.
#[must_use]
pub fn is_of(pid: u32, id: &str) -> bool {
    of_process(pid, id).is_some()
}

/// For how long that process has run; nothing where it is gone.
#[must_use]
pub fn age(pid: u32) -> Option<Duration> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; the start, in ticks since the boot, is the twentieth after it.
    let start: u64 = line.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let up: f64 = fs::read_to_string("/proc/uptime").ok()?.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64((up - start as f64 / TICKS).max(0.0)).ok()
}

/// Ends all processes of the container `id` on this machine, and returns how many there were.
#[must_use]
pub fn end_all(id: &str) -> usize {
    // Anything shorter could be a part of another one's.
    if id.len() != 64 {
        return 0;
    }
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| is_of(*pid, id) && end_process(*pid, |pid| is_of(pid, id))).count()
}

/// Kills one process, if it `is_meant`. Its number may be another process's by now: the process is held first and looked at
/// afterwards, so that whatever is killed is what was looked at.
#[cfg(target_os = "linux")]
fn end_process(pid: u32, is_meant: impl Fn(u32) -> bool) -> bool {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    let Ok(process) = pidfd_open(number, PidfdFlags::empty()) else { return false };
    is_meant(pid) && pidfd_send_signal(&process, Signal::KILL).is_ok()
}

/// Containers have no processes here elsewhere than on Linux.
#[cfg(not(target_os = "linux"))]
fn end_process(_: u32, _: impl Fn(u32) -> bool) -> bool {
    false
}

/// The processes of the container `id` whose first process is `pid`, under the same conditions as `counters`.
#[must_use]
pub fn processes(pid: u32, id: &str) -> Vec<u32> {
    let folder = match of_process(pid, id) {
        None => return Vec::new(),
        Some(Folders::V1 { memory, .. }) => memory,
        Some(Folders::V2(folder)) => folder,
    };
    let list = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    list.lines().filter_map(|line| line.parse().ok()).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Folders {
    V1 { memory: PathBuf, cpu: PathBuf },
    V2(PathBuf),
}

/// Finds a container's folders from `/proc/PID/cgroup`: lines `number:controllers:path`, v2 with an empty middle.
fn folders(groups: &str, id: &str, root: &Path) -> Option<Folders> {
    let (mut memory, mut cpu, mut unified) = (None, None, None);
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        if !path.contains(id) || path.contains("..") {
            continue;
        }
        let path = path.trim_start_matches('/');
        for controller in controllers.split(',') {
            match controller {
                "memory" => memory = Some(root.join("memory").join(path)),
                "cpuacct" => cpu = Some(root.join("cpuacct").join(path)),
                "" => unified = Some(root.join(path)),
                _ => {}
            }
        }
    }
    match (memory, cpu, unified) {
        (Some(memory), Some(cpu), _) => Some(Folders::V1 { memory, cpu }),
        (_, _, Some(folder)) => Some(Folders::V2(folder)),
        _ => None,
    }
}

fn v1(memory: &Path, cpu: &Path) -> Option<Counters> {
    let cache = field(&fs::read_to_string(memory.join("memory.stat")).ok()?, "total_inactive_file");
    Some(Counters {
        cpu_nanos: number(&cpu.join("cpuacct.usage"))?,
        memory_bytes: number(&memory.join("memory.usage_in_bytes"))?.saturating_sub(cache.unwrap_or(0)),
        memory_limit: number(&memory.join("memory.limit_in_bytes")).filter(|limit| *limit < NO_LIMIT),
    })
}

fn v2(folder: &Path) -> Option<Counters> {
    let cache = field(&fs::read_to_string(folder.join("memory.stat")).ok()?, "inactive_file");
    Some(Counters {
        cpu_nanos: v2_cpu(folder)?,
        memory_bytes: number(&folder.join("memory.current"))?.saturating_sub(cache.unwrap_or(0)),
        memory_limit: number(&folder.join("memory.max")),
    })
}

/// A file with one number in it; `max` is none.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The number behind `name` in a file of `name number` lines.
fn v2_cpu(folder: &Path) -> Option<u64> {
    let cpu = field(&fs::read_to_string(folder.join("cpu.stat")).ok()?, "usage_usec")?;
    Some(cpu.saturating_mul(1000))
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_v2_and_other_machines() {
        let root = Path::new("/c");
        let v1 = "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n";
        assert_eq!(
            folders(v1, "abc", root),
            Some(Folders::V1 { memory: "/c/memory/docker/abc".into(), cpu: "/c/cpuacct/docker/abc".into() })
        );
        let v2 = "0::/system.slice/docker-abc.scope\n";
        assert_eq!(folders(v2, "abc", root), Some(Folders::V2("/c/system.slice/docker-abc.scope".into())));
        assert_eq!(folders("0::/user.slice\n", "abc", root), None);
        assert_eq!(folders("garbage", "abc", root), None);
    }

    #[test]
    fn a_process_is_looked_at_again_once_it_is_held() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        // Its number was given to another process between the two looks.
        assert!(!end_process(child.id(), |_| false));
        assert_eq!(child.try_wait().unwrap(), None, "it goes on");
        assert!(end_process(child.id(), |pid| pid == child.id()));
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(9));
        assert!(!end_process(child.id(), |_| true), "it is gone");
    }

    #[test]
    fn a_folder_of_v2_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("memory.stat", "anon 5\ninactive_file 30\n");
        write("cpu.stat", "usage_usec 7\nuser_usec 1\n");
        write("memory.current", "100\n");
        write("memory.max", "max\n");
        assert_eq!(
            v2(folder.path()),
            Some(Counters { cpu_nanos: 7000, memory_bytes: 70, memory_limit: None })
        );
    }
}
