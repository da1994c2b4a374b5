//! What a container on this machine uses, read straight from the kernel: some 40 times cheaper than asking the engine,
//! and free for it (see `docs/engine-facts.md`).

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::usage::Counters;

/// Where the kernel's counters are mounted.
const ROOT: &str = "/sys/fs/cgroup";
/// cgroup v1 writes "no limit" as the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 60;

/// Reads the counters of the container `id` whose first process is `pid`. Nothing where that process is not one of that
/// container on this machine: then the engine runs elsewhere, or the container has ended.
#[must_use]
pub fn counters(pid: u32, id: &str) -> Option<Counters> {
    if pid == 0 {
        return None;
    }
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    match folders(&groups, id, Path::new(ROOT))? {
        Folders::V1 { memory, cpu } => v1(&memory, &cpu),
        Folders::V2(folder) => v2(&folder),
    }
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
    let cpu = field(&fs::read_to_string(folder.join("cpu.stat")).ok()?, "usage_usec")?;
    Some(Counters {
        cpu_nanos: cpu.saturating_mul(1000),
        memory_bytes: number(&folder.join("memory.current"))?.saturating_sub(cache.unwrap_or(0)),
        memory_limit: number(&folder.join("memory.max")),
    })
}

/// A file with one number in it; `max` is none.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The number behind `name` in a file of `name number` lines.
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
