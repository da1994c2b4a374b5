//! Twenty rounds by each method with tenants as there are: Tomcat with all that a tenant may have, busybox with nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rstest::rstest;

use super::{Bench, docker_a};
use crate::engine::{Engine, lab};

const ROUNDS: u64 = 20;

/// What a tenant runs. Its number lives in memory only.
struct Kind {
    image: &'static str,
    command: &'static [&'static str],
    port: u16,
    number: &'static str,
    page: &'static str,
    text: &'static str,
}

/// Counts its visits in a field of a class.
const TOMCAT: Kind = Kind {
    image: "tomcat:lab",
    command: &["/tomcat"],
    port: 8080,
    number: "/counter",
    page: "/index.html",
    text: "wakeboard lab",
};

/// A shell counts ten times a second in a variable; the web server shows what it has just written.
const BUSYBOX: Kind = Kind {
    image: "busybox:lab",
    command: &[
        "sh",
        "-c",
        "mkdir -p /www; echo a page >/www/index.html; httpd -p 7070 -h /www; n=0; \
         while :; do n=$((n+1)); echo $n >/www/new; mv /www/new /www/ticks; sleep 0.1; done",
    ],
    port: 7070,
    number: "/ticks",
    page: "/index.html",
    text: "a page",
};

/// What the Tomcat has: everything that a dump could lose.
const RICH: [&str; 18] = [
    "--restart",
    "always",
    "-m",
    "256m",
    "-v",
    "ash-data:/data",
    "-p",
    "127.0.0.1::8080",
    "-e",
    "COLOUR=green",
    "--hostname",
    "ash",
    "--network",
    "ash-net",
    "--network-alias",
    "ash-service",
    "--label",
    "wakeboard.tenant=ash",
];

