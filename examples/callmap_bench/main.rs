//! What `tests/bench/callmap` measures callmaps against: `callmap_bench FIRST COUNT PORT` is the least that any client does,
//! hyper alone, with everything at once. FIRST is the first of COUNT addresses that follow each other. For each: a
//! connection, a request, the whole body, a look for the word. It prints how many were well.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is asked of each target.
const HOST: &str = "www.example.com";

/// What must be in the body.
const WANTED: &[u8] = b"UP";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, count, port] = arguments.as_slice() else {
        return Err("usage: callmap_bench FIRST COUNT PORT".into());
    };
    let first = first.parse::<Ipv4Addr>()?.to_bits();
    let addresses = (first..first + count.parse::<u32>()?).map(Ipv4Addr::from_bits).collect();
    // As many threads as wakeboard has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let well = runtime.block_on(ask(addresses, port.parse()?));
    println!("{well}");
    Ok(())
}

async fn ask(addresses: Vec<Ipv4Addr>, port: u16) -> usize {
    let mut tasks = JoinSet::new();
    for address in addresses {
        tasks.spawn(async move { one(address, port).await.is_ok_and(|body| has(&body, WANTED)) });
    }
    tasks.join_all().await.into_iter().filter(|well| *well).count()
}

async fn one(address: Ipv4Addr, port: u16) -> Result<Bytes, Failure> {
    let stream = TcpStream::connect(SocketAddr::new(address.into(), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/").header("host", HOST).body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?.collect().await?.to_bytes())
}

fn has(body: &[u8], wanted: &[u8]) -> bool {
    body.windows(wanted.len()).any(|part| part == wanted)
}
