//! One ticket at work: each step is told, done, and written down.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tracing::warn;

use super::neighbours::Setups;
use super::trouble::Trouble;
use super::unwritten::Unwritten;
use crate::engine::{Engine, EngineError};
use crate::ledger::Ledger;
use crate::model::container::ContainerId;
use crate::model::fleet::Host;
use crate::model::holder::Holder;
use crate::model::host::HostName;
use crate::model::needs::Accepted;
use crate::model::policy::Policy;
use crate::model::sleeper::Sleeper;
use crate::model::ticket::{Step, Ticket};
use crate::service::Connected;
use crate::service::activity::LastLook;

/// How long a lost host may take to come back before a ticket gives up on it.
const HOST_BACK: Duration = Duration::from_secs(45);

/// What a job tells the desk.
pub(super) enum Note {
    /// The ticket, at another step.
    Ticket(Box<Ticket>),
    /// Sleepers that are new or different, and containers that sleep no more.
    Sleepers { put: Vec<Sleeper>, drop: Vec<ContainerId> },
    /// Records that somebody else made void.
    Void { host: HostName, tenant: Arc<str>, containers: Vec<ContainerId> },
    /// The hosts' abilities were found out.
    Abilities,
    /// The job is over.
    Over(Box<Ticket>),
}

/// What all jobs of a desk share.
pub(super) struct Tools {
    pub ledger: Arc<Ledger>,
    pub holder: Holder,
    pub policy: Policy,
    pub notes: mpsc::Sender<Note>,
    /// Whether somebody uses a tenant, right before a rule's dump touches it.
    pub last_look: LastLook,
    /// How containers beside tenants at work were set up.
    pub setups: Setups,
    /// Ends of tickets that the ledger has not taken.
    pub unwritten: Unwritten,
    /// Whether this process ends with its tickets: what others would do later is done within them.
    pub brief: bool,
}

/// One ticket at work.
pub(super) struct Job {
    pub ticket: Ticket,
    pub tools: Arc<Tools>,
    pub engine: Arc<dyn Engine>,
    /// The host as it was seen when the job began.
    pub host: Option<Arc<Host>>,
    pub connected: watch::Receiver<Connected>,
    /// One canary at a time on this host.
    pub canary: Arc<tokio::sync::Mutex<()>>,
    pub cancelled: watch::Receiver<bool>,
    /// What is written with the ticket's end, in one go.
    pub closing: Closing,
    /// Losses that the operator accepts for this wake.
    pub accepted: Vec<Accepted>,
    /// Why nothing of this ticket can be written down; then it is not in the ledger, and no lease keeps others away.
    pub unrecorded: Option<String>,
    /// Since when the tenant had slept that is put to sleep deeper: that begins no new sleep.
    pub asleep_since: Option<Timestamp>,
}

/// What has become of sleepers, where nothing more is done that relies on it: it is written with the ticket's end.
#[derive(Default)]
pub(super) struct Closing {
    pub put: Vec<Sleeper>,
    pub drop: Vec<ContainerId>,
}

