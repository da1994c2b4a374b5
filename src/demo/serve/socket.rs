//! One host's socket: accepting, and letting go of everything when a fault takes it away.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::{ServeError, Shared, route};
use crate::config::scenario::{Fault, Garbage};

/// Removes a socket that was left behind; anything else there, and a socket that somebody serves, is not ours.
pub(super) fn clear(path: &Path) -> Result<(), ServeError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(ServeError::InUse(path.to_owned()));
            }
            std::fs::remove_file(path).map_err(|source| ServeError::Io { path: path.to_owned(), source })
        }
        Ok(_) => Err(ServeError::Taken(path.to_owned())),
        Err(_) => Ok(()),
    }
}

/// Serves one host until it is aborted; its connections go with it.
pub(super) async fn run(host: usize, shared: Arc<Shared>, path: PathBuf, mut listener: Option<UnixListener>) {
    let mut faults = shared.world.hosts[host].faults.subscribe();
    let mut connections = JoinSet::new();
    let mut interrupted = false;
    loop {
        let current = faults.borrow_and_update().clone();
        let refused = current.contains(&Fault::Refused);
        let interrupts = refused || current.contains(&Fault::Garbage(Garbage::NotHttp));
        // Once: those that come while the fault lasts meet the fault itself.
        if interrupts && !interrupted {
            connections.abort_all();
        }
        interrupted = interrupts;
        if refused && listener.take().is_some() {
            let _ = std::fs::remove_file(&path);
        }
        if !refused && listener.is_none() {
            listener = UnixListener::bind(&path).ok();
        }
        tokio::select! {
            changed = faults.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            accepted = accept(listener.as_ref()) => {
                if let Some(stream) = accepted {
                    connections.spawn(serve(stream, host, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// The next connection, or none after a while where there is no listener or no more file handles.
async fn accept(listener: Option<&UnixListener>) -> Option<UnixStream> {
    if let Some(listener) = listener
        && let Ok((stream, _)) = listener.accept().await
    {
        return Some(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    None
}

async fn serve(mut stream: UnixStream, host: usize, shared: Arc<Shared>) {
    let not_http = Fault::Garbage(Garbage::NotHttp);
    if shared.world.hosts[host].faults.borrow().contains(&not_http) {
        // The question is read first: to close on unread bytes would cut the connection, which is another fault.
        let mut question = [0; 4096];
        let _ = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut question)).await;
        // Whoever asks reads this instead of an answer; whether it could be written is no matter.
        let _ = stream.write_all(b"\x00\xffSSH-2.0-this-is-no-engine\r\n\r\n\x16\x03\x01").await;
        let _ = stream.shutdown().await;
        return;
    }
    let service = service_fn(|request| route::answer(request, host, Arc::clone(&shared)));
    // A client that goes in mid-answer is no error of ours.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
