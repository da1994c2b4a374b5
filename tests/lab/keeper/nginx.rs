//! An nginx that asks the wake door, as `docs/wake.md` has it.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One process of its own; it ends with the test.
pub struct Nginx {
    child: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Before the door at that port.
    pub fn start(door: u16) -> Nginx {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/wake.md");
        let page = std::fs::read_to_string(page).unwrap();
        let (_, recipe) = page.split_once("```nginx\n").unwrap();
        let (recipe, _) = recipe.split_once("```").unwrap();
        let port = super::free_port();
        let recipe = recipe
            .replace("127.0.0.1:7070", &format!("127.0.0.1:{door}"))
            .replace("listen 80;", &format!("listen 127.0.0.1:{port};"));
        let folder = tempfile::tempdir().unwrap();
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
        let child = Command::new("nginx")
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Nginx { child, port, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
