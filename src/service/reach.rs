//! Which of the addresses of a container answers: all are tried at once, and the first that takes connections is taken.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::reach::Candidate;

/// How long one address may take to accept a connection.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A proxy of the engine takes every connection, and drops those that lead nowhere: one that lasts so long is real.
const HOLDS: Duration = Duration::from_millis(30);
/// More addresses than these are left out of a reason.
const MOST_TOLD: usize = 3;

/// The first of these addresses that takes connections.
///
/// # Errors
/// Why none does, with each address: `connection refused at 172.17.0.2:80`.
pub async fn answering(candidates: &[Candidate]) -> Result<Candidate, String> {
    first(candidates, |one| async move { takes_connections(one).await.map(|()| one) }).await
}

/// What comes of the first of these addresses at which it succeeds.
///
/// # Errors
/// Why it does at none.
pub(super) async fn first<T, F>(
    candidates: &[Candidate],
    attempt: impl Fn(Candidate) -> F,
) -> Result<T, String>
where
    F: Future<Output = Result<T, String>>,
{
    let attempt = &attempt;
    let tried = candidates.iter().map(|one| async move {
        let result = timeout(ATTEMPT, attempt(*one)).await;
        result.unwrap_or_else(|_| Err("no answer".to_owned())).map_err(|why| format!("{why} at {}", one.at))
    });
    let mut under_way: FuturesUnordered<_> = tried.collect();
    let mut faults = Vec::new();
    while let Some(result) = under_way.next().await {
        match result {
            Ok(found) => return Ok(found),
            Err(why) => faults.push(why),
        }
    }
    faults.truncate(MOST_TOLD);
    Err(faults.join(", "))
}

/// Whether an address takes connections, and keeps them.
///
/// # Errors
/// Why it does not.
pub async fn takes_connections(candidate: Candidate) -> Result<(), String> {
    let mut stream = connect(candidate.at).await?;
    if candidate.straight {
        return Ok(());
    }
    let mut byte = [0];
    // Silence is what is hoped for; the end of the stream, or an error, says that nobody is behind it.
    match timeout(HOLDS, stream.read(&mut byte)).await {
        Err(_) | Ok(Ok(1)) => Ok(()),
        Ok(_) => Err("connection dropped".to_owned()),
    }
}

/// Connects to an address.
///
/// # Errors
/// Why that does not work, in words.
pub(super) async fn connect(at: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(at).await.map_err(|error| words(&error))?;
    // On loopback a connection to a port where nobody listens may, by chance, be one to itself.
    let is_itself = stream.local_addr().is_ok_and(|own| own == at);
    if is_itself { Err("connection refused".to_owned()) } else { Ok(stream) }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no way there".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        (listener, at)
    }

    fn straight(at: SocketAddr) -> Candidate {
        Candidate { at, straight: true }
    }

    /// An address that answers nothing: the queue of its listener is full.
    async fn silent() -> (tokio::net::TcpListener, Vec<TcpStream>, SocketAddr) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let at = full.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(100), TcpStream::connect(at)).await {
            queued.push(stream);
        }
        (full, queued, at)
    }

    #[tokio::test]
    async fn one_that_answers_is_found_beside_one_that_is_silent_and_one_that_refuses() {
        let (shut, refuses) = listener().await;
        drop(shut);
        let (_full, _queued, silent) = silent().await;
        let (_listener, answers) = listener().await;
        let began = Instant::now();
        let found = answering(&[silent, refuses, answers].map(straight)).await;
        assert_eq!(found, Ok(straight(answers)));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn where_none_answers_each_address_is_told() {
        let (shut, refuses) = listener().await;
        drop(shut);
        let (_full, _queued, silent) = silent().await;
        let why = answering(&[silent, refuses].map(straight)).await.unwrap_err();
        assert_eq!(why, format!("connection refused at {refuses}, no answer at {silent}"));
    }

    #[tokio::test]
    async fn a_proxy_that_drops_its_connections_leads_nowhere() {
        let (listener, at) = listener().await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream);
            }
        });
        let led = Candidate { at, straight: false };
        assert_eq!(answering(&[led]).await, Err(format!("connection dropped at {at}")));
        assert_eq!(answering(&[straight(at)]).await, Ok(straight(at)));
    }
}
