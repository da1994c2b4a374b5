//! hyper alone: a connection, a request, the whole body, a look for the word.

use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Failure, HOST, Targets, WANTED};

pub async fn ask(targets: Targets) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for address in targets.addresses {
        tasks.spawn(async move { one(address, targets.port).await.is_ok_and(|body| has(&body, WANTED)) });
    }
    let well = tasks.join_all().await.into_iter().filter(|well| *well).count();
    println!("{well}");
    Ok(())
}

async fn one(address: Ipv4Addr, port: u16) -> Result<Bytes, Failure> {
    let stream = TcpStream::connect(SocketAddr::new(address.into(), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/").header("host", HOST).body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?.collect().await?.to_bytes())
}

fn has(body: &[u8], wanted: &str) -> bool {
    body.windows(wanted.len()).any(|part| part == wanted.as_bytes())
}
