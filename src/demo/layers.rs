//! The demo's own call chain: real servers on loopback, at ports that the kernel gives, for the callmap
//! `callmaps/demo.yaml`. Now and then one of them breaks for some seconds, and mends.

mod authority;
mod file;
mod gate;
mod names;
mod pages;
mod trouble;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use authority::Certificates;
use gate::Speech;

pub use trouble::{Place, Trouble};

/// The site that all of them serve.
pub const SITE: &str = "www.shop.test";

/// The callmap's file, and that of the authority which it trusts.
const CALLMAP: &str = "demo.yaml";
const AUTHORITY: &str = "demo-ca.pem";

/// The chain cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LayersError {
    /// A file or a socket.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error("the demo's certificates cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A certificate could not be used.
    #[error("the demo's certificates cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The callmap has no such var or key.
    #[error("the demo's callmap has no {0}")]
    Var(&'static str),
}

/// A chain that is being served. It ends when this is dropped.
#[derive(Debug)]
pub struct Layers {
    callmap: PathBuf,
    trouble: watch::Sender<Option<Trouble>>,
    tasks: JoinSet<()>,
}

/// Serves the chain, and writes its callmap and the certificate of its authority into `folder`. All is well until
/// [`Layers::suffer`] or [`Layers::live`]. Must be called within a tokio runtime.
///
/// # Errors
/// A certificate, a socket or a file cannot be made.
pub async fn start(folder: &Path) -> Result<Layers, LayersError> {
    let certificates = Arc::new(Certificates::new()?);
    let (trouble, _) = watch::channel(None);
    let mut tasks = JoinSet::new();
    let mut vars: Vec<(&'static str, String)> = vec![("site", SITE.to_owned())];

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(on("a resolver on loopback"))?;
    vars.push(("dns", address(socket.local_addr())?));
    tasks.spawn(names::serve(socket, trouble.subscribe()));
    for (var, place) in Place::ALL {
        let what = on("a server on loopback");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(what)?;
        vars.push((var, address(listener.local_addr())?));
        let speech = match place {
            Place::Edge(_) => Speech::Secure(Arc::clone(&certificates)),
            Place::Web(_) | Place::App => Speech::Plain,
            Place::Db => Speech::Greeting,
        };
        tasks.spawn(gate::serve(listener, place, speech, trouble.subscribe()));
    }

    let callmap = folder.join(CALLMAP);
    write(&folder.join(AUTHORITY), certificates.authority())?;
    write(&callmap, &file::filled(include_str!("../../callmaps/demo.yaml"), &vars, AUTHORITY)?)?;
    Ok(Layers { callmap, trouble, tasks })
}

fn on(what: &str) -> impl FnOnce(io::Error) -> LayersError {
    let what = what.to_owned();
    move |source| LayersError::Io { what, source }
}

fn address(bound: io::Result<SocketAddr>) -> Result<String, LayersError> {
    bound.map(|address| address.to_string()).map_err(on("a socket on loopback"))
}

fn write(file: &Path, text: &str) -> Result<(), LayersError> {
    std::fs::write(file, text).map_err(on(&file.display().to_string()))
}

impl Layers {
    /// The callmap of this chain, with its ports: a file that needs nothing else.
    #[must_use]
    pub fn callmap(&self) -> &Path {
        &self.callmap
    }

    /// Makes this, and nothing else, be wrong; `None` makes all well. A server that goes or comes back does so a moment
    /// later.
    pub fn suffer(&self, trouble: Option<Trouble>) {
        self.trouble.send_replace(trouble);
    }

    /// Lets one thing after the other break for some seconds, with longer times in between in which all is well. The same
    /// seed gives the same troubles.
    pub fn live(&mut self, seed: u64) {
        self.tasks.spawn(trouble::live(self.trouble.clone(), seed));
    }
}
