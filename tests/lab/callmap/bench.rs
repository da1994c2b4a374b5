//! The chain with its Tomcat, and runs of its callmap by the command line.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use wakeboard::model::callmap::report::{ProductVerdict, Verdict};

use crate::common::Home;
use crate::engine::{Engine, lab};

const CALLMAP: &str = r#"
product: the shop
vars: {site: "", dns: "", one: "", two: "", host: "${site}", need: all}
timeout: 3s
layers:
  - name: dns
    probes:
      - {dns: "${site}", resolver: "${dns}", expect: {exactly: ["${one}", "${two}"]}}
      - {dns: "${site}", resolver: "${dns}", type: CNAME, expect: {all: [edge.shop.test.]}}
  - name: nginx
    need: ${need}
    targets: ["${one}", "${two}"]
    probes:
      - {http: "http://${host}/", expect: {status: 200, slow: 1200ms, body: wakeboard lab}}
      - {http: "https://${host}/", ca: ca.pem, expect: {status: 200, slow: 1200ms, body: wakeboard lab, cert_days: 14}}
  - name: tomcat
    targets: {tenant: shop, role: app, port: 8080}
    probes:
      - {http: "http://${site}/", expect: {status: 200, body: wakeboard lab}}
      - {http: "http://${site}/counter", expect: {body: {matches: "(?m)^[0-9]+$"}}}
"#;

pub const TENANT: &str = "shop-app";

/// The chain, its Tomcat, and a home that knows both; the chain is gone with this.
pub struct Bench {
    home: Home,
    pub engine: Engine,
    pub site: String,
    pub dns: String,
    pub one: String,
    pub two: String,
}

pub fn chain(args: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/chain");
    let mut command = Command::new(script);
    let output = command.args(args).env("WAKEBOARD_LAB_DIR", lab("WAKEBOARD_LAB")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chain {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A second panic while one is under way would end the whole run.
        if thread::panicking() {
            let _ = std::panic::catch_unwind(|| chain(&["stop"]));
        } else {
            chain(&["stop"]);
        }
    }
}

impl Bench {
    pub fn new() -> Bench {
        let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/image-tomcat");
        assert!(Command::new(image).arg("docker-a").status().unwrap().success());
        let said = chain(&["start"]);
        let mut lines = said.lines().map(str::to_owned);
        let mut line = || lines.next().unwrap();
        let (tls, site, dns, one, two, backend) = (line(), line(), line(), line(), line(), line());
        let engine = Engine::docker_a();
        let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
        std::fs::copy(format!("{tls}/ca.pem"), home.path().join("ca.pem")).unwrap();
        std::fs::write(home.path().join("shop.yaml"), CALLMAP).unwrap();
        // From here on the chain is stopped whatever happens.
        let mut bench = Bench { home, engine, site, dns, one, two };
        let options = ["--label", "wakeboard.tenant=shop", "--label", "wakeboard.role=app", "-p"];
        let published = format!("{backend}:8080");
        bench.engine.run_image(
            "tomcat:lab",
            TENANT,
            &[options.as_slice(), &[&published]].concat(),
            &["/tomcat"],
        );
        bench.wait();
        bench
    }

    /// Until all is well: a Tomcat takes its time, all the more beside other work.
    pub fn wait(&self) {
        let begun = Instant::now();
        loop {
            let (report, code) = self.run(&[]);
            if report.verdict == ProductVerdict::Ok {
                assert_eq!((code, report.broken_layer, report.drift), (0, None, vec![]));
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{report:#?}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// One run by the command line, and the code with which it ends.
    pub fn run(&self, vars: &[(&str, &str)]) -> (Said, i32) {
        let own = [("site", &self.site), ("dns", &self.dns), ("one", &self.one), ("two", &self.two)];
        let own = own.map(|(name, value)| (name, value.as_str()));
        let config = self.home.config().display().to_string();
        let file = self.home.path().join("shop.yaml").display().to_string();
        let mut args = ["--config", &config, "callmap", "run", &file, "--json"].map(str::to_owned).to_vec();
        for (name, value) in own.iter().chain(vars) {
            args.extend(["--var".to_owned(), format!("{name}={value}")]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = self.home.command(&args).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
        (said, output.status.code().unwrap())
    }
}

/// What `--json` promises.
#[derive(Debug, Deserialize)]
pub struct Said {
    pub verdict: ProductVerdict,
    pub broken_layer: Option<String>,
    pub ticket: Option<String>,
    pub layers: Vec<SaidLayer>,
    pub drift: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct SaidLayer {
    pub name: String,
    pub verdict: Verdict,
    pub ok: u32,
    pub total: u32,
    pub probes: Vec<SaidProbe>,
}

#[derive(Debug, Deserialize)]
pub struct SaidProbe {
    pub target: String,
    pub kind: String,
    pub verdict: Verdict,
    pub reason: Option<String>,
}
