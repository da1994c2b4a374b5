//! Connections: so many at once, each for so long.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::answer::{Counter, Visit};
use super::limits;
use crate::listen::connections::Connections;
use crate::model::token::Token;

/// How long to wait where the system has no more handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(100);

/// Where they come in.
pub trait Listener: Send {
    /// Somebody's way in.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;
    async fn accept(&self) -> io::Result<Self::Stream> {
        UnixListener::accept(self).await.map(|(stream, _)| stream)
    }
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;
    async fn accept(&self) -> io::Result<Self::Stream> {
        TcpListener::accept(self).await.map(|(stream, _)| stream)
    }
}

/// Serves all clients, for ever; all connections go when this is dropped.
pub async fn serve(listener: &impl Listener, counter: Arc<Counter>, token: Option<Token>) -> Infallible {
    let mut connections = Connections::new(limits::CONNECTIONS);
    let at_once = Arc::new(Semaphore::new(limits::AT_ONCE));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(()) = connections.ended() => continue,
        };
        let Ok(stream) = stream else {
            sleep(OUT_OF_HANDLES).await;
            continue;
        };
        let (counter, token, at_once) = (counter.clone(), token.clone(), at_once.clone());
        connections.serve(|activity| async move {
            let visit = Visit { token, activity, at_once };
            let service = service_fn(|request| counter.clone().hear(request, visit.clone()));
            let served = rules().serve_connection(TokioIo::new(stream), service);
            // A client that goes in the middle is no fault of the door.
            let _ = timeout(limits::CONNECTION, served).await;
        });
    }
}

fn rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADERS_WITHIN)
        .max_buf_size(limits::HEADER_BYTES)
        .max_headers(limits::HEADERS)
        // Those that say all and then close their side still hear the answer.
        .half_close(true);
    rules
}
