//! Without hosts in the config, the engines are those that the machine has.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use tempfile::TempDir;
use wakeboard::config::{self, Env};

struct Machine {
    folder: TempDir,
    env: Env,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in ["run/podman", "user/podman", "home/.docker/contexts/meta", "home/.config/wakeboard"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        let env = Env {
            callmap_names: Vec::new(),
            vars: [("XDG_RUNTIME_DIR".to_owned(), at("user").display().to_string())].into(),
            home: Some(at("home")),
            config_folder: Some(at("home/.config")),
            state_folder: Some(at("home/.local/state")),
            system_sockets: vec![
                ("local", at("run/docker.sock")),
                ("podman-system", at("run/podman/podman.sock")),
            ],
        };
        Machine { folder, env }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.vars.insert(name.to_owned(), value.to_owned());
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn context(&self, hash: &str, name: &str, host: &str) {
        let meta =
            format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        self.write(&format!("home/.docker/contexts/meta/{hash}/meta.json"), &meta);
    }

    /// The hosts as `name endpoint`, without the folder of this machine.
    fn hosts(&self) -> Result<Vec<String>, String> {
        let root = self.folder.path().display().to_string();
        let settings = config::load(None, &self.env).map_err(|error| error.to_string().replace(&root, ""))?;
        let line = |host: &wakeboard::model::host::HostSpec| format!("{} {}", host.name, host.endpoint);
        Ok(settings.hosts.iter().map(|host| line(host).replace(&root, "")).collect())
    }

    fn warning(&self) -> Option<&'static str> {
        config::load(None, &self.env).unwrap().hosts[0].warning()
    }

    fn tls(&self) -> String {
        format!("{:?}", config::load(None, &self.env).unwrap().hosts[0].endpoint)
    }
}

fn listen(path: &Path) -> UnixListener {
    UnixListener::bind(path).unwrap()
}

#[test]
fn every_socket_is_one_host_and_links_to_it_none() {
    let machine = Machine::new();
    let _kept = [
        listen(&machine.at("run/docker.sock")),
        listen(&machine.at("user/docker.sock")),
        listen(&machine.at("run/podman/podman.sock")),
    ];
    symlink(machine.at("run/podman/podman.sock"), machine.at("user/podman/podman.sock")).unwrap();
    let expected = [
        "local unix:///run/docker.sock",
        "rootless unix:///user/docker.sock",
        "podman unix:///user/podman/podman.sock",
    ];
    assert_eq!(machine.hosts().unwrap(), expected);
}

#[test]
fn a_machine_without_engines_shows_the_usual_socket() {
    let machine = Machine::new();
    machine.write("run/docker.sock", "no socket, a file");
    assert_eq!(machine.hosts().unwrap(), ["local unix:///var/run/docker.sock"]);
}

#[test]
fn docker_host_comes_before_all_else() {
    let mut machine = Machine::new();
    machine.context("abc", "far", "tcp://far:2376");
    machine.set("DOCKER_CONTEXT", "far");
    machine.set("DOCKER_HOST", "tcp://near");
    assert_eq!(machine.hosts().unwrap(), ["near tcp://near:2375"]);
    machine.set("DOCKER_TLS_VERIFY", "1");
    assert_eq!(machine.hosts().unwrap(), ["near tcp://near:2376"]);
    assert!(machine.tls().contains("home/.docker/ca.pem"), "{}", machine.tls());
    assert!(machine.tls().contains("client: None"), "only what is there is shown: {}", machine.tls());
    machine.write("certs/key.pem", "");
    let certificates = machine.at("certs").display().to_string();
    machine.set("DOCKER_CERT_PATH", &certificates);
    assert!(machine.tls().contains("/certs/ca.pem"), "{}", machine.tls());
    assert!(machine.tls().contains("/certs/key.pem"), "{}", machine.tls());
    assert_eq!(machine.warning(), None);
    machine.set("DOCKER_TLS_VERIFY", "");
    machine.set("DOCKER_TLS", "1");
    assert_eq!(machine.hosts().unwrap(), ["near tcp://near:2376"]);
    assert!(
        machine.tls().contains("Anybody") && machine.tls().contains("/certs/key.pem"),
        "{}",
        machine.tls()
    );
    assert!(machine.warning().is_some_and(|told| told.starts_with("INSECURE")));
    machine.set("DOCKER_HOST", "unix:///run/x.sock");
    assert_eq!(machine.hosts().unwrap(), ["local unix:///run/x.sock"]);
}

