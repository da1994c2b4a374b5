//! A port that must take connections, and may have to say something first.

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use super::attempt::{Course, Stage};
use super::connect::{add, connect};
use super::fault::{fault, of_io};
use super::limits;
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, FaultKind, Seen};
use crate::model::callmap::judge::is_like;
use crate::model::callmap::map::TcpAsk;

pub async fn ask(ask: &TcpAsk, whom: &Whom, course: &mut Course) -> Result<Seen, Fault> {
    let host = ask.host.as_ref().map_or("", |host| host.value());
    let mut stream = connect(whom, host, ask.port, course).await?;
    let Some(wanted) = &ask.banner else { return Ok(Seen::Tcp(Vec::new())) };
    course.stage = Stage::Banner;
    let began = Instant::now();
    let mut banner = vec![0; limits::BANNER];
    let mut so_far = 0;
    // What is wanted may come in pieces, and nobody says which is the last.
    while so_far < banner.len() && !banner[..so_far].contains(&b'\n') {
        let reading = stream.read(&mut banner[so_far..]);
        let more = if so_far == 0 {
            reading.await
        } else {
            timeout(limits::BANNER_PAUSE, reading).await.unwrap_or(Ok(0))
        };
        let more = more.map_err(|error| of_io(&error, "before it said anything"))?;
        if more == 0 {
            break;
        }
        if so_far == 0 {
            add(&mut course.phases.first_byte, began);
        }
        so_far += more;
        if is_like(wanted, &String::from_utf8_lossy(&banner[..so_far])) {
            break;
        }
    }
    if so_far == 0 {
        return Err(fault(FaultKind::Cut, "connection closed before it said anything"));
    }
    banner.truncate(so_far);
    Ok(Seen::Tcp(banner))
}
