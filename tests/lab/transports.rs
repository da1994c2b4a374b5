//! The same over TCP with client certificates, and over ssh.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;

use predicates::prelude::*;
use predicates::str::contains;

use crate::common::{Home, tenant_row};
use crate::engine::{Engine, lab};

fn over_tls(certificates: &str) -> Home {
    let (endpoint, tls) = (lab("WAKEBOARD_LAB_TCP"), lab("WAKEBOARD_LAB_TLS"));
    Home::new(&format!("hosts:\n  lab: {{endpoint: '{endpoint}', tls: {tls}/{certificates}}}\n"))
}

fn hosts(home: &Home) -> assert_cmd::assert::Assert {
    let config = home.config().display().to_string();
    home.command(&["--config", &config, "hosts"]).assert()
}

#[test]
fn over_tls_with_a_good_certificate() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper("acme", &[]);
    let home = over_tls("good");
    hosts(&home).success().stdout(contains("up").and(contains("Docker 20.10")));
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("acme", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("running")));
    engine.act(&["pause", "acme"]);
    console.wait("paused", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("paused")));
}

#[test]
fn an_expired_certificate_is_told_plainly() {
    hosts(&over_tls("expired")).code(3).stdout(contains("our client certificate").and(contains("ended on")));
}

#[test]
fn a_certificate_of_another_authority_is_told_plainly() {
    hosts(&over_tls("wrong")).code(3).stdout(contains("the engine refuses our client certificate"));
}

#[test]
fn no_certificate_is_told_plainly() {
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", lab("WAKEBOARD_LAB_TCP")));
    hosts(&home).code(3).stdout(contains("HTTPS"));
}

#[test]
fn an_engine_of_another_authority_is_not_trusted() {
    let (endpoint, tls) = (lab("WAKEBOARD_LAB_TCP"), lab("WAKEBOARD_LAB_TLS"));
    let files =
        format!("{{ca: {tls}/wrong/other-ca.pem, cert: {tls}/good/cert.pem, key: {tls}/good/key.pem}}");
    let home = Home::new(&format!("hosts:\n  lab: {{endpoint: '{endpoint}', tls: {files}}}\n"));
    hosts(&home).code(3).stdout(contains("not signed by the given authority"));
}

/// A home in which `ssh` uses the lab's keys and these known hosts, as a user's own configuration would.
fn over_ssh(known_hosts: &str) -> Home {
    over_ssh_with(known_hosts, "")
}

/// The same, with these lines in the user's configuration.
fn over_ssh_with(known_hosts: &str, lines: &str) -> Home {
    let (port, socket) = (lab("WAKEBOARD_LAB_SSH_PORT"), lab("WAKEBOARD_LAB_DOCKER_A"));
    let socket = socket.trim_start_matches("unix://");
    let home = Home::new(&format!("hosts:\n  lab: ssh://root@127.0.0.1:{port}{socket}\n"));
    let (folder, lines_in) = (home.path().join("bin"), home.path().join("ssh_config"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&lines_in, lines).unwrap();
    let config = lines_in.display();
    let script = format!(
        "#!/bin/sh\nexec /usr/bin/ssh -F {config} -o IdentityFile={} -o IdentitiesOnly=yes -o UserKnownHostsFile={known_hosts} \"$@\"\n",
        lab("WAKEBOARD_LAB_SSH_KEY")
    );
    let path = folder.join("ssh");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn path_with_own_ssh(home: &Home) -> String {
    format!("{}/bin:{}", home.path().display(), std::env::var("PATH").unwrap())
}

#[test]
fn over_ssh_with_a_known_host_key() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper("acme", &[]);
    let home = over_ssh(&lab("WAKEBOARD_LAB_SSH_KNOWN_HOSTS"));
    let config = home.config().display().to_string();
    let path = path_with_own_ssh(&home);
    let mut console = home.console(&["--config", &config], (150, 40), &[("PATH", &path)]);
    console.wait("acme", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("running")));
    engine.act(&["stop", "acme"]);
    console.wait("stopped", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("stopped")));
    console.keys("q");
    console.wait_exit();
    // No socket and no folder of the tunnel is left.
    let left = std::fs::read_dir(home.path()).unwrap().filter_map(Result::ok).map(|it| it.file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().contains("wakeboard-ssh")));
}

#[test]
fn over_ssh_the_users_own_forwards_are_not_opened() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper("acme", &[]);
    // One that is taken, as by a login of the user's, and one that is free.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ports = (taken.local_addr().unwrap().port(), free.port());
    let lines = format!(
        "LocalForward {} 127.0.0.1:1\nLocalForward {} 127.0.0.1:1\nExitOnForwardFailure yes\n",
        ports.0, ports.1
    );
    let home = over_ssh_with(&lab("WAKEBOARD_LAB_SSH_KNOWN_HOSTS"), &lines);
    let config = home.config().display().to_string();
    let path = path_with_own_ssh(&home);
    let mut console = home.console(&["--config", &config], (150, 40), &[("PATH", &path)]);
    console.wait("acme", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("running")));
    assert!(TcpStream::connect(free).is_err(), "the user's forward is open");
    console.keys("q");
    console.wait_exit();
}

#[test]
fn an_unknown_host_key_is_refused() {
    let home = over_ssh("/dev/null");
    let config = home.config().display().to_string();
    home.command(&["--config", &config, "hosts"])
        .env("PATH", path_with_own_ssh(&home))
        .assert()
        .code(3)
        .stdout(contains("the host's key is unknown"));
}
