//! A keeper that runs as a process of its own, and what it says.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Home, program};

/// Nobody waits for longer.
const SOON: Duration = Duration::from_secs(45);

/// A keeper that runs, and what it has said.
pub struct Keeper {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Keeper {
    pub fn start(home: &Home, args: &[&str]) -> Keeper {
        Keeper::begin(Command::new(program()), home, args)
    }

    /// One that may have so many files open at most.
    pub fn start_with_files(home: &Home, files: u32) -> Keeper {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]).arg(program());
        Keeper::begin(shell, home, &[])
    }

    fn begin(mut command: Command, home: &Home, args: &[&str]) -> Keeper {
        command.env_clear();
        for (key, value) in home.environment() {
            command.env(key, value);
        }
        let config = home.config().display().to_string();
        command.args(["--config", &config, "keeper", "--log-format", "json"]).args(args);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let errors = child.stderr.take().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines() {
                let line = line.unwrap();
                eprintln!("{line}");
                heard.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        Keeper { child, lines }
    }

    /// All that it has said so far.
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// Each time that it has said that.
    pub fn said(&self, message: &str) -> Vec<Value> {
        self.lines.lock().unwrap().iter().filter(|line| line["message"] == message).cloned().collect()
    }

    /// Waits until it has said that, of that tenant where one is named.
    pub fn hear(&self, message: &str, tenant: Option<&str>) -> Value {
        let begun = Instant::now();
        loop {
            let said = self.said(message);
            if let Some(line) =
                said.into_iter().find(|line| tenant.is_none_or(|tenant| line["tenant"] == tenant))
            {
                return line;
            }
            assert!(begun.elapsed() < SOON, "it never said {message:?} of {tenant:?}: {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Ends it, and gives its exit code.
    pub fn end(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