#[test]
fn a_broken_docker_host_is_told_by_the_variable() {
    let mut machine = Machine::new();
    machine.set("DOCKER_HOST", "tcp://x:y\u{1b}[2J");
    let told = machine.hosts().unwrap_err();
    assert!(told.starts_with("DOCKER_HOST: ") && told.contains("no engine address"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn the_current_context_is_followed() {
    let mut machine = Machine::new();
    machine.write("home/.docker/config.json", r#"{"auths":{},"currentContext":"far"}"#);
    machine.write("home/.docker/contexts/meta/000/meta.json", "{broken");
    machine.context("abc", "far", "tcp://far:2376");
    machine.context("def", "own", "ssh://ops@own");
    assert_eq!(machine.hosts().unwrap(), ["far tcp://far:2376"]);
    assert!(machine.tls().contains("None"));
    let files = |names: &[&str]| {
        let folder = machine.at("home/.docker/contexts/tls/abc/docker");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "").unwrap();
        }
        machine.tls()
    };
    assert!(files(&[]).contains("tls: None"), "a folder without files says nothing");
    let told = files(&["ca.pem"]);
    assert!(told.contains("Authority(") && told.contains("docker/ca.pem"), "{told}");
    assert!(told.contains("client: None"), "only an authority: {told}");
    let told = files(&["ca.pem", "cert.pem", "key.pem"]);
    assert!(told.contains("docker/ca.pem") && told.contains("docker/cert.pem"), "{told}");
    let told = files(&["cert.pem", "key.pem"]);
    assert!(told.contains("Machine") && told.contains("docker/key.pem"), "{told}");
    machine.set("DOCKER_CONTEXT", "own");
    assert_eq!(machine.hosts().unwrap(), ["own ssh://ops@own"]);
    machine.set("DOCKER_CONTEXT", "default");
    assert_eq!(machine.hosts().unwrap(), ["local unix:///var/run/docker.sock"]);
    machine.set("DOCKER_CONTEXT", "gone");
    assert_eq!(machine.hosts().unwrap_err(), "DOCKER_CONTEXT: there is no docker context `gone`");
}

#[test]
fn a_context_that_does_not_verify_is_followed_and_told() {
    let machine = Machine::new();
    machine.write("home/.docker/config.json", r#"{"currentContext":"lax"}"#);
    for (skips, host) in [(true, "tcp://far:2376"), (true, "ssh://ops@far"), (false, "tcp://far:2376")] {
        let meta = format!(
            r#"{{"Name":"lax","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":{skips}}}}}}}"#
        );
        machine.write("home/.docker/contexts/meta/abc/meta.json", &meta);
        let is_insecure = skips && host.starts_with("tcp");
        assert_eq!(machine.hosts().unwrap(), [format!("lax {host}")]);
        assert_eq!(machine.tls().contains("Anybody"), is_insecure, "{}", machine.tls());
        assert_eq!(machine.warning().is_some(), is_insecure, "{host}");
    }
}

#[test]
fn a_broken_docker_config_is_told_with_its_place() {
    let machine = Machine::new();
    machine.write("home/.docker/config.json", "{\n  \"租\": 1,, \n}");
    let told = machine.hosts().unwrap_err();
    assert!(told.starts_with("/home/.docker/config.json:2:10: "), "{told}");
}

#[test]
fn the_file_in_the_config_folder_is_read_and_a_named_one_must_be_there() {
    let machine = Machine::new();
    machine.write("home/.config/wakeboard/wakeboard.yaml", "hosts: {a: \"tcp://a:1\"}\n");
    assert_eq!(machine.hosts().unwrap(), ["a tcp://a:1"]);
    let told = config::load(Some(&machine.at("gone.yaml")), &machine.env).unwrap_err().to_string();
    assert!(told.contains("gone.yaml: cannot be read: No such file"), "{told}");
}

#[test]
fn the_ledger_is_in_the_state_folder_unless_the_file_says_where() {
    let machine = Machine::new();
    let ledger = || {
        let settings = config::load(None, &machine.env).unwrap();
        let told = settings.ledger.unwrap().to_string();
        told.replace(&machine.folder.path().display().to_string(), "")
    };
    assert_eq!(ledger(), "/home/.local/state/wakeboard/ledger.db");
    for (written, told) in [
        ("ops.db", "/home/.config/wakeboard/ops.db"),
        ("~/ops.db", "/home/ops.db"),
        ("/srv/ops.db", "/srv/ops.db"),
        ("postgres://me:geheim@db/ops", "postgres://db/ops"),
    ] {
        machine.write("home/.config/wakeboard/wakeboard.yaml", &format!("ledger: {written}\n"));
        assert_eq!(ledger(), told);
    }
    let nowhere = Env { state_folder: None, ..machine.env.clone() };
    machine.write("home/.config/wakeboard/wakeboard.yaml", "");
    assert_eq!(config::load(None, &nowhere).unwrap().ledger, None);
}

#[test]
fn a_theme_file_is_found_beside_the_config_and_its_faults_are_its_own() {
    let machine = Machine::new();
    let config = machine.at("home/.config/wakeboard/wakeboard.yaml");
    machine.write("home/.config/wakeboard/wakeboard.yaml", "theme: mine.yaml\n");
    let told = config::load(Some(&config), &machine.env).unwrap_err().to_string();
    assert!(
        told.contains("wakeboard.yaml:1:8: the theme ") && told.contains("mine.yaml cannot be read"),
        "{told}"
    );
    machine.write("home/.config/wakeboard/mine.yaml", "inherits: dark\ngood: gren\n");
    let told = config::load(Some(&config), &machine.env).unwrap_err().to_string();
    assert!(told.contains("mine.yaml:2:7: \"gren\" is no colour"), "{told}");
    machine.write("home/.config/wakeboard/mine.yaml", "inherits: dark\ngood: green\n");
    assert_eq!(config::load(Some(&config), &machine.env).unwrap().theme.name, "mine");
}
