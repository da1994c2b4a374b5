//! A request goes out and an answer comes in, both bounded, whatever the other side does.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::LOCATION;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::noted::{First, Noted};
use crate::callmap::attempt::{Course, Stage};
use crate::callmap::fault::{fault, of_io};
use crate::callmap::limits;
use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::callmap::map::Secrets;
use crate::model::callmap::words::{quoted, size};

/// An answer.
pub struct Came {
    pub version: Arc<str>,
    pub status: u16,
    pub headers: Vec<(Arc<str>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub is_cut: bool,
}

impl Came {
    /// Where a redirect leads.
    pub fn place(&self) -> Option<String> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let (_, place) = self.headers.iter().find(|(name, _)| **name == *LOCATION.as_str())?;
        Some(String::from_utf8_lossy(place).into_owned())
    }
}

/// Sends the request over the stream, and reads the answer.
pub async fn exchange<S>(
    stream: S,
    is_two: bool,
    request: Request<Full<Bytes>>,
    course: &mut Course,
    began: Instant,
) -> Result<Came, Fault>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, first) = Noted::new(stream);
    let stream = TokioIo::new(stream);
    let done = if is_two {
        Box::pin(by_two(stream, request, &first, began, course)).await
    } else {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(limits::HEADER_BYTES).max_headers(limits::HEADERS);
        // Old servers fold long headers, and write `Name : value`. Browsers and curl read both.
        builder.allow_obsolete_multiline_headers_in_responses(true);
        builder.allow_spaces_after_header_name_in_responses(true);
        match builder.handshake(stream).await {
            Ok((mut sender, connection)) => {
                let exchange =
                    async { read(sender.send_request(request).await?, &first, began, course).await };
                drive(connection, exchange).await
            }
            Err(error) => Err(error),
        }
    };
    done.map_err(|error| told(&error, is_two, &first, course.stage))
}

/// The same by HTTP/2.
async fn by_two<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    first: &First,
    began: Instant,
    course: &mut Course,
) -> Result<Came, hyper::Error>
where
    S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    // Whatever hyper starts ends with us.
    let tasks = Tasks::default();
    let _end = End(tasks.clone());
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits::HEADER_BYTES).unwrap_or(u32::MAX));
    let (mut sender, connection) = builder.handshake(stream).await?;
    let exchange = async { read(sender.send_request(request).await?, first, began, course).await };
    drive(connection, exchange).await
}

/// Keeps the connection going until the exchange is over.
async fn drive(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    exchange: impl Future<Output = Result<Came, hyper::Error>>,
) -> Result<Came, hyper::Error> {
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((came, _)) => came,
        // What came before the connection's end is still to be read. Where nothing did, its end says why.
        Either::Right((ended, exchange)) => match (exchange.await, ended) {
            (Err(_), Err(why)) => Err(why),
            (came, _) => came,
        },
    }
}

async fn read(
    answer: Response<Incoming>,
    first: &First,
    began: Instant,
    course: &mut Course,
) -> Result<Came, hyper::Error> {
    // Over HTTP/2 the server speaks first.
    let is_two = answer.version() == Version::HTTP_2;
    let at = first.get().filter(|_| !is_two).map_or_else(Instant::now, |(at, _)| *at);
    *course.phases.first_byte.get_or_insert_default() += at.saturating_duration_since(began);
    course.stage = Stage::Body(0);
    let (head, mut incoming) = answer.into_parts();
    let mut body = Vec::new();
    let mut is_cut = false;
    while let Some(frame) = incoming.frame().await {
        let frame = frame?;
        let Some(data) = frame.data_ref() else { continue };
        let room = limits::BODY - body.len();
        body.extend_from_slice(&data[..data.len().min(room)]);
        course.stage = Stage::Body(body.len());
        if data.len() > room {
            is_cut = true;
            break;
        }
    }
    let headers =
        head.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec())).collect();
    let version = match head.version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    Ok(Came { version: version.into(), status: head.status.as_u16(), headers, body, is_cut })
}

/// What hyper says, in a person's words.
fn told(error: &hyper::Error, is_two: bool, first: &First, stage: Stage) -> Fault {
    let doing = match stage {
        Stage::Body(so_far) => format!("after {} of the body", size(so_far)),
        _ => "before the answer was whole".to_owned(),
    };
    let begins = first.get().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
    let is_other = is_two && begins.starts_with(b"HTTP/");
    if let Some(error) = source::<io::Error>(error).filter(|_| !is_other) {
        return of_io(error, &doing);
    }
    if error.is_parse_too_large() {
        let (most, bytes) = (limits::HEADERS, size(limits::HEADER_BYTES));
        return fault(FaultKind::Garbage, format!("more than {most} headers, or more than {bytes} of them"));
    }
    if error.is_parse() && matches!(stage, Stage::Body(_)) {
        return fault(FaultKind::Garbage, format!("the body breaks the rules of HTTP {doing}"));
    }
    if error.is_parse() || is_other {
        let what = if is_two { "HTTP/2" } else { "HTTP" };
        let is_http = !is_two && begins.starts_with(b"HTTP/");
        let begins = quoted(&Secrets::default(), &String::from_utf8_lossy(begins));
        if is_http {
            let text =
                format!("a line before the body breaks the rules of HTTP; the answer begins with {begins}");
            return fault(FaultKind::Garbage, text);
        }
        return fault(FaultKind::Garbage, format!("what came back is not {what}: it begins with {begins}"));
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return fault(FaultKind::Cut, format!("connection closed {doing}"));
    }
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    fault(FaultKind::Garbage, format!("{}: {why}", if is_two { "HTTP/2 failed" } else { "HTTP failed" }))
}

/// The error of that type among those that led to this one.
fn source<E: Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Where hyper's own tasks run, so that they can be ended.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}

/// Ends all tasks when the exchange is over, or given up.
struct End(Tasks);

impl Drop for End {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
