//! The door for deploy tools, CI and git hooks: HTTP over a socket of this machine, and over an address where that is switched
//! on.
//!
//! Of several consoles of one account on one machine, the first one has the doors; another takes them over when it ends.

mod answer;
mod letter;
mod limits;
mod pace;
mod place;
mod problem;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::{IsTenant, Tell};
use crate::model::token::Token;
use answer::Counter;
use place::{Held, Socket};

/// How often it is looked whether another console has ended, or our socket is gone.
const LOOK: Duration = Duration::from_secs(2);
/// How long to wait before a door that cannot be opened is tried again.
const AGAIN: Duration = Duration::from_secs(15);

/// Where the doors are.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of the socket: of this account alone, or it is made so.
    pub folder: PathBuf,
    /// An address as well, for those who say the token.
    pub http: Option<(SocketAddr, Token)>,
}

/// How a door is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is not there.
    #[default]
    Absent,
    /// Open, there.
    Open(String),
    /// Another console of this account has it.
    Elsewhere,
    /// It cannot be opened, and why.
    Shut(String),
}

/// How the doors are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// The socket.
    pub socket: Standing,
    /// The address.
    pub http: Standing,
}

/// The doors. They close when this is dropped.
#[derive(Debug)]
pub struct Doors {
    standings: watch::Receiver<Standings>,
    task: AbortHandle,
}

impl Doors {
    /// Opens them as soon as nobody else has them. Must be called within a tokio runtime.
    #[must_use]
    pub fn open(places: Places, tell: Tell, is_tenant: IsTenant) -> Self {
        let (standings_in, standings) = watch::channel(Standings::default());
        let counter = Arc::new(Counter::new(tell, is_tenant));
        let task = tokio::spawn(keep(places, counter, standings_in)).abort_handle();
        Doors { standings, task }
    }

    /// How they are at each moment.
    #[must_use]
    pub fn standings(&self) -> watch::Receiver<Standings> {
        self.standings.clone()
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(places: Places, counter: Arc<Counter>, standings: watch::Sender<Standings>) {
    let has_http = places.http.is_some();
    let both = |standing: Standing| Standings {
        http: if has_http { standing.clone() } else { Standing::Absent },
        socket: standing,
    };
    loop {
        // Held as long as we serve: it goes with this process, however that ends.
        let held = match Held::take(&places.folder) {
            Ok(Some(held)) => held,
            Ok(None) => {
                say(&standings, |now| *now = both(Standing::Elsewhere));
                sleep(LOOK).await;
                continue;
            }
            Err(error) => {
                say(&standings, |now| *now = both(Standing::Shut(error.to_string())));
                sleep(AGAIN).await;
                continue;
            }
        };
        let over_socket = keep_socket(&held, counter.clone(), &standings);
        let over_http = async {
            match &places.http {
                Some((address, token)) => {
                    keep_http(*address, token, counter.clone(), &standings).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::join!(over_socket, over_http);
    }
}

async fn keep_socket(held: &Held, counter: Arc<Counter>, standings: &watch::Sender<Standings>) {
    loop {
        match Socket::bind(held) {
            Ok(socket) => {
                let path = socket.path().display().to_string();
                say(standings, |now| now.socket = Standing::Open(path));
                tokio::select! {
                    never = serve::serve(socket.listener(), counter.clone(), None) => match never {},
                    // Somebody may tidy up the folder under us.
                    () = async { while socket.is_there() { sleep(LOOK).await } } => {}
                }
            }
            Err(error) => {
                say(standings, |now| now.socket = Standing::Shut(error.to_string()));
                sleep(AGAIN).await;
            }
        }
    }
}

async fn keep_http(
    address: SocketAddr,
    token: &Token,
    counter: Arc<Counter>,
    standings: &watch::Sender<Standings>,
) {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let at = listener.local_addr().unwrap_or(address);
                say(standings, |now| now.http = Standing::Open(format!("http://{at}")));
                match serve::serve(&listener, counter.clone(), Some(token.clone())).await {}
            }
            Err(error) => {
                say(standings, |now| now.http = Standing::Shut(format!("{address}: {error}")));
                sleep(AGAIN).await;
            }
        }
    }
}

/// Says how the doors are, where that is another than before.
fn say(standings: &watch::Sender<Standings>, change: impl FnOnce(&mut Standings)) {
    standings.send_if_modified(|now| {
        let before = now.clone();
        change(now);
        for (door, before, now) in
            [("socket", &before.socket, &now.socket), ("http", &before.http, &now.http)]
        {
            match now {
                _ if before == now => {}
                Standing::Open(at) => tracing::info!(door, at, "notes are taken"),
                Standing::Elsewhere => tracing::info!(door, "another console takes the notes"),
                Standing::Shut(why) => tracing::warn!(door, why, "no notes can be taken"),
                Standing::Absent => {}
            }
        }
        before != *now
    });
}
