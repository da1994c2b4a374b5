//! Dump and wake on real engines, by the command line, as an operator in a hurry would.

mod again;
mod crash;
mod dependencies;
mod disk;
mod faults;
mod prune;
mod rounds;
mod shared;
mod states;
mod tenants;
mod v2;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Home;
use crate::engine::Engine;

/// The image of the tenants: it holds memory, and answers every request with a number that lives in memory only.
pub const COUNTER: &str = "wakeboard/canary:1";
const PORT: u16 = 7070;

/// An engine of the lab with a home of its own, and a ledger in it.
pub struct Bench {
    pub engine: Engine,
    pub home: Home,
}

impl Bench {
    pub fn new(engine: Engine, more: &str) -> Bench {
        let home = Home::new(&format!("hosts: {{lab: '{}'}}\n{more}", engine.endpoint));
        let bench = Bench { engine, home };
        // It brings the image of the canary with it, which is that of the tenants here too.
        bench.say(&["doctor"]);
        bench
    }

    /// Runs `wakeboard ARGS`; gives what it printed and its exit code.
    pub fn say(&self, args: &[&str]) -> (String, i32) {
        self.say_with(args, &[])
    }

    pub fn say_with(&self, args: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
        let config = self.home.config().display().to_string();
        let mut command = self.home.command(&[&["--config", &config], args].concat());
        for (name, value) in variables {
            command.env(name, value);
        }
        let output = command.timeout(Duration::from_secs(180)).output().unwrap();
        eprintln!("wakeboard {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap_or(-1))
    }

    /// Dumps or wakes; gives the last line about the tenant.
    pub fn ticket(&self, args: &[&str]) -> Value {
        let (out, _) = self.say(&[args, &["--json"]].concat());
        last_line(&out)
    }

    pub fn dump(&self, tenant: &str, method: &str) -> Value {
        self.ticket(&["dump", tenant, "--by", method])
    }

    pub fn wake(&self, tenant: &str) -> Value {
        self.ticket(&["wake", tenant])
    }

    pub fn expect(&self, args: &[&str], outcome: &str) -> Value {
        let line = self.ticket(args);
        assert_eq!(line["outcome"], outcome, "{args:?}: {line}");
        line
    }

    /// What `ps` says of a tenant.
    pub fn tenant(&self, tenant: &str) -> Value {
        let (out, _) = self.say(&["ps", &format!("tenant:{tenant}"), "--json"]);
        let all: Value = serde_json::from_str(&out).unwrap();
        all.as_array().unwrap().iter().find(|it| it["tenant"] == tenant).cloned().unwrap_or(Value::Null)
    }

    /// Starts a tenant that counts, on the lab's bridge.
    pub fn run_counter(&mut self, name: &str, options: &[&str], mebibytes: &str) {
        self.engine.run_image(COUNTER, name, options, &["/canary", "load", mebibytes]);
        self.address(name);
    }

    /// The container's address, once it has one.
    pub fn address(&self, name: &str) -> String {
        self.address_if_any(name).unwrap_or_else(|| panic!("{name} has no address"))
    }

    fn address_if_any(&self, name: &str) -> Option<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
        let all = self.engine.act(&["inspect", "-f", format, name]);
        all.split_whitespace().next().map(str::to_owned)
    }

    /// The next number of a tenant that counts.
    pub fn count(&self, name: &str) -> u64 {
        let begun = Instant::now();
        loop {
            // An engine that has just come back may start it anew, at another address.
            let address = self.address_if_any(name);
            if let Some(number) = address.as_deref().and_then(ask) {
                return number;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{name} at {address:?} does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn inspect(&self, name: &str, format: &str) -> String {
        self.engine.act(&["inspect", "-f", format, name])
    }
}

/// Asks a counter for its next number.
pub fn ask(address: &str) -> Option<u64> {
    ask_at(address, PORT)
}

/// The same at another port.
pub fn ask_at(address: &str, port: u16) -> Option<u64> {
    let mut stream = TcpStream::connect((address, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: counter\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = [0; 512];
    let mut length = 0;
    while length < answer.len() {
        match stream.read(&mut answer[length..]).ok()? {
            0 => break,
            read => length += read,
        }
        let text = std::str::from_utf8(&answer[..length]).ok()?;
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(number) = body.trim().parse()
        {
            return Some(number);
        }
    }
    None
}

pub fn last_line(out: &str) -> Value {
    let line = out.lines().last().unwrap_or_else(|| panic!("nothing was printed"));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

pub fn docker_a() -> Bench {
    Bench::new(Engine::docker_a(), "")
}
