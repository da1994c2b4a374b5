//! How `ssh` is called: one that logs in and stays, and a short one that has it forward the engine's socket.
//!
//! The user's own configuration counts for the login, but not its forwards: the ports that they open are the user's, are
//! taken where the user is logged in already, and lead where we have no business. The option that clears them clears those
//! of the command line as well, so ours is asked for by the way of `ssh`'s own multiplexing, once the login stands.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Options of the login, whatever the configuration says. The first word that `ssh` meets for an option counts, and the
/// command line comes first.
const LOGIN: [&str; 11] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ClearAllForwardings=yes",
    // Ours alone: not over another login of the user's, nor for others, nor longer than we live.
    "ControlMaster=yes",
    "ControlPersist=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=2",
];

/// The login, which stays and takes orders at the socket `control`.
pub(super) fn login(control: &Path, user: Option<&str>, port: Option<u16>) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["-T".into(), "-S".into(), literal(control)];
    for option in LOGIN {
        all.push("-o".into());
        all.push(option.into());
    }
    if let Some(port) = port {
        all.push("-p".into());
        all.push(port.to_string().into());
    }
    if let Some(user) = user {
        all.push("-l".into());
        all.push(user.into());
    }
    all
}

/// The order to forward `socket` here to `remote` there. It reads no configuration: the forwards of that would be ordered too.
pub(super) fn forward(control: &Path, socket: &Path, remote: &Path) -> Vec<OsString> {
    let mut forward = socket.as_os_str().to_owned();
    forward.push(":");
    forward.push(remote);
    let control = literal(control);
    vec![
        "-F".into(),
        "none".into(),
        "-S".into(),
        control,
        "-O".into(),
        "forward".into(),
        "-L".into(),
        forward,
    ]
}

/// A path as `ssh` takes it as it is: it reads `%` as the beginning of a token.
fn literal(path: &Path) -> OsString {
    let bytes: Vec<u8> = path.as_os_str().as_bytes().iter().flat_map(|byte| doubled(*byte)).collect();
    OsStr::from_bytes(&bytes).to_owned()
}

fn doubled(byte: u8) -> Vec<u8> {
    if byte == b'%' { vec![byte; 2] } else { vec![byte] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[OsString]) -> Vec<&str> {
        all.iter().map(|word| word.to_str().unwrap()).collect()
    }

    #[test]
    fn the_login_clears_the_forwards_of_the_users_configuration_and_has_none_itself() {
        let all = login(Path::new("/run/50%/ctl"), Some("far"), Some(2222));
        let all = words(&all);
        assert_eq!(all[..3], ["-T", "-S", "/run/50%%/ctl"]);
        assert_eq!(all[all.len() - 4..], ["-p", "2222", "-l", "far"]);
        assert!(all.windows(2).any(|pair| pair == ["-o", "ClearAllForwardings=yes"]), "{all:?}");
        assert!(!all.iter().any(|word| word.starts_with("-L") || word.starts_with("-F")), "{all:?}");
        assert!(!words(&login(Path::new("/ctl"), None, None)).iter().any(|word| ["-p", "-l"].contains(word)));
    }

    #[test]
    fn only_our_own_forward_is_ordered() {
        let all =
            forward(Path::new("/run/ctl"), Path::new("/run/engine.sock"), Path::new("/run/docker.sock"));
        let forward = "/run/engine.sock:/run/docker.sock";
        assert_eq!(words(&all), ["-F", "none", "-S", "/run/ctl", "-O", "forward", "-L", forward]);
    }

    /// What `ssh` itself makes of a configuration with forwards, where there is one on this machine.
    #[test]
    fn ssh_itself_finds_no_forward() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let lines = "LocalForward 25433 127.0.0.1:5432\nRemoteForward 25434 127.0.0.1:1\nDynamicForward 25435\n\
                     ExitOnForwardFailure yes\nForwardAgent yes\nControlPersist 60\n";
        std::fs::write(&config, lines).unwrap();
        let ask = |arguments: &[OsString]| {
            let mut ssh = std::process::Command::new("ssh");
            ssh.arg("-F").arg(&config).args(arguments).args(["-G", "--", "web-4"]);
            let output = ssh.output().ok().filter(|output| output.status.success())?;
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let Some(plain) = ask(&[]) else { return };
        assert!(plain.contains("localforward") && plain.contains("25435"), "{plain}");
        let told = ask(&login(&folder.path().join("ctl"), None, None)).unwrap();
        for port in ["25433", "25434", "25435"] {
            assert!(!told.contains(port), "{told}");
        }
        assert!(told.contains("controlpersist no") && told.contains("forwardagent no"), "{told}");
        assert!(told.contains(&format!("controlpath {}", folder.path().join("ctl").display())), "{told}");
    }
}
