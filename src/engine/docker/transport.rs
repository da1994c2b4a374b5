//! The way to an engine: one connection a call over a unix socket, TCP or TLS, with a cap on what it may answer.
//!
//! bollard reads answers whole and lines without end; the cap keeps an engine that speaks garbage from filling our
//! memory. One connection a call is enough: calls are few, and a call on a connection of its own cannot be held up by
//! another.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bollard::BollardRequest;
use bollard::errors::Error as ApiError;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::server::Server;

/// The most bytes that one answer may have: room for the list of some 80,000 containers.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes that a stream may send without a whole event in them.
pub const MOST_BYTES_AN_EVENT: u64 = 4 * 1024 * 1024;

/// The engine answered more than any engine would.
#[derive(Debug, thiserror::Error)]
#[error("an answer without end")]
pub struct TooMuch;

/// How many bytes may still come; a stream's reader fills it up again with each event.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Purse>);

#[derive(Debug)]
struct Purse {
    left: AtomicU64,
    overdrawn: AtomicBool,
}

impl Budget {
    fn new(bytes: u64) -> Self {
        Budget(Arc::new(Purse { left: AtomicU64::new(bytes), overdrawn: AtomicBool::new(false) }))
    }

    /// A whole event came: the next may be as long again.
    pub fn refill(&self) {
        self.0.left.store(MOST_BYTES_AN_EVENT, Ordering::Relaxed);
    }

    /// Whether more came than was left. bollard makes a text of whatever ends a stream, so it is asked here.
    #[must_use]
    pub fn is_overdrawn(&self) -> bool {
        self.0.overdrawn.load(Ordering::Relaxed)
    }

    fn spend(&self, bytes: u64) -> Result<(), TooMuch> {
        let take = |left: u64| left.checked_sub(bytes);
        self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map(|_| ()).map_err(|_| {
            self.0.overdrawn.store(true, Ordering::Relaxed);
            TooMuch
        })
    }
}

/// Where to dial.
#[derive(Clone)]
pub enum Dial {
    /// A socket on this machine.
    Unix(PathBuf),
    /// A TCP address.
    Tcp {
        /// Name or address.
        host: String,
        /// The port.
        port: u16,
        /// How to speak TLS, and the name on the engine's certificate.
        tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    },
}

/// Sends bollard's requests.
#[derive(Clone)]
pub struct Transport {
    dial: Arc<Dial>,
    stream_budget: Budget,
    /// How many bytes an answer that is no stream of events may have.
    most: u64,
    /// What the engine called itself in an answer.
    server: Arc<OnceLock<Server>>,
}

impl Transport {
    /// A transport that dials there.
    #[must_use]
    pub fn new(dial: Dial) -> Self {
        Transport {
            dial: Arc::new(dial),
            stream_budget: Budget::new(MOST_BYTES_AN_EVENT),
            most: MOST_BYTES,
            server: Arc::default(),
        }
    }

    /// What the engine has called itself so far.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.get()
    }

    /// Keeps what the engine calls itself in the head of an answer.
    pub fn hear(&self, value: Option<&[u8]>) {
        if self.server.get().is_none()
            && let Some(value) = value.and_then(|value| str::from_utf8(value).ok())
            && let Some(server) = Server::of_header(value)
        {
            // Whoever was faster heard the same.
            let _ = self.server.set(server);
        }
    }

    /// The budget of event streams, which their reader fills up.
    #[must_use]
    pub fn stream_budget(&self) -> Budget {
        self.stream_budget.clone()
    }

    /// The same for an answer that goes to a file and not to our memory: a container's checkpoint is as large as it.
    #[must_use]
    pub fn without_cap(&self) -> Self {
        Transport { most: u64::MAX, ..self.clone() }
    }

    /// Sends one request on a connection of its own.
    ///
    /// # Errors
    /// Whatever keeps the answer's headers from coming.
    pub async fn send(self, request: BollardRequest) -> Result<Response<Incoming>, ApiError> {
        let budget = if request.uri().path().ends_with("/events") {
            self.stream_budget.refill();
            self.stream_budget.clone()
        } else {
            Budget::new(self.most)
        };
        exchange(self.open(budget).await?, request, self.host()).await
    }

    /// A connection of its own, for one answer.
    ///
    /// # Errors
    /// There is no way to the engine.
    pub async fn connect(&self) -> Result<Metered, ApiError> {
        self.open(Budget::new(self.most)).await
    }

    /// The socket of this machine that it dials, if it does.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match &*self.dial {
            Dial::Unix(path) => Some(path),
            Dial::Tcp { .. } => None,
        }
    }

    /// The engine's name in a request.
    #[must_use]
    pub fn host(&self) -> &str {
        match &*self.dial {
            Dial::Unix(_) => "engine",
            Dial::Tcp { host, .. } => host,
        }
    }

    async fn open(&self, budget: Budget) -> Result<Metered, ApiError> {
        let inner: Box<dyn Way> = match &*self.dial {
            Dial::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Dial::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                match tls {
                    None => Box::new(stream),
                    Some((config, name)) => {
                        Box::new(TlsConnector::from(config.clone()).connect(name.clone(), stream).await?)
                    }
                }
            }
        };
        Ok(Metered { inner, budget })
    }
}

async fn exchange(
    stream: Metered,
    mut request: BollardRequest,
    host: &str,
) -> Result<Response<Incoming>, ApiError> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = Uri::try_from(path)?;
    let host = HeaderValue::from_str(host).unwrap_or(HeaderValue::from_static("engine"));
    request.headers_mut().insert(HOST, host);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer's body, or when that is dropped.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// What bytes go over: a socket, or TLS over one.
trait Way: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Way for S {}

/// A connection that stops when its budget is spent.
pub struct Metered {
    inner: Box<dyn Way>,
    budget: Budget,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        match self.budget.spend(read as u64) {
            Ok(()) => result,
            Err(too_much) => Poll::Ready(Err(io::Error::other(too_much))),
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
