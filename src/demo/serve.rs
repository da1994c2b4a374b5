//! Simulated engines as servers: one unix socket a host, all on the runtime of whoever starts them.

mod answer;
mod call;
mod containers;
mod flaw;
mod images;
mod request;
mod route;
mod socket;
mod stream;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::act::Step;
use super::sim::Refusal;
use super::world::World;
use crate::config::scenario::{Act, Fault, Scenario};
use crate::model::host::{Endpoint, HostSpec};

/// The longest path that a unix socket can have on every system that we run on.
const LONGEST_SOCKET: usize = 103;

/// The simulation cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A socket or its folder cannot be made.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder's name leaves no room for the sockets in it.
    #[error("{}: a socket's path has at most {LONGEST_SOCKET} bytes: choose a folder with a shorter name", .0.display())]
    TooLong(PathBuf),
    /// Something is there that we did not make.
    #[error("{}: is there already, and no socket", .0.display())]
    Taken(PathBuf),
    /// Another simulation is being served there.
    #[error("{}: somebody else is serving there: choose another folder", .0.display())]
    InUse(PathBuf),
}

/// The time of a simulation: the machine's at its start, then as much later as has passed.
#[derive(Clone, Copy, Debug)]
struct Clock {
    wall: Timestamp,
    steady: Instant,
}

impl Clock {
    fn start() -> Self {
        Clock { wall: Timestamp::now(), steady: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.wall + self.steady.elapsed()
    }
}

/// What every connection shares.
#[derive(Debug)]
struct Shared {
    world: World,
    clock: Clock,
    tempo: f64,
}

/// A simulation that is being served. It ends, and its sockets go, when this is dropped.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    sockets: Vec<PathBuf>,
    tasks: JoinSet<()>,
}

/// Serves `scenario` from sockets in `folder`, which is made if it is missing. Must be called within a tokio runtime.
///
/// # Errors
/// Says which socket cannot be made, and why.
pub fn spawn(scenario: &Scenario, folder: &Path) -> Result<Running, ServeError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ServeError::Io { path, source }
    };
    let folder = std::path::absolute(folder).map_err(failed(folder))?;
    std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let clock = Clock::start();
    let world = World::new(scenario, clock.wall);
    let shared = Arc::new(Shared { world, clock, tempo: scenario.time_scale });
    let mut running = Running { shared: Arc::clone(&shared), sockets: Vec::new(), tasks: JoinSet::new() };
    for (number, host) in shared.world.hosts.iter().enumerate() {
        let path = folder.join(format!("{}.sock", host.name));
        if path.as_os_str().len() > LONGEST_SOCKET {
            return Err(ServeError::TooLong(path));
        }
        socket::clear(&path)?;
        let refused = host.faults.borrow().contains(&Fault::Refused);
        let listener =
            if refused { None } else { Some(tokio::net::UnixListener::bind(&path).map_err(failed(&path))?) };
        running.sockets.push(path.clone());
        let serving = socket::run(number, Arc::clone(&shared), path, listener);
        running.tasks.spawn(serving);
    }
    running.tasks.spawn(live(shared));
    Ok(running)
}

/// Lets what is due happen, for ever.
async fn live(shared: Arc<Shared>) {
    loop {
        let next = shared.world.run_until(shared.clock.now());
        let wait = async {
            match next {
                Some(due) => {
                    let left = due.duration_since(shared.clock.now());
                    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = shared.world.changed.notified() => {}
        }
    }
}

impl Running {
    /// The hosts, as the rest of wakeboard takes them.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostSpec> {
        let spec = |(host, socket): (&Arc<super::world::Host>, &PathBuf)| HostSpec {
            name: Arc::clone(&host.name),
            endpoint: Endpoint::Unix(socket.clone()),
        };
        self.shared.world.hosts.iter().zip(&self.sockets).map(spec).collect()
    }

    /// Makes this, and nothing else, be wrong with a host; `None` makes it well. The socket follows a moment later.
    ///
    /// # Errors
    /// Says where there is no such host.
    pub fn fault(&self, host: &str, fault: Option<Fault>) -> Result<(), Refusal> {
        let number = self.number(host)?;
        self.faults(number, fault.into_iter().collect());
        Ok(())
    }

    /// Makes all of these, and nothing else, be wrong with a host.
    ///
    /// # Errors
    /// Says where there is no such host.
    pub fn suffer(&self, host: &str, faults: Vec<Fault>) -> Result<(), Refusal> {
        let number = self.number(host)?;
        self.faults(number, faults);
        Ok(())
    }

    fn faults(&self, host: usize, faults: Vec<Fault>) {
        let host = &self.shared.world.hosts[host];
        for fault in &faults {
            host.forget(*fault);
        }
        host.suffer(faults);
    }

    /// Does `act` to a container, by its name or id. The first step is done on return, the others follow as they do on
    /// a real engine.
    ///
    /// # Errors
    /// Refuses what a real engine would refuse.
    pub fn act(&self, host: &str, container: &str, act: Act) -> Result<(), Refusal> {
        let number = self.number(host)?;
        self.shared.world.act(number, container, act, self.shared.clock.now()).map(|_| ())
    }

    /// Does one step to a container at once: one event, or none where it does not fit.
    ///
    /// # Errors
    /// Says where there is no such host or container.
    pub fn step(&self, host: &str, container: &str, step: &Step) -> Result<(), Refusal> {
        let number = self.number(host)?;
        self.shared.world.step(number, container, step, self.shared.clock.now())
    }

    /// Everything simulated, to look into.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    fn number(&self, host: &str) -> Result<usize, Refusal> {
        let found = self.shared.world.hosts.iter().position(|it| *it.name == *host);
        found.ok_or_else(|| Refusal::new(404, format!("No such host: {host}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.abort_all();
        for socket in &self.sockets {
            // Gone already while it was refusing.
            let _ = std::fs::remove_file(socket);
        }
    }
}
