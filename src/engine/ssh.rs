//! An engine behind ssh: the system's `ssh` forwards a socket, so that keys, agents and `~/.ssh/config` work as
//! everywhere.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::task::JoinHandle;

use super::EngineError;
use super::folder::PrivateFolder;
use super::ssh_arguments as arguments;
use super::ssh_config::machine;
use crate::model::plain::plain;

/// How long a login may take.
const LOGIN_DEADLINE: Duration = Duration::from_secs(12);
/// How long the first answer through a tunnel is waited for.
const LOOK_DEADLINE: Duration = Duration::from_secs(3);
/// How long a running `ssh` may take to open our forward: it only listens on this machine.
const FORWARD_DEADLINE: Duration = Duration::from_secs(5);
/// How much of a line of what `ssh` complains of is read at once, and how much is kept.
const MOST_COMPLAINT: u64 = 4096;
const MOST_KEPT: usize = 8192;
/// How much may be printed at a login before our own command says something.
const MOST_NOISE: u64 = 256 * 1024;
/// What is said of an `ssh` that says nothing.
const WORDLESS: &str = "ended without a word";
/// What `ssh` says of a forward that sshd does not allow.
const FORBIDDEN: &str = "administratively prohibited";
/// What the far side prints.
const READY: &str = "wakeboard-ready";
/// The same where the kernel over there knows that something listens at the socket.
const LISTENED: &str = "wakeboard-listened";
const NO_SOCKET: &str = "wakeboard-no-socket";
const NOT_ALLOWED: &str = "wakeboard-not-allowed";

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
        let (socket, control) = (folder.path().join("engine.sock"), folder.path().join("ctl"));
        let machine = machine(user, host, port);
        let mut command = Command::new("ssh");
        command.args(arguments::login(&control, user, port)).args(["--", host, &command_there(remote)]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut ssh = match command.spawn() {
            Ok(ssh) => ssh,
            Err(error) => return Err(EngineError::Ssh(format!("cannot be started: {error}"))),
        };
        let lifeline = ssh.stdin.take();
        let (stdout, complaint) = (ssh.stdout.take(), Complaint::of(ssh.stderr.take()));
        let mut noise = String::new();
        let login = async {
            match stdout {
                Some(stdout) => {
                    tokio::time::timeout(LOGIN_DEADLINE, wait_until_ready(stdout, &mut noise)).await
                }
                None => Ok(Said::Nothing),
            }
        };
        let (ready, machine) = tokio::join!(login, machine);
        let tunnel = Tunnel { _folder: folder, socket, machine, _ssh: ssh, _lifeline: lifeline };
        let (there, remote) = (remote, plain(&remote.to_string_lossy()).into_owned());
        match ready {
            Ok(said @ (Said::Ready | Said::Listened)) => {
                forward(arguments::forward(&control, &tunnel.socket, there), host).await?;
                match tunnel.look(&complaint, &remote, said).await {
                    Some(why) => Err(EngineError::Ssh(why)),
                    None => Ok(tunnel),
                }
            }
            Ok(Said::NoSocket) => Err(EngineError::Ssh(format!(
                "no such socket over there, or no way into its folder: {remote}; is the engine running?"
            ))),
            Ok(Said::NotAllowed) => Err(EngineError::Ssh(format!(
                "permission denied: the account over there may not use {remote}; is it in the socket's group?"
            ))),
            Ok(Said::Nothing) => Err(EngineError::Ssh(complaint.in_a_line(&noise).await)),
            Err(_) if noise.is_empty() => Err(EngineError::Silent(LOGIN_DEADLINE)),
            Err(_) => Err(EngineError::Ssh(format!(
                "no answer within {} s; the login printed: {}",
                LOGIN_DEADLINE.as_secs(),
                last_line(&noise).unwrap_or_default()
            ))),
        }
    }

    /// Asks the engine through the tunnel once; gives the reason where the tunnel leads nowhere. An engine that says nothing
    /// is none of the tunnel's business.
    async fn look(&self, complaint: &Complaint, remote: &str, said: Said) -> Option<String> {
        let ask = async {
            let mut stream = UnixStream::connect(&self.socket).await?;
            stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n").await?;
            stream.read(&mut [0; 1]).await
        };
        match tokio::time::timeout(LOOK_DEADLINE, ask).await {
            Ok(Ok(0) | Err(_)) => {}
            Ok(Ok(_)) | Err(_) => return None,
        }
        // sshd says the same of a socket that nothing listens at and of one that it may not forward.
        Some(if said == Said::Listened || complaint.says(FORBIDDEN).await {
            in_a_line(FORBIDDEN)
        } else {
            format!(
                "nothing answers at {remote} over there, or its sshd forbids to forward sockets (AllowStreamLocalForwarding)"
            )
        })
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

/// Has the `ssh` that is logged in forward the socket.
async fn forward(arguments: Vec<OsString>, host: &str) -> Result<(), EngineError> {
    let mut command = Command::new("ssh");
    command.args(arguments).args(["--", host]).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped()).kill_on_drop(true);
    match tokio::time::timeout(FORWARD_DEADLINE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let words = in_a_line(&String::from_utf8_lossy(&output.stderr));
            Err(EngineError::Ssh(format!("it does not forward the socket: {words}")))
        }
        Ok(Err(error)) => Err(EngineError::Ssh(format!("cannot be started: {error}"))),
        Err(_) => Err(EngineError::Silent(FORWARD_DEADLINE)),
    }
}

