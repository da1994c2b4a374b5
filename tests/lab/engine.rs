//! The lab's engines, and acts upon them by their own command lines.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

/// A setting of the lab. The tests mean nothing without it: `tests/run` sets them.
pub fn lab(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run tests/run, or tests/lab/up and its env"))
}

/// An engine of the lab, and the containers that a test makes on it.
pub struct Engine {
    pub endpoint: String,
    name: &'static str,
    made: Vec<String>,
    /// The engine itself was stopped or frozen: it must run again for whoever comes next.
    disturbed: AtomicBool,
}

impl Engine {
    pub fn docker_a() -> Engine {
        Engine {
            endpoint: lab("WAKEBOARD_LAB_DOCKER_A"),
            name: "docker-a",
            made: vec![],
            disturbed: AtomicBool::new(false),
        }
    }

    pub fn docker_b() -> Engine {
        Engine {
            endpoint: lab("WAKEBOARD_LAB_DOCKER_B"),
            name: "docker-b",
            made: vec![],
            disturbed: AtomicBool::new(false),
        }
    }

    pub fn podman() -> Engine {
        Engine {
            endpoint: lab("WAKEBOARD_LAB_PODMAN"),
            name: "podman",
            made: vec![],
            disturbed: AtomicBool::new(false),
        }
    }