impl Kind {
    fn get(&self, address: &str, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect((address, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: tenant\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.take(1 << 16).read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200").then(|| body.trim().to_owned())
    }

    fn number(&self, address: &str) -> Option<u64> {
        self.get(address, self.number)?.parse().ok()
    }

    /// The number, once the tenant is up.
    fn first_number(&self, bench: &Bench, name: &str) -> u64 {
        let begun = Instant::now();
        loop {
            if let Some(number) = self.number(&bench.address(name)) {
                return number;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A connection that stays open. Tomcat keeps it after an answer; busybox only while it waits for the request.
    fn idle_connection(&self, address: &str) -> TcpStream {
        let mut stream = TcpStream::connect((address, self.port)).unwrap();
        if self.image == TOMCAT.image {
            let request = format!("GET {} HTTP/1.1\r\nHost: tenant\r\n\r\n", self.page);
            stream.write_all(request.as_bytes()).unwrap();
            assert!(stream.read(&mut [0; 256]).unwrap() > 0);
        }
        stream
    }
}

/// Twenty times to sleep and back. What `wake` says is taken at its word: the tenant answers at once.
fn rounds(bench: &Bench, kind: &Kind, tenant: &str, method: &str) {
    let keeps = matches!(method, "freeze" | "checkpoint");
    let mut before = kind.first_number(bench, tenant);
    // A cold start must be seen by its number: at first it is well above what one that has just started can have.
    let enough = if keeps { 10 } else { 40 };
    while before < enough {
        before = kind.first_number(bench, tenant);
    }
    for round in 0..ROUNDS {
        let held = keeps.then(|| kind.idle_connection(&bench.address(tenant)));
        let line = bench.dump(tenant, method);
        assert_eq!(line["outcome"], "dumped", "round {round}: {line}");
        assert_eq!(line["method"], method);
        if round == 0 {
            assert_eq!(bench.tenant(tenant)["state"], "dumped");
        }
        let asked = Instant::now();
        let line = bench.wake(tenant);
        assert_eq!(line["outcome"], "woken", "round {round}: {line}");
        assert_eq!(line["fallbacks"].as_array().unwrap().len(), 0, "round {round}: {line}");
        // One that starts cold opens its port before it has deployed its pages.
        let after = kind.first_number(bench, tenant);
        if keeps {
            assert!(after >= before, "round {round}: {before} before, and {after} after");
        } else {
            // The busybox counts ten times a second.
            let since = u64::try_from(asked.elapsed().as_millis()).unwrap() / 100;
            assert!(
                after < 10 + since,
                "round {round}: a cold start counts from the beginning, not from {after}"
            );
        }
        before = after;
        let page = kind.get(&bench.address(tenant), kind.page);
        assert_eq!(page.as_deref(), Some(kind.text), "round {round}");
        drop(held);
    }
    assert_eq!(bench.tenant(tenant)["state"], "running");
}

fn bring_tomcat() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/image-tomcat");
    let output = Command::new(script).arg("docker-a").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[rstest]
fn a_rich_tomcat_on_docker(#[values("freeze", "checkpoint", "stop", "destroy")] method: &str) {
    bring_tomcat();
    let mut bench = docker_a();
    bench.engine.network("ash-net");
    bench.engine.run_image(TOMCAT.image, "ash", &RICH, TOMCAT.command);
    bench.engine.run("ash-writer", &["-v", "ash-data:/data"], &["sh", "-c", "echo green > /data/kept"]);
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} {{.Config.Env}} {{.Config.Hostname}} \
                {{json .HostConfig.PortBindings}} {{range .Mounts}}{{.Name}}:{{.Destination}}{{end}} \
                {{range $name, $it := .NetworkSettings.Networks}}{{$name}}{{end}}";
    let before = bench.inspect("ash", look);
    rounds(&bench, &TOMCAT, "ash", method);
    assert_eq!(bench.inspect("ash", look), before);
    bench.engine.run("ash-reader", &["-v", "ash-data:/data"], &["cat", "/data/kept"]);
    bench.engine.act(&["wait", "ash-reader"]);
    assert_eq!(bench.engine.act(&["logs", "ash-reader"]), "green");
}

#[rstest]
fn a_plain_busybox_on_docker(#[values("freeze", "checkpoint", "stop", "destroy")] method: &str) {
    let mut bench = docker_a();
    run_busybox(&mut bench, "birch");
    rounds(&bench, &BUSYBOX, "birch", method);
}

#[rstest]
fn a_plain_busybox_on_podman(#[values("checkpoint", "stop", "destroy")] method: &str) {
    let mut bench = Bench::new(Engine::podman(), "");
    run_busybox(&mut bench, "cedar");
    rounds(&bench, &BUSYBOX, "cedar", method);
}

/// Nobody waits in a shell's place: a grace that it would use up makes no better test.
fn run_busybox(bench: &mut Bench, name: &str) {
    let label = format!("wakeboard.tenant={name}");
    let options = ["--label", &label, "--stop-signal", "KILL"];
    bench.engine.run_image(BUSYBOX.image, name, &options, BUSYBOX.command);
}

/// What containerd has unpacked for restores of docker-a and not removed.
fn unpacked() -> Vec<String> {
    let folder = std::path::PathBuf::from(lab("WAKEBOARD_LAB")).join("docker-a/tmp");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("ctrd-checkpoint")).collect();
    names.sort();
    names
}

/// Docker restores from pages that stayed where they are; one that cannot find them there gets them back.
#[test]
fn the_pages_of_a_checkpoint_stay_where_they_are() {
    let mut bench = docker_a();
    bench.run_counter("maple", &["--label", "wakeboard.tenant=maple"], "16");
    // Other tests restore without wakeboard, or kill it before it can clean up.
    let before = unpacked();
    for broken in [false, true] {
        let number = bench.count("maple");
        bench.expect(&["dump", "maple", "--by", "checkpoint"], "dumped");
        let id = bench.inspect("maple", "{{.Id}}");
        let root = bench.engine.act(&["info", "-f", "{{.DockerRootDir}}"]);
        let folder = std::path::PathBuf::from(root).join("containers").join(id);
        let checkpoint = std::fs::read_dir(folder.join("checkpoints")).unwrap().next().unwrap().unwrap();
        let pages = checkpoint.path().join("pages-1.img");
        assert!(std::fs::symlink_metadata(&pages).unwrap().is_symlink());
        if broken {
            // CRIU reads it within the container's root.
            let to = folder.join("wakeboard-pages").join(checkpoint.file_name()).join("pages-1.img");
            std::fs::remove_file(&pages).unwrap();
            std::os::unix::fs::symlink(to, &pages).unwrap();
        }
        let line = bench.expect(&["wake", "maple"], "woken");
        assert_eq!(line["method"], "checkpoint");
        assert_eq!(line["fallbacks"].as_array().unwrap().len(), 0, "{line}");
        assert_eq!(bench.count("maple"), number + 1);
        let left = std::fs::read_dir(folder.join("wakeboard-pages")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "its pages went with the checkpoint");
        assert_eq!(unpacked(), before, "what the restore unpacked is gone");
    }
}
