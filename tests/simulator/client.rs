//! A small HTTP client over a unix socket, and a simulation in a folder of its own.

use std::path::{Path, PathBuf};

use bollard::{BollardRequest, Docker};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::{self, Running};
use wakeboard::model::host::Endpoint;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A simulation, and the folder that goes with it.
pub struct Sim {
    pub running: Running,
    pub folder: tempfile::TempDir,
}

/// One of the files in `tests/scenarios`.
pub fn scenario(name: &str) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(&file).unwrap();
    Scenario::read(&file, &text).unwrap()
}

pub fn serve(scenario: &Scenario) -> Sim {
    let folder = tempfile::tempdir().unwrap();
    let running = demo::spawn(scenario, folder.path()).unwrap();
    Sim { running, folder }
}

impl Sim {
    pub fn socket(&self, host: &str) -> PathBuf {
        let spec = self.running.hosts().into_iter().find(|spec| &*spec.name == host).unwrap();
        let Endpoint::Unix(path) = spec.endpoint else { panic!("no unix socket") };
        path
    }

    pub async fn json(&self, host: &str, path: &str) -> Value {
        let (status, body) = ask(&self.socket(host), "GET", path).await.unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    pub async fn post(&self, host: &str, path: &str) -> (u16, String) {
        let (status, body) = ask(&self.socket(host), "POST", path).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Posts JSON; gives the status and what is answered, `null` where that is nothing.
    pub async fn give(&self, host: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = Bytes::from(body.to_string());
        let response = send_with(&self.socket(host), "POST", path, body).await.unwrap();
        let status = response.status().as_u16();
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        (status, if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() })
    }

    /// Everything an inspect tells of a container.
    pub async fn inspect(&self, host: &str, name: &str) -> Value {
        self.json(host, &format!("/containers/{name}/json")).await
    }

    /// What a container uses of memory.
    pub async fn memory(&self, host: &str, name: &str) -> u64 {
        let path = format!("/containers/{name}/stats?stream=false&one-shot=true");
        self.json(host, &path).await["memory_stats"]["usage"].as_u64().unwrap()
    }

    pub fn docker(&self, host: &str) -> Docker {
        docker(self.socket(host))
    }
}

/// Sends one request on a connection of its own; the answer's head is there, its body may still come.
pub async fn send(socket: &Path, method: &str, path: &str) -> Result<Response<Incoming>, Failure> {
    send_with(socket, method, path, Bytes::new()).await
}

/// The same with a body.
pub async fn send_with(
    socket: &Path,
    method: &str,
    path: &str,
    body: Bytes,
) -> Result<Response<Incoming>, Failure> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request =
        Request::builder().method(method).uri(path).header("Host", "docker").body(Full::new(body))?;
    Ok(sender.send_request(request).await?)
}

pub async fn ask(socket: &Path, method: &str, path: &str) -> Result<(u16, Bytes), Failure> {
    let response = send(socket, method, path).await?;
    let status = response.status().as_u16();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

/// bollard over a socket, with the least that can carry it.
pub fn docker(socket: PathBuf) -> Docker {
    let transport = move |request: BollardRequest| {
        let socket = socket.clone();
        async move {
            let stream = UnixStream::connect(&socket).await?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            Ok(sender.send_request(request).await?)
        }
    };
    Docker::connect_with_custom_transport(transport, Some("http://docker"), 5, bollard::API_DEFAULT_VERSION)
        .unwrap()
}
