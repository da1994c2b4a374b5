//! The two sides of `tests/bench/callmap`: `bare FIRST COUNT PORT MS` is the least that any client does, hyper alone, with
//! everything at once; `room FIRST COUNT PORT MS` asks the same through `callmap/` and prints the report as JSON. FIRST is
//! the first of COUNT addresses that follow each other, MS the time-out.

mod bare;
mod room;

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

/// What is asked of each target.
const HOST: &str = "www.example.com";

/// What must be in the body.
const WANTED: &str = "UP";

/// Whom to ask.
struct Targets {
    addresses: Vec<Ipv4Addr>,
    port: u16,
    timeout: Duration,
}

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, first, count, port, timeout] = arguments.as_slice() else {
        return Err("usage: callmap_bench bare|room FIRST COUNT PORT MS".into());
    };
    let first = first.parse::<Ipv4Addr>()?.to_bits();
    let targets = Targets {
        addresses: (first..first + count.parse::<u32>()?).map(Ipv4Addr::from_bits).collect(),
        port: port.parse()?,
        timeout: Duration::from_millis(timeout.parse()?),
    };
    // As many threads as wakeboard has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match way.as_str() {
        "bare" => runtime.block_on(bare::ask(targets)),
        "room" => runtime.block_on(room::ask(targets)),
        other => Err(format!("{other}: neither bare nor room").into()),
    }
}
