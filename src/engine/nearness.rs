//! Whether an engine's network is the one that this program is in, as the kernel tells it: a path that begins with `unix://` proves
//! nothing. Behind it may be an engine with a network namespace of its own, one of a user, or one in a virtual machine.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use tokio::net::UnixStream;
use tokio::task::spawn_blocking;

use crate::model::reach::{Listener, is_in_network_of};

/// How engines are called in the kernel's list of processes. Anything else at a socket only forwards.
const ENGINES: [&str; 2] = ["dockerd", "podman"];
/// What listens in the place of engines, and starts them.
const STARTER: &str = "systemd";
/// More processes than these are not looked at.
const MOST_PROCESSES: usize = 65_536;
/// How much of a table of sockets is read.
const MOST_READ: usize = 6 << 20;

/// Who listens at that socket; nothing where that cannot be seen. The kernel keeps which process began to listen there.
pub async fn listener(socket: &Path) -> Option<Listener> {
    let peer = UnixStream::connect(socket).await.ok()?.peer_cred().ok()?;
    let pid = u32::try_from(peer.pid()?).ok().filter(|pid| *pid > 0)?;
    let user = peer.uid();
    spawn_blocking(move || {
        let engines = engines(pid)?;
        Some(Listener { user, engines: engines.into_iter().map(is_in_our_network).collect() })
    })
    .await
    .ok()?
}

/// The engines that a listening process is, or has started.
fn engines(pid: u32) -> Option<Vec<u32>> {
    let name = name(pid)?;
    if ENGINES.contains(&&*name) {
        return Some(vec![pid]);
    }
    if name != STARTER && pid != 1 {
        return Some(Vec::new());
    }
    let all = fs::read_dir("/proc").ok()?.take(MOST_PROCESSES).flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_started = |other: &u32| {
        self::name(*other).is_some_and(|name| ENGINES.contains(&&*name)) && parent(*other) == Some(pid)
    };
    Some(pids.filter(is_started).collect())
}

fn name(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// A process's parent: `PID (NAME) STATE PARENT ...`, where the name may have anything in it.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process is in this program's network; nothing where that cannot be seen.
///
/// The kernel makes the files of `/proc/PID/net` once for each network: the same file is the same network. Anybody may see that,
/// while the link `/proc/PID/ns/net` is only for root and for `CAP_SYS_PTRACE`.
#[must_use]
pub fn is_in_our_network(pid: u32) -> Option<bool> {
    let file = |of: &str| {
        let about = fs::metadata(format!("/proc/{of}/net/dev")).ok()?;
        Some((about.st_dev(), about.st_ino()))
    };
    Some(file(&pid.to_string())? == file("self")?)
}

/// Whether this machine has an address of its own in the network of `prefix` bits that an address is in: then the address is not
/// one that a router leads to somebody else. Nothing is sent for that.
#[must_use]
pub fn is_on_link(address: IpAddr, prefix: u8) -> bool {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let source = || {
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((address, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    address.is_loopback() || source().is_some_and(|source| is_in_network_of(address, source, prefix))
}

/// The users that listen at a TCP port of this machine.
#[must_use]
pub fn users_at(port: u16) -> BTreeSet<u32> {
    let read = |name: &str| fs::read(format!("/proc/self/net/{name}")).unwrap_or_default();
    let mut users = BTreeSet::new();
    for table in [read("tcp"), read("tcp6")] {
        let text = String::from_utf8_lossy(&table[..table.len().min(MOST_READ)]);
        users.extend(text.lines().skip(1).filter_map(|line| user_of(line, port)));
    }
    users
}

/// A line of the table is `number: address:port address:port state queues timer retransmits user ...`.
fn user_of(line: &str, port: u16) -> Option<u32> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, at) = fields.get(1)?.split_once(':')?;
    let is_it = u16::from_str_radix(at, 16) == Ok(port) && fields.get(3) == Some(&"0A");
    if is_it { fields.get(7)?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use tokio::net::UnixListener;

    #[test]
    fn this_program_is_in_its_own_network() {
        assert_eq!(is_in_our_network(std::process::id()), Some(true));
        assert_eq!(is_in_our_network(u32::MAX), None);
    }

    #[test]
    fn loopback_is_on_link_and_what_a_router_leads_to_is_not() {
        assert!(is_on_link("127.0.0.5".parse().unwrap(), 8));
        assert!(!is_on_link("198.51.100.7".parse().unwrap(), 24));
        assert!(!is_on_link("2001:db8:ffff::7".parse().unwrap(), 64));
    }

    #[test]
    fn who_listens_at_a_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = rustix::process::getuid().as_raw();
        assert_eq!(users_at(port), BTreeSet::from([own]));
        drop(listener);
        assert!(users_at(port).is_empty());
    }

    #[tokio::test]
    async fn a_socket_that_no_engine_listens_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        let own = rustix::process::getuid().as_raw();
        assert_eq!(listener(&path).await, Some(Listener { user: own, engines: Vec::new() }));
        assert_eq!(listener(&folder.path().join("none")).await, None);
    }

    #[test]
    fn a_line_of_the_table() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 26729 1 0 100 0 0 10 0";
        assert_eq!(user_of(line, 8080), Some(1000));
        assert_eq!(user_of(line, 8081), None);
        assert_eq!(user_of("garbage", 8080), None);
        assert_eq!(
            parent(std::process::id()),
            rustix::process::getppid().map(|it| it.as_raw_nonzero().get().unsigned_abs())
        );
    }
}
