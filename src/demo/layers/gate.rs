//! The door of one server: it lets connections in, or is gone, and lets go of those that are in.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::authority::Certificates;
use super::pages;
use super::trouble::{Place, Trouble};

/// How long a connection may last, and how many there may be.
const LONGEST: Duration = Duration::from_secs(30);
const MOST: usize = 256;
/// How long until it is tried again to listen.
const AGAIN: Duration = Duration::from_millis(100);

/// What is spoken behind a door.
#[derive(Clone, Debug)]
pub enum Speech {
    /// HTTP.
    Plain,
    /// HTTP over TLS.
    Secure(Arc<Certificates>),
    /// One line, unasked.
    Greeting,
}

/// Serves until it is aborted.
pub async fn serve(
    listener: TcpListener,
    place: Place,
    speech: Speech,
    mut trouble: watch::Receiver<Option<Trouble>>,
) {
    let Ok(address) = listener.local_addr() else { return };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let now = *trouble.borrow_and_update();
        if now == Some(Trouble::Down(place)) {
            listener = None;
            connections.abort_all();
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        tokio::select! {
            changed = trouble.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            accepted = accept(listener.as_ref()), if connections.len() < MOST => {
                if let Some(stream) = accepted {
                    let mine = trouble.borrow().filter(|trouble| trouble.befalls(place));
                    let speaking = speak(stream, place, speech.clone(), mine);
                    connections.spawn(timeout(LONGEST, speaking));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// The next connection, or none after a while where nobody listens or there are no more file handles.
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    if let Some(listener) = listener
        && let Ok((stream, _)) = listener.accept().await
    {
        return Some(stream);
    }
    sleep(AGAIN).await;
    None
}

async fn speak(mut stream: TcpStream, place: Place, speech: Speech, trouble: Option<Trouble>) {
    match speech {
        Speech::Plain => http(stream, place, trouble).await,
        Speech::Secure(certificates) => {
            let acceptor = TlsAcceptor::from(Arc::clone(certificates.of(trouble)));
            if let Ok(stream) = acceptor.accept(stream).await {
                http(stream, place, trouble).await;
            }
        }
        Speech::Greeting => {
            // Whoever only knocks is gone already.
            let _ = stream.write_all(pages::GREETING.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn http<S>(stream: S, place: Place, trouble: Option<Trouble>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| pages::answer(request, place, trouble));
    // A client that goes in mid-answer is no error of ours.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
