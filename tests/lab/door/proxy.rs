//! Proxies that ask the wake door, as `docs/wake.md` has them.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::engine::lab;

/// One process of its own; it ends with the test.
pub struct Proxy {
    child: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// That proxy, before the door at that port.
    ///
    /// One that takes no addresses from headers leads to the tenant at its published port.
    pub fn start(name: &str, door: u16, tenant: &str, published: u16) -> Proxy {
        match name {
            "nginx" => Proxy::nginx(door),
            "caddy" => Proxy::caddy(door),
            "traefik" => Proxy::traefik(door, tenant, published),
            _ => panic!("no recipe for {name}"),
        }
    }

    pub fn nginx(door: u16) -> Proxy {
        let (folder, port) = (tempfile::tempdir().unwrap(), super::free_port());
        let recipe =
            recipe("nginx", "nginx", door).replace("listen 80;", &format!("listen 127.0.0.1:{port};"));
        let base = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {base}/{name};\n"))
            .concat();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {base}/pid;\nerror_log {base}/error.log;\n\
             events {{ worker_connections 8192; }}\nhttp {{\naccess_log off;\n{temporary}{recipe}}}\n"
        );
        let config = folder.path().join("conf");
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-e").arg(folder.path().join("error.log")).arg("-c").arg(&config);
        Proxy::run(command, port, folder)
    }

    /// Without certificates, and without its own door for orders.
    pub fn caddy(door: u16) -> Proxy {
        let (folder, port) = (tempfile::tempdir().unwrap(), super::free_port());
        let site = format!("http://*.shop.test:{port} {{\n    bind 127.0.0.1");
        let recipe = recipe("Caddy", "caddy", door).replace("*.example.com {", &site);
        let config = folder.path().join("Caddyfile");
        std::fs::write(&config, format!("{{\n    admin off\n    auto_https off\n}}\n{recipe}")).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&config);
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).stderr(Stdio::null());
        command.env("XDG_CONFIG_HOME", folder.path());
        Proxy::run(command, port, folder)
    }

    /// It asks nobody for newer versions, and tells nobody that it is used.
    fn traefik(door: u16, tenant: &str, published: u16) -> Proxy {
        let (folder, port, own) = (tempfile::tempdir().unwrap(), super::free_port(), super::free_port());
        let recipe = recipe("Traefik", "yaml", door)
            .replace("acme.example.com", &format!("{tenant}.shop.test"))
            .replace("127.0.0.1:8001", &format!("127.0.0.1:{published}"));
        let (config, routes) = (folder.path().join("traefik.yml"), folder.path().join("routes.yml"));
        std::fs::write(&routes, recipe).unwrap();
        let text = format!(
            "global: {{checkNewVersion: false, sendAnonymousUsage: false}}\nlog: {{level: ERROR}}\n\
             entryPoints: {{web: {{address: '127.0.0.1:{port}'}}, traefik: {{address: '127.0.0.1:{own}'}}}}\n\
             api: {{insecure: true}}\n\
             providers: {{file: {{filename: '{}', watch: false}}}}\n",
            routes.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(lab("WAKEBOARD_LAB_TRAEFIK"));
        command.arg(format!("--configFile={}", config.display())).current_dir(folder.path());
        let proxy = Proxy::run(command, port, folder);
        // Its port is open before it has read where what goes.
        let begun = Instant::now();
        let knows = || super::get(own, "127.0.0.1", "/api/http/routers/acme@file", "*/*");
        while knows().is_none_or(|(status, _)| status != 200) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not read its routes");
            std::thread::sleep(Duration::from_millis(50));
        }
        proxy
    }

    fn run(mut command: Command, port: u16, folder: tempfile::TempDir) -> Proxy {
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let proxy = Proxy { child, port, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the proxy does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the documentation says to write, with our door in it.
fn recipe(heading: &str, language: &str, door: u16) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/wake.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, recipe) = section.split_once(&format!("```{language}\n")).unwrap();
    let (recipe, _) = recipe.split_once("```").unwrap();
    recipe.replace("127.0.0.1:7070", &format!("127.0.0.1:{door}"))
}
