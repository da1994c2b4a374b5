//! An engine behind ssh: the system's `ssh` forwards a socket, so that keys, agents and `~/.ssh/config` work as
//! everywhere.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::EngineError;
use super::folder::PrivateFolder;
use crate::model::plain::plain;

/// How long a login may take.
const LOGIN_DEADLINE: Duration = Duration::from_secs(12);
/// How long `ssh` may take to say what its configuration is, and how much of that is read.
const CONFIG_DEADLINE: Duration = Duration::from_secs(3);
const MOST_CONFIG: u64 = 64 * 1024;
/// How much of what `ssh` complains of is read.
const MOST_COMPLAINT: u64 = 4096;

/// A socket of this machine behind which, through ssh, an engine of another listens. Closed on drop.
#[derive(Debug)]
pub struct Tunnel {
    _folder: PrivateFolder,
    socket: PathBuf,
    machine: Result<String, String>,
    _ssh: Child,
    /// The far side runs `cat` and ends when this does, so that nothing is left over there even if we are killed.
    _lifeline: Option<ChildStdin>,
}

impl Tunnel {
    /// Logs in and forwards `remote`. Unknown host keys are refused.
    ///
    /// # Errors
    /// What `ssh` says, or that it said nothing in time.
    pub async fn open(
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        remote: &Path,
    ) -> Result<Tunnel, EngineError> {
        let folder = PrivateFolder::new("ssh")
            .map_err(|error| EngineError::Ssh(format!("no folder for its socket: {error}")))?;
        let socket = folder.path().join("engine.sock");
        let mut forward = socket.clone().into_os_string();
        forward.push(":");
        forward.push(remote);
        let machine = machine(user, host, port);
        let mut command = Command::new("ssh");
        command.args(["-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
        command.args(["-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none"]);
        command.args([
            "-o",
            "ConnectTimeout=10",
            "-o",
            "ServerAliveInterval=5",
            "-o",
            "ServerAliveCountMax=2",
        ]);
        command.arg("-L").arg(forward);
        if let Some(port) = port {
            command.arg("-p").arg(port.to_string());
        }
        if let Some(user) = user {
            command.arg("-l").arg(user);
        }
        // Forwards stand before the command runs: its first line says that all is ready.
        command.args(["--", host, "echo ready && exec cat >/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut ssh = match command.spawn() {
            Ok(ssh) => ssh,
            Err(error) => return Err(EngineError::Ssh(format!("cannot be started: {error}"))),
        };
        let lifeline = ssh.stdin.take();
        let login = tokio::time::timeout(LOGIN_DEADLINE, wait_until_ready(&mut ssh));
        let (ready, machine) = tokio::join!(login, machine);
        let tunnel = Tunnel { _folder: folder, socket, machine, _ssh: ssh, _lifeline: lifeline };
        match ready {
            Ok(Ok(())) => Ok(tunnel),
            Ok(Err(complaint)) => Err(EngineError::Ssh(complaint)),
            Err(_) => Err(EngineError::Silent(LOGIN_DEADLINE)),
        }
    }

    /// The machine over there by the name or address at which `ssh` finds it, where it can be reached from here.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn machine(&self) -> &Result<String, String> {
        &self.machine
    }

    /// The socket on this machine.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

/// Where `ssh` finds a host: its name may be an alias that only the user's own configuration knows.
async fn machine(user: Option<&str>, host: &str, port: Option<u16>) -> Result<String, String> {
    let mut command = Command::new("ssh");
    command.arg("-G");
    if let Some(port) = port {
        command.arg("-p").arg(port.to_string());
    }
    if let Some(user) = user {
        command.arg("-l").arg(user);
    }
    command.args(["--", host]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut ssh) = command.kill_on_drop(true).spawn() else { return Ok(host.to_owned()) };
    let mut told = Vec::new();
    if let Some(stdout) = ssh.stdout.take() {
        let mut stdout = stdout.take(MOST_CONFIG);
        // Without an answer the name is all that is known.
        let _ = tokio::time::timeout(CONFIG_DEADLINE, stdout.read_to_end(&mut told)).await;
    }
    of_config(&String::from_utf8_lossy(&told), host)
}

/// The machine by the lines that `ssh -G` prints: `hostname 192.0.2.7`.
fn of_config(told: &str, host: &str) -> Result<String, String> {
    let value = |key: &str| {
        let value = told.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        value.map(str::trim).filter(|value| !value.is_empty() && *value != "none")
    };
    let name = value("hostname").unwrap_or(host).to_owned();
    let is_loopback = name == "localhost" || name.parse().is_ok_and(|at: std::net::IpAddr| at.is_loopback());
    // Behind a jump host that is the jump host's own loopback, or any machine's.
    if is_loopback && (value("proxyjump").is_some() || value("proxycommand").is_some()) {
        return Err("its machine is reached by way of another one only".to_owned());
    }
    Ok(name)
}

async fn wait_until_ready(ssh: &mut Child) -> Result<(), String> {
    if let Some(stdout) = ssh.stdout.take() {
        let mut line = String::new();
        let read = BufReader::new(stdout.take(64)).read_line(&mut line).await;
        if read.is_ok() && line.trim() == "ready" {
            return Ok(());
        }
    }
    let mut complaint = Vec::new();
    if let Some(stderr) = ssh.stderr.take() {
        let _ = stderr.take(MOST_COMPLAINT).read_to_end(&mut complaint).await;
    }
    let complaint = String::from_utf8_lossy(&complaint);
    Err(in_a_line(&complaint))
}

/// The line of `ssh`'s complaint that says what is wrong; its warnings are long and the reason comes last.
fn in_a_line(complaint: &str) -> String {
    if complaint.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return "the host's key has CHANGED: find out why before you trust it".to_owned();
    }
    if complaint.contains("Host key verification failed") || complaint.contains("host key is known") {
        return "the host's key is unknown: log in once by hand (ssh HOST) to check and keep it".to_owned();
    }
    let line = complaint.lines().map(str::trim).rfind(|line| !line.is_empty());
    plain(line.unwrap_or("ended without a word")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_behind_an_alias() {
        let told = "host web-3\nuser far\nhostname 192.0.2.7\nport 22\nproxycommand none\n";
        assert_eq!(of_config(told, "web-3"), Ok("192.0.2.7".to_owned()));
        assert_eq!(of_config("", "web-3"), Ok("web-3".to_owned()));
        assert_eq!(of_config("hostname 127.0.0.1\nport 2222\n", "web-3"), Ok("127.0.0.1".to_owned()));
        assert!(of_config("hostname 127.0.0.1\nproxyjump bastion\n", "web-3").is_err());
        assert!(of_config("hostname localhost\nproxycommand nc bastion 22\n", "web-3").is_err());
        let jumped = "hostname web-3.example.com\nproxyjump bastion\n";
        assert_eq!(of_config(jumped, "web-3"), Ok("web-3.example.com".to_owned()));
    }

    #[test]
    fn complaints_become_one_line() {
        let unknown = "No ED25519 host key is known for [127.0.0.1]:1.\r\nHost key verification failed.\r\n";
        assert!(in_a_line(unknown).starts_with("the host's key is unknown"));
        assert_eq!(
            in_a_line("a\nops@x: Permission denied (publickey).\n\n"),
            "ops@x: Permission denied (publickey)."
        );
        assert_eq!(in_a_line(""), "ended without a word");
    }
}