/// What the far side runs: it says whether the socket can be used, then that all is ready, and stays until we end. Login
/// shells differ, so that a plain one is asked for.
fn command_there(socket: &Path) -> String {
    let socket = socket.to_string_lossy().replace('\'', r"'\''");
    let script = format!(
        "if [ ! -e \"$1\" ]; then echo {NO_SOCKET}; elif [ ! -w \"$1\" ]; then echo {NOT_ALLOWED}; fi; \
         real=$(readlink -f \"$1\" 2>/dev/null); \
         if grep -qF -e \" $1\" -e \" ${{real:-$1}}\" /proc/net/unix 2>/dev/null; then echo {LISTENED}; fi; \
         echo {READY}; exec cat >/dev/null"
    );
    format!("exec sh -c '{script}' wakeboard '{socket}'")
}

/// What the far side says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Ready,
    /// Ready, and something listens at the socket.
    Listened,
    NoSocket,
    NotAllowed,
    /// It ended.
    Nothing,
}

/// Reads until the far side says something of itself. What profiles and login messages print before goes to `noise`.
async fn wait_until_ready(stdout: impl AsyncRead + Unpin, noise: &mut String) -> Said {
    let mut lines = BufReader::new(stdout.take(MOST_NOISE));
    let mut ready = Said::Ready;
    loop {
        let mut line = Vec::new();
        match lines.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return Said::Nothing,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line);
        // A message may end without a line break.
        let ends = |word: &str| line.trim_end().ends_with(word);
        if ends(READY) {
            return ready;
        } else if ends(LISTENED) {
            ready = Said::Listened;
            continue;
        } else if ends(NO_SOCKET) {
            return Said::NoSocket;
        } else if ends(NOT_ALLOWED) {
            return Said::NotAllowed;
        }
        if !line.trim().is_empty() {
            noise.clear();
            noise.extend(line.trim().chars().take(200));
        }
    }
}

/// What `ssh` complains of, from its start to its end: the latest part of it.
struct Complaint(Arc<Mutex<String>>, Option<JoinHandle<()>>);

impl Complaint {
    fn of(stderr: Option<ChildStderr>) -> Self {
        let all: Arc<Mutex<String>> = Arc::default();
        let told = all.clone();
        let task = stderr.map(|stderr| {
            tokio::spawn(async move {
                let mut lines = BufReader::new(stderr);
                let mut line = Vec::new();
                while matches!((&mut lines).take(MOST_COMPLAINT).read_until(b'\n', &mut line).await, Ok(1..))
                {
                    let mut all = told.lock().unwrap_or_else(PoisonError::into_inner);
                    if all.len() > MOST_KEPT {
                        all.clear();
                    }
                    all.push_str(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            })
        });
        Complaint(all, task)
    }

    /// Whether that is among it. Waits a moment for it.
    async fn says(&self, words: &str) -> bool {
        for _ in 0..10 {
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(words) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// The line that says what is wrong; where there is none, what was printed elsewhere. Waits a moment for it.
    async fn in_a_line(&self, noise: &str) -> String {
        for _ in 0..10 {
            let is_over = self.1.as_ref().is_none_or(JoinHandle::is_finished);
            let said = in_a_line(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if said != WORDLESS {
                return said;
            }
            if is_over {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        last_line(noise).unwrap_or_else(|| WORDLESS.to_owned())
    }
}

/// The last line that is not empty, harmless for a terminal.
fn last_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(plain(line).into_owned())
}

/// The line of `ssh`'s complaint that says what is wrong; its warnings are long and the reason comes last.
fn in_a_line(complaint: &str) -> String {
    if complaint.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return "the host's key has CHANGED: find out why before you trust it".to_owned();
    }
    if complaint.contains("Host key verification failed") || complaint.contains("host key is known") {
        return "the host's key is unknown: log in once by hand (ssh HOST) to check and keep it".to_owned();
    }
    if complaint.contains(FORBIDDEN) {
        return "sshd over there forbids to forward a socket (AllowStreamLocalForwarding, DisableForwarding)"
            .to_owned();
    }
    last_line(complaint).unwrap_or_else(|| WORDLESS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn noise_before_the_protocol_is_passed_over() {
        for (printed, said, noise) in [
            ("wakeboard-ready\n", Said::Ready, ""),
            ("Welcome\n\nready\nwakeboard-ready\n", Said::Ready, "ready"),
            ("Welcome to web-3wakeboard-ready\n", Said::Ready, ""),
            ("motd\nwakeboard-listened\nwakeboard-ready\n", Said::Listened, "motd"),
            ("motd\nwakeboard-no-socket\nwakeboard-ready\n", Said::NoSocket, "motd"),
            ("wakeboard-not-allowed\n", Said::NotAllowed, ""),
            (
                "This account is currently not available.\n",
                Said::Nothing,
                "This account is currently not available.",
            ),
            ("", Said::Nothing, ""),
        ] {
            let mut kept = String::new();
            assert_eq!(wait_until_ready(printed.as_bytes(), &mut kept).await, said, "{printed:?}");
            assert_eq!(kept, noise);
        }
        let endless = tokio::io::repeat(b'x');
        assert_eq!(wait_until_ready(endless, &mut String::new()).await, Said::Nothing);
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
        assert!(
            in_a_line("channel 2: open failed: administratively prohibited: open failed\n")
                .contains("forbids")
        );
    }
}
