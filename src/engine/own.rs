//! The container that this program runs in, if it does: it must not put itself to sleep.

use std::fs::File;
use std::io::Read;
use std::sync::OnceLock;

/// A longer list of mounts is cut.
const LONGEST: u64 = 1 << 20;
/// Engines mount these from a folder that is named by the container.
const MOUNTED: [&str; 2] = ["/etc/hostname", "/etc/hosts"];
/// How long the id of a container is.
const ID: usize = 64;

/// The id of the container around this program.
#[must_use]
pub fn own_container() -> Option<&'static str> {
    static OWN: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let mut mounts = String::new();
        File::open("/proc/self/mountinfo").ok()?.take(LONGEST).read_to_string(&mut mounts).ok()?;
        of_mounts(&mounts)
    };
    OWN.get_or_init(read).as_deref()
}

/// Lines of `/proc/PID/mountinfo`: `ID PARENT DEVICE ROOT MOUNTED-AT ...`.
fn of_mounts(mounts: &str) -> Option<String> {
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(3);
        let (root, at) = (words.next()?, words.next()?);
        let is_id = |part: &&str| part.len() == ID && part.bytes().all(|it| it.is_ascii_hexdigit());
        MOUNTED.contains(&at).then(|| root.rsplit('/').find(is_id).map(str::to_owned))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_podman_and_none() {
        let id = "5f".repeat(32);
        let docker = format!(
            "612 581 0:52 / / rw,relatime - overlay overlay rw\n\
             633 612 254:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n"
        );
        assert_eq!(of_mounts(&docker), Some(id.clone()));
        let podman = format!(
            "9 8 0:25 /containers/overlay-containers/{id}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n"
        );
        assert_eq!(of_mounts(&podman), Some(id));
        assert_eq!(
            of_mounts(
                "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n23 22 254:1 /a/hosts /etc/hosts rw - ext4 x rw\n"
            ),
            None
        );
        assert_eq!(of_mounts("garbage\n\n1 2 3"), None);
    }
}