impl Job {
    /// Does one step: says that it begins, does it, and writes down how it went.
    pub async fn step<T>(
        &mut self,
        what: &str,
        container: Option<&Arc<str>>,
        act: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, Trouble> {
        let trouble = |error| Trouble::Engine { what: what.to_owned(), error };
        self.told_step(what, container, async { act.await.map_err(trouble) }).await
    }

    /// As `step`, for what is more than one call of the engine.
    pub async fn told_step<T>(
        &mut self,
        what: &str,
        container: Option<&Arc<str>>,
        act: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let index = self.ticket.steps.len();
        let step = Step {
            what: what.to_owned(),
            container: container.cloned(),
            began: Timestamp::now(),
            ended: None,
            error: None,
        };
        self.ticket.steps.push(step);
        self.tell();
        crash_point();
        // Steps are for people; what a recovery needs was written before. So the step is written down while it is done, and
        // its end with the next one, or with the ticket's.
        let act = async {
            let result = act.await;
            (result, Timestamp::now())
        };
        let written = async {
            match self.unrecorded {
                Some(_) => Ok(true),
                None => self.tools.ledger.progress(&self.ticket, &self.tools.holder, &[], &[]).await,
            }
        };
        let ((result, ended), written) = tokio::join!(act, written);
        crash_point();
        let step = &mut self.ticket.steps[index];
        step.ended = Some(ended);
        step.error = result.as_ref().err().map(ToString::to_string);
        self.tell();
        match written {
            Ok(true) => {}
            Ok(false) => return Err(Trouble::TakenOver),
            Err(error) => warn!(ticket = %self.ticket.id, %error, "a step could not be written down"),
        }
        result
    }

    /// Shows how far the ticket is. A desk that is busy shows the next step instead.
    pub fn tell(&self) {
        let _ = self.tools.notes.try_send(Note::Ticket(Box::new(self.ticket.clone())));
    }

    /// Writes sleepers down, and shows them.
    pub async fn put(&self, sleepers: &[Sleeper]) -> Result<(), Trouble> {
        self.write(sleepers.to_vec(), Vec::new()).await
    }

    /// Writes down that containers sleep no more, and shows it.
    pub async fn drop_sleepers(&self, sleepers: &[Sleeper]) -> Result<(), Trouble> {
        let containers = sleepers.iter().map(|sleeper| sleeper.container.clone()).collect();
        self.write(Vec::new(), containers).await
    }

    /// Writes down now what else would be with the ticket's end: something is still to be done that relies on it.
    pub async fn close_now(&mut self) -> Result<(), Trouble> {
        let Closing { put, drop } = std::mem::take(&mut self.closing);
        self.write(put, drop).await
    }

    async fn write(&self, put: Vec<Sleeper>, drop: Vec<ContainerId>) -> Result<(), Trouble> {
        if self.unrecorded.is_some() {
            // What is in the ledger is void once the tenant runs, and is dropped when there is room again.
            return Ok(());
        }
        let tools = &self.tools;
        if !tools.ledger.progress(&self.ticket, &tools.holder, &put, &drop).await? {
            return Err(Trouble::TakenOver);
        }
        crash_point();
        self.note(Note::Sleepers { put, drop }).await;
        Ok(())
    }

    /// A job for another ticket on the same host.
    pub fn beside(&self, ticket: Ticket) -> Job {
        Job {
            ticket,
            tools: self.tools.clone(),
            engine: self.engine.clone(),
            host: self.host.clone(),
            connected: self.connected.clone(),
            canary: self.canary.clone(),
            cancelled: self.cancelled.clone(),
            closing: Closing::default(),
            accepted: Vec::new(),
            unrecorded: None,
            asleep_since: None,
        }
    }

    /// Tells the desk what it must not miss.
    pub async fn note(&self, note: Note) {
        // The desk outlives its jobs; where it is gone, nobody looks any more.
        let _ = self.tools.notes.send(note).await;
    }

    /// How long a container may take to stop.
    pub fn grace(&self, sleeper: &Sleeper) -> Duration {
        self.tools.policy.grace_for(sleeper.stop_timeout)
    }

    /// Gives up here if somebody called the ticket off.
    pub fn check_cancelled(&self) -> Result<(), Trouble> {
        if *self.cancelled.borrow() { Err(Trouble::Cancelled) } else { Ok(()) }
    }

    /// Waits until a lost host is back, and takes its new connection.
    pub async fn wait_for_host(&mut self) -> Result<(), Trouble> {
        let lost = self.engine.clone();
        let mut connected = self.connected.clone();
        let is_new = |now: &Connected| now.as_ref().is_some_and(|engine| !Arc::ptr_eq(engine, &lost));
        let back = async {
            // A break that nobody else noticed: the connection may be good.
            if lost.ping().await.is_ok() {
                return Some(lost.clone());
            }
            connected.wait_for(is_new).await.ok().and_then(|engine| engine.clone())
        };
        match timeout(HOST_BACK, back).await {
            Ok(Some(engine)) => {
                self.engine = engine;
                Ok(())
            }
            _ => Err(Trouble::NoHost(format!("{} did not come back", self.ticket.host))),
        }
    }
}

/// A place where a test may kill this program: at the point of that number, counted from 1, in `WAKEBOARD_CRASH_AT`.
/// Programs built for use do not have it.
pub(super) fn crash_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let at = std::env::var("WAKEBOARD_CRASH_AT").ok().and_then(|at| at.parse().ok());
        if at == Some(PASSED.fetch_add(1, Ordering::SeqCst) + 1) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
