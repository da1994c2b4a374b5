//! The canary's program by itself, without a container: it is an ordinary Linux program.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wakeboard::canary::{PROGRAM, Ticks};

/// A folder with the program in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("canary");
    fs::write(&program, PROGRAM).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, program)
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A canary that lives, and is killed at the end of its test.
struct Canary {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Canary {
    fn start() -> Canary {
        let (folder, program) = folder();
        // Free a moment ago; nobody else of this machine asks for a port by number here.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["load", "4", &port.to_string()])
            .current_dir(&folder)
            .spawn()
            .unwrap();
        let canary = Canary { folder, child, port };
        canary.ticks_after(0);
        canary
    }

    /// Its ticks, once there are more than so many.
    fn ticks_after(&self, count: u64) -> Ticks {
        until("ticks", || {
            let text = fs::read_to_string(self.folder.path().join("ticks")).ok()?;
            text.parse::<Ticks>().ok().filter(|ticks| ticks.count > count)
        })
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Lines of `/proc/net/tcp` about connections to its port that are established.
    fn connections(&self) -> usize {
        let ends = format!(":{:04X} ", self.port);
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().filter(|line| line.contains(&ends) && line.contains(" 01 ")).count()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: canary\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    // The head, and the body: a number and a line's end.
    while !(answer.windows(4).any(|end| end == b"\r\n\r\n")
        && answer.ends_with(b"\n")
        && !answer.ends_with(b"\r\n"))
    {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn it_ticks_with_one_life_and_right_memory() {
    let canary = Canary::start();
    let early = canary.ticks_after(0);
    let later = canary.ticks_after(early.count + 3);
    assert!(early.right && later.right);
    assert_eq!(early.life, later.life);
    assert_ne!(early.life, Canary::start().ticks_after(0).life, "another life has another number");
}

#[test]
fn it_holds_a_connection_to_itself() {
    let canary = Canary::start();
    until("both ends of the connection", || (canary.connections() == 2).then_some(()));
}

#[test]
fn it_counts_requests_over_all_connections() {
    let canary = Canary::start();
    let mut one = canary.connect();
    assert!(ask(&mut one).ends_with("\r\nContent-Length: 2\r\n\r\n1\n"));
    assert!(ask(&mut one).ends_with("\r\n\r\n2\n"), "the connection stays open");
    let mut other = canary.connect();
    assert!(ask(&mut other).ends_with("\r\n\r\n3\n"));
    drop(one);
    // Many connections one after the other: their places are free again.
    for count in 4..44 {
        assert!(ask(&mut canary.connect()).ends_with(&format!("\r\n\r\n{count}\n")));
    }
}

#[test]
fn it_ends_when_asked() {
    let mut canary = Canary::start();
    let killed = Command::new("kill").arg(canary.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let began = Instant::now();
    assert_eq!(canary.child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(1));
}

/// Runs `canary reclaim` on a folder that looks like the kernel's.
fn reclaim(tree: &TempDir, id: &str) -> Output {
    let (_folder, program) = folder();
    Command::new(program).args(["reclaim", id, "5000"]).arg(tree.path()).output().unwrap()
}

fn control_group(tree: &TempDir, path: &str) -> PathBuf {
    let folder = tree.path().join(path);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("memory.current"), "16384\n").unwrap();
    fs::write(folder.join("memory.reclaim"), "").unwrap();
    folder
}

#[test]
fn it_reclaims_the_memory_of_one_container() {
    let tree = tempfile::tempdir().unwrap();
    let other = control_group(&tree, "system.slice/docker-abcdef.scope");
    let watcher = control_group(&tree, "machine.slice/libpod-conmon-123456.scope");
    let found = control_group(&tree, "system.slice/docker-123456.scope");
    let output = reclaim(&tree, "123456");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.starts_with("before 16384\nafter 16384\nswapfree "), "{told}");
    assert_eq!(fs::read_to_string(found.join("memory.reclaim")).unwrap(), "5000");
    for spared in [other, watcher] {
        assert_eq!(fs::read_to_string(spared.join("memory.reclaim")).unwrap(), "");
    }
}

#[test]
fn it_says_why_it_reclaims_nothing() {
    let tree = tempfile::tempdir().unwrap();
    control_group(&tree, "docker/abcdef");
    let output = reclaim(&tree, "123456");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"error no such container\n");

    let old = control_group(&tree, "docker/123456");
    fs::remove_file(old.join("memory.reclaim")).unwrap();
    let output = reclaim(&tree, "123456");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"error no memory.reclaim"));
}
