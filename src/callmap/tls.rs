//! The certificate behind a port.

use super::attempt::Course;
use super::connect::connect;
use super::handshake::{Prepared, ready};
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, Seen};
use crate::model::callmap::map::TlsAsk;

pub async fn ask(
    ask: &TlsAsk,
    whom: &Whom,
    tls: Option<&Result<Prepared, Fault>>,
    course: &mut Course,
) -> Result<Seen, Fault> {
    let prepared = ready(tls)?;
    let stream = connect(whom, ask.name.value(), ask.port, course).await?;
    let (_, seen) = prepared.shake_hands(ask.name.value(), stream, course).await?;
    Ok(Seen::Tls(Box::new(seen)))
}
