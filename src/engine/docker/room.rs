//! How much room an engine's machine has for sleepers, and what else it says of that machine.

use std::ffi::CStr;
use std::path::Path;

use serde::Deserialize;

use super::call::Call;
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::engine::hands::Room;

/// What does not change as long as an engine runs.
#[derive(Clone, Debug, Deserialize)]
pub struct Info {
    #[serde(rename = "CgroupVersion", default)]
    cgroup: Option<String>,
    #[serde(rename = "MemTotal", default)]
    pub memory: i64,
    #[serde(rename = "ExperimentalBuild", default)]
    pub experimental: bool,
    #[serde(rename = "DockerRootDir", default)]
    root: Option<String>,
    #[serde(rename = "Name", default)]
    name: Option<String>,
    #[serde(rename = "KernelVersion", default)]
    kernel: Option<String>,
}

impl Info {
    pub fn is_cgroup_v1(&self) -> bool {
        self.cgroup.as_deref() == Some("1")
    }

    /// The folder in which the engine keeps everything.
    pub fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// As far as the machine's name and its kernel tell.
    pub fn is_of_this_machine(&self) -> bool {
        let machine = rustix::system::uname();
        let is =
            |text: Option<&str>, ours: &CStr| text.is_some_and(|text| text.as_bytes() == ours.to_bytes());
        is(self.name.as_deref(), machine.nodename()) && is(self.kernel.as_deref(), machine.release())
    }
}

impl DockerEngine {
    /// What the engine says of its machine. Asked once.
    pub(super) async fn info(&self) -> Result<&Info, EngineError> {
        self.info.get_or_try_init(|| Call::get("/info").read(&self.transport, LONGEST_CALL)).await
    }

    pub(super) async fn look_for_room(&self) -> Result<Room, EngineError> {
        // Behind a socket of this machine may be an engine of a virtual one, or a simulated one.
        if !self.near || !self.info().await?.is_of_this_machine() {
            return Ok(Room::default());
        }
        let disk = self.info().await?.root.as_deref().and_then(|root| free_disk(Path::new(root)));
        Ok(Room { swap: free_swap(), disk })
    }
}

/// The free swap of this machine, in bytes.
pub fn free_swap() -> Option<u64> {
    swap_of(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn swap_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("SwapFree:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The free disk at a folder of this machine, in bytes, as far as root may use it: engines run as root.
fn free_disk(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    stat.f_bfree.checked_mul(stat.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_swap_is_read_in_bytes() {
        let meminfo = "MemTotal:  100 kB\nSwapTotal:  1048572 kB\nSwapFree:        8 kB\n";
        assert_eq!(swap_of(meminfo), Some(8192));
        assert_eq!(swap_of("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn versions_of_cgroup() {
        let info: Info = serde_json::from_str(r#"{"CgroupVersion":"1","MemTotal":5}"#).unwrap();
        assert!(info.is_cgroup_v1() && info.memory == 5);
        assert!(!serde_json::from_str::<Info>(r#"{"CgroupVersion":"2"}"#).unwrap().is_cgroup_v1());
        assert!(!serde_json::from_str::<Info>("{}").unwrap().is_cgroup_v1());
    }
}
