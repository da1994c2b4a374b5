//! Where `ssh` finds a host, by its own configuration.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long `ssh` may take to say what its configuration is, and how much of that is read.
const CONFIG_DEADLINE: Duration = Duration::from_secs(3);
const MOST_CONFIG: u64 = 64 * 1024;

/// Where `ssh` finds a host: its name may be an alias that only the user's own configuration knows.
pub(super) async fn machine(user: Option<&str>, host: &str, port: Option<u16>) -> Result<String, String> {
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
}
