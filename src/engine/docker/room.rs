//! How much room an engine's machine has for sleepers, and what else it says of that machine.

use std::ffi::CStr;
use std::path::Path;

use bollard::models::ContainerInspectResponse;
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
        self.info.get_or_try_init(|| self.ask_for_info()).await
    }

    /// What it says now.
    pub(super) async fn ask_for_info(&self) -> Result<Info, EngineError> {
        Call::get("/info").read(&self.transport, LONGEST_CALL).await
    }

    pub(super) async fn look_for_room(&self) -> Result<Room, EngineError> {
        let Some(root) = self.root_here().await? else { return Ok(Room::default()) };
        Ok(Room { swap: free_swap(), disk: free_disk(root) })
    }

    /// The folder in which the engine keeps everything, where it is on this machine; behind a socket of this machine may be
    /// an engine of a virtual one, or a simulated one. An engine takes ten milliseconds and more to tell of its machine, and
    /// is asked only where no inspect has told before.
    pub(super) async fn root_here(&self) -> Result<Option<&Path>, EngineError> {
        if !self.near {
            return Ok(None);
        }
        if let Some(root) = self.root.get() {
            return Ok(Some(root));
        }
        let info = self.info().await?;
        Ok(info.is_of_this_machine().then(|| Path::new(info.root.as_deref().unwrap_or_default())))
    }

    /// Keeps the engine's folder, where an inspect tells it and the container's file in it is on this machine.
    pub(super) fn notice_root(&self, inspect: &ContainerInspectResponse) {
        if self.near
            && self.root.get().is_none()
            && let Some((root, file)) = root_of(inspect)
            && file.exists()
        {
            // Whoever was faster has seen the same.
            let _ = self.root.set(root.to_owned());
        }
    }
}

/// The engine's folder, and the file of the container's in it by which that is known: nobody else has a file of that name.
fn root_of(inspect: &ContainerInspectResponse) -> Option<(&Path, &Path)> {
    let id = inspect.id.as_deref().filter(|id| !id.is_empty())?;
    let file = Path::new(inspect.hostname_path.as_deref()?);
    let own = file.parent().filter(|own| own.file_name().is_some_and(|name| name == id))?;
    let all = own.parent().filter(|all| all.file_name().is_some_and(|name| name == "containers"))?;
    Some((all.parent().filter(|root| root.is_absolute())?, file))
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
    fn an_inspect_tells_where_the_engine_keeps_everything() {
        let root = |id: &str, path: &str| {
            let (id, hostname_path) = (Some(id.to_owned()), Some(path.to_owned()));
            let inspect = ContainerInspectResponse { id, hostname_path, ..Default::default() };
            root_of(&inspect).map(|(root, _)| root.to_owned())
        };
        assert_eq!(root("c0ffee", "/data/docker/containers/c0ffee/hostname"), Some("/data/docker".into()));
        let podman = "/run/containers/storage/overlay-containers/c0ffee/userdata/hostname";
        for other in [podman, "/data/containers/decaf/hostname", "containers/c0ffee/hostname", ""] {
            assert_eq!(root("c0ffee", other), None, "{other}");
        }
        assert_eq!(root("", "/data/docker/containers/hostname"), None);
        assert!(root_of(&ContainerInspectResponse::default()).is_none());
    }

    #[test]
    fn versions_of_cgroup() {
        let info: Info = serde_json::from_str(r#"{"CgroupVersion":"1","MemTotal":5}"#).unwrap();
        assert!(info.is_cgroup_v1() && info.memory == 5);
        assert!(!serde_json::from_str::<Info>(r#"{"CgroupVersion":"2"}"#).unwrap().is_cgroup_v1());
        assert!(!serde_json::from_str::<Info>("{}").unwrap().is_cgroup_v1());
    }
}