    /// The newer Docker in the lab's virtual machine, where there is one: not every machine has what it takes. CI has.
    pub fn docker_v2() -> Option<Engine> {
        let endpoint = lab("WAKEBOARD_LAB_V2");
        if endpoint.is_empty() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "the lab has no virtual machine");
            eprintln!("skipped: the lab has no virtual machine (QEMU is missing)");
            return None;
        }
        Some(Engine { endpoint, name: "docker-v2", made: vec![], disturbed: AtomicBool::new(false) })
    }

    /// An engine that a test has started by itself.
    pub fn at(endpoint: &str) -> Engine {
        let endpoint = endpoint.to_owned();
        Engine { endpoint, name: "of a test", made: vec![], disturbed: AtomicBool::new(false) }
    }

    /// Runs `docker ARGS`, whatever comes of it.
    pub fn docker(&self, args: &[&str]) -> Output {
        Command::new("docker").arg("-H").arg(&self.endpoint).args(args).output().unwrap()
    }

    /// Runs `docker ARGS` and expects it to succeed.
    pub fn act(&self, args: &[&str]) -> String {
        let output = self.docker(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {args:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs a container of that name, with options before the image and a command after it.
    pub fn run(&mut self, name: &str, options: &[&str], command: &[&str]) -> String {
        self.run_image(&lab("WAKEBOARD_LAB_IMAGE"), name, options, command)
    }

    /// The same of any image.
    pub fn run_image(&mut self, image: &str, name: &str, options: &[&str], command: &[&str]) -> String {
        let _ = self.docker(&["rm", "-f", name]);
        self.made.push(name.to_owned());
        // As a first process `sleep` does not obey TERM: nobody should wait long for it.
        let mut args = vec!["run", "-d", "--stop-timeout", "1", "--name", name];
        args.extend(options);
        args.push(image);
        args.extend(command);
        self.act(&args)
    }

    /// A container that would only sleep, and is not started.
    pub fn create(&mut self, name: &str, options: &[&str]) -> String {
        let _ = self.docker(&["rm", "-f", name]);
        self.made.push(name.to_owned());
        let image = lab("WAKEBOARD_LAB_IMAGE");
        let rest = [&image, "sleep", "1000"];
        self.act(&[&["create", "--stop-timeout", "1", "--name", name], options, &rest].concat())
    }

    /// A container that only sleeps.
    pub fn run_sleeper(&mut self, name: &str, options: &[&str]) -> String {
        self.run(name, options, &["sleep", "1000"])
    }

    /// A network of its own for a test; one that is there already serves as well.
    pub fn network(&self, name: &str) {
        let _ = self.docker(&["network", "create", name]);
    }

    /// A session in a container, open until it is dropped.
    pub fn session(&self, name: &str, command: &[&str]) -> Session {
        let mut docker = Command::new("docker");
        docker.arg("-H").arg(&self.endpoint).args(["exec", name]).args(command);
        let session = Session(docker.spawn().unwrap());
        let begun = std::time::Instant::now();
        while !self.act(&["top", name]).contains(&command.join(" ")) {
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "no session in {name}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        session
    }

    /// Damages all checkpoints of a container where the engine keeps them.
    pub fn damage_checkpoints(&self, name: &str, damage: &str) {
        let id = self.act(&["inspect", "-f", "{{.Id}}", name]);
        let root = self.act(&["info", "-f", "{{.DockerRootDir}}"]);
        let folder = format!("{root}/containers/{id}/checkpoints");
        let mut damaged = 0;
        for checkpoint in std::fs::read_dir(&folder).unwrap() {
            for file in std::fs::read_dir(checkpoint.unwrap().path()).unwrap() {
                let file = file.unwrap().path();
                if file.extension().is_some_and(|ending| ending == "img") {
                    match damage {
                        "deleted" => std::fs::remove_file(&file).unwrap(),
                        _ => std::fs::File::options().write(true).open(&file).unwrap().set_len(10).unwrap(),
                    }
                    damaged += 1;
                }
            }
        }
        assert!(damaged > 3, "{folder} has {damaged} images");
    }

    /// Takes all swap away until it is dropped.
    pub fn swap_off() -> SwapOff {
        let file = lab("WAKEBOARD_LAB_SWAPFILE");
        assert!(!file.is_empty(), "this machine has swap of its own, which no test may take away");
        assert!(Command::new("swapoff").arg(&file).status().unwrap().success());
        SwapOff(file)
    }

    /// The links of containers on the engine's bridge.
    pub fn links(&self) -> Vec<String> {
        let format = "{{index .Options \"com.docker.network.bridge.name\"}}";
        let bridge = self.act(&["network", "inspect", "bridge", "-f", format]);
        let folder = format!("/sys/class/net/{bridge}/brif");
        let all = std::fs::read_dir(folder).unwrap();
        all.map(|link| link.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Removes links that outlived an engine that was killed. They keep the address of a container that is gone, so that
    /// whichever container gets it next cannot be reached (see `docs/engine-facts.md`).
    pub fn remove_leaked(&self, before: &[String]) {
        for link in self.links().iter().filter(|link| before.contains(link)) {
            eprintln!("the engine has leaked {link}");
            assert!(Command::new("ip").args(["link", "del", link]).status().unwrap().success());
        }
    }

    /// `start`, `kill`, `freeze` or `thaw` the engine itself.
    pub fn control(&self, verb: &str) {
        self.disturbed.store(matches!(verb, "kill" | "freeze"), Ordering::SeqCst);
        assert!(self.controlled(verb), "tests/lab/engine {verb} {}", self.name);
    }

    fn controlled(&self, verb: &str) -> bool {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/engine");
        Command::new(script).args([verb, self.name]).status().unwrap().success()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.disturbed.load(Ordering::SeqCst) {
            // Which of the two it needs is not known here: the other does nothing.
            let _ = self.controlled("thaw") || self.controlled("start");
        }
        for name in &self.made {
            let _ = self.docker(&["rm", "-f", name]);
        }
    }
}

/// The lab's virtual machine: `run COMMAND`, `swap on`, `swap off`. Says what it printed.
pub fn virtual_machine(args: &[&str]) -> String {
    let output = Command::new(lab("WAKEBOARD_LAB_V2_VM")).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "vm {args:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A session in a container.
pub struct Session(std::process::Child);

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No swap on this machine while it lives.
pub struct SwapOff(String);

impl Drop for SwapOff {
    fn drop(&mut self) {
        let _ = Command::new("swapon").arg(&self.0).status();
    }
}
