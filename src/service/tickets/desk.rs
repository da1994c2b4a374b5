//! The desk: takes orders, lets so many tickets at once go to work on each host, and publishes how they fare.

mod board;
mod mending;
mod orders;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::job::{Note, Tools};
use super::lane::Lane;
use super::neighbours::Setups;
use super::numbers::Numbers;
use super::shift::Duty;
use super::tidy;
use super::told;
use super::unwritten::Unwritten;
use crate::engine::Engine;
use crate::ledger::{self, Ledger};
use crate::model::ability::Ability;
use crate::model::callmap::kept::Run;
use crate::model::change::Retention;
use crate::model::container::ContainerId;
use crate::model::fleet::Fleet;
use crate::model::holding::Wanted;
use crate::model::host::HostName;
use crate::model::ledger::{ClockCheck, KeyPlaces, Where};
use crate::model::needs::Accepted;
use crate::model::policy::Policy;
use crate::model::sleeper::Sleeper;
use crate::model::ticket::{Ticket, TicketId};
use crate::model::work::{Keeping, Record, Work};
use crate::service::Connected;
use crate::service::activity::LastLook;

/// How many notes of jobs may wait.
const MOST_NOTES: usize = 1024;
/// How many tickets that ended stay on the screen.
const MOST_ENDED: usize = 500;
/// How often the ledger is asked whether somebody else has written to it, and for tickets that were cut off.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What tickets may do, and where they are kept.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The operator's rules.
    pub policy: Policy,
    /// Where the ledger is; without one nothing can be dumped or woken.
    pub ledger: Option<Where>,
    /// Where its keys are.
    pub ledger_keys: KeyPlaces,
    /// The folder for copies of checkpoints, from engines that give them out.
    pub copies: Option<PathBuf>,
    /// Whether tickets that were cut off, by whomever, are finished or undone here.
    pub mends: bool,
    /// Whether this is only about some work, and nobody looks on: then engines are not asked what they are and what they
    /// remember, nor the ledger what is over. Docker starts three programs to answer, beside those that do the work.
    pub brief: bool,
    /// Whether what engines and hosts tell is written into the ledger. A short command leaves that to those that stay.
    pub records: bool,
    /// How long that is kept.
    pub retention: Retention,
    /// Whose use is measured, and by which thresholds; nobody's where there is nothing.
    pub measures: Option<Arc<crate::model::keeper::Rules>>,
}

/// One ticket that is asked for.
pub(in crate::service) struct Asked {
    pub ticket: Ticket,
    pub force: bool,
    pub deeper: bool,
    pub timeout: Option<Duration>,
    /// Losses that the operator accepts for this wake.
    pub accepted: Vec<Accepted>,
}

/// What the desk is told.
pub(in crate::service) enum Command {
    Ask(Box<Asked>),
    Cancel(TicketId),
    /// Look for what was cut off now, and say when that is done.
    Look(oneshot::Sender<()>),
}

/// What the desk needs.
pub(in crate::service) struct Start {
    pub rules: Rules,
    pub hosts: Vec<(HostName, watch::Receiver<Connected>)>,
    pub fleet: watch::Receiver<Arc<Fleet>>,
    pub commands: mpsc::Receiver<Command>,
    pub work: watch::Sender<Arc<Work>>,
    /// When the ledger was last read.
    pub looked: watch::Sender<Option<Timestamp>>,
    /// Whether somebody uses a tenant that a rule puts to sleep.
    pub last_look: LastLook,
    /// Where the numbers of tickets are from.
    pub numbers: Arc<Numbers>,
}

/// One host, as the desk sees it.
struct HostDesk {
    connected: watch::Receiver<Connected>,
    lane: Lane,
    canary: Arc<tokio::sync::Mutex<()>>,
    /// The connection over which left over containers were last looked for.
    swept: Option<Weak<dyn Engine>>,
    /// What was last held there, over which connection, and when.
    held: Option<(Weak<dyn Engine>, Wanted, Instant)>,
}

/// A ticket of this desk that has not ended.
struct Mine {
    ticket: Ticket,
    duty: Option<Duty>,
    cancel: watch::Sender<bool>,
    /// It was cut off in another process, and is only finished or undone here.
    is_recovered: bool,
}

/// The desk.
pub(in crate::service) struct Desk {
    mends: bool,
    tools: Arc<Tools>,
    notes: mpsc::Receiver<Note>,
    fleet: watch::Receiver<Arc<Fleet>>,
    hosts: HashMap<HostName, HostDesk>,
    mine: BTreeMap<TicketId, Mine>,
    others: Vec<Arc<Ticket>>,
    ended: VecDeque<Arc<Ticket>>,
    /// The latest runs of callmaps, by whomever. The desk only shows them.
    runs: Vec<Arc<Run>>,
    sleepers: BTreeMap<ContainerId, Arc<Sleeper>>,
    abilities: Vec<Ability>,
    version: Option<i64>,
    /// The keeper that works on this ledger.
    keeper: Option<Keeping>,
    /// Nobody looks on.
    brief: bool,
    turn: u64,
    jobs: JoinSet<()>,
    watch: tidy::Watch,
    /// Tenants that were tried to be brought back: how often, and until when that is not tried again.
    tried: HashMap<(HostName, Arc<str>), (u32, Instant)>,
    work: watch::Sender<Arc<Work>>,
    /// When the ledger was last read.
    read: Option<Timestamp>,
    looked: watch::Sender<Option<Timestamp>>,
    numbers: Arc<Numbers>,
}

/// Opens the ledger and keeps the desk until nobody is there any more to give orders.
pub(in crate::service) async fn keep(start: Start) {
    let Start { rules, hosts, fleet, mut commands, work, looked, last_look, numbers } = start;
    let missing =
        |reason: String| Arc::new(Work { record: Record::Missing(reason.into()), ..Work::default() });
    let Some(place) = rules.ledger else {
        work.send_replace(missing("there is no ledger".to_owned()));
        return std::future::pending().await;
    };
    let opened = loop {
        match Ledger::open_with(&place, &rules.ledger_keys).await {
            Ok(opened) => match wrong_clock(&opened).await {
                None => break opened,
                Some(reason) => {
                    warn!("{reason}");
                    work.send_replace(missing(reason));
                }
            },
            Err(error) => {
                warn!(%error, "the ledger cannot be opened");
                work.send_replace(missing(error.to_string()));
            }
        }
        told::turn_away(&mut commands, &work, LOOK_EVERY * 5).await;
    };
    let (notes_in, notes) = mpsc::channel(MOST_NOTES);
    let tools = Arc::new(Tools {
        ledger: Arc::new(opened),
        holder: ledger::here().clone(),
        policy: rules.policy,
        notes: notes_in,
        last_look,
        setups: Setups::default(),
        unwritten: Unwritten::default(),
        brief: rules.brief,
    });
    let hosts = hosts
        .into_iter()
        .map(|(name, connected)| {
            (
                name,
                HostDesk {
                    connected,
                    lane: Lane::default(),
                    canary: Arc::default(),
                    swept: None,
                    held: None,
                },
            )
        })
        .collect();
    let desk = Desk {
        mends: rules.mends,
        tools,
        notes,
        fleet,
        hosts,
        mine: BTreeMap::new(),
        others: Vec::new(),
        ended: VecDeque::new(),
        runs: Vec::new(),
        sleepers: BTreeMap::new(),
        abilities: Vec::new(),
        version: None,
        keeper: None,
        brief: rules.brief,
        turn: 0,
        jobs: JoinSet::new(),
        watch: tidy::Watch::default(),
        tried: HashMap::new(),
        work,
        read: None,
        looked,
        numbers,
    };
    desk.run(commands).await;
}

/// Why nothing may be done by this machine's clock. One that is a little off is told.
async fn wrong_clock(ledger: &Ledger) -> Option<String> {
    // Where it cannot be asked, the next call tells why.
    let ahead = ledger.clock_ahead().await.ok()?;
    let seconds = ahead.abs().as_secs_f64();
    let way = if ahead.is_negative() { "behind" } else { "ahead of" };
    let told = format!("this machine's clock is {seconds:.1} s {way} the ledger's");
    match ClockCheck::of(ahead) {
        ClockCheck::Agrees => None,
        ClockCheck::IsOff => {
            warn!("{told}; leases allow for some seconds: set it right");
            None
        }
        ClockCheck::IsWrong => {
            Some(format!("{told}: nothing is done before it is set right, since leases go by it"))
        }
    }
}

impl Desk {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut look = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = sleep_until(look) => {
                    if self.look().await {
                        self.publish();
                    }
                    // Only now does everybody see what was read.
                    self.looked.send_replace(self.read);
                    look = Instant::now() + LOOK_EVERY;
                }
                Some(note) = self.notes.recv() => {
                    self.take(note).await;
                    self.publish();
                }
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    match command {
                        Command::Ask(asked) => self.ask(*asked).await,
                        Command::Cancel(ticket) => self.cancel(ticket).await,
                        Command::Look(done) => {
                            self.look().await;
                            // Whoever asked may have gone meanwhile.
                            let _ = done.send(());
                        }
                    }
                    self.publish();
                }
                Some(result) = self.jobs.join_next() => {
                    // A panic of a job is a fault of ours: it must not stay unseen.
                    if let Err(error) = result && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
            }
        }
    }

    async fn cancel(&mut self, id: TicketId) {
        let Some(mine) = self.mine.get(&id) else { return };
        let host = mine.ticket.host.clone();
        let waits = self.hosts.get_mut(&host).is_some_and(|desk| desk.lane.leave(id));
        if waits {
            if let Some(mine) = self.mine.remove(&id) {
                self.refuse(mine.ticket, "cancelled before it began".to_owned()).await;
            }
        } else {
            mine.cancel.send_replace(true);
        }
    }

    async fn take(&mut self, note: Note) {
        match note {
            Note::Ticket(ticket) => {
                if let Some(mine) = self.mine.get_mut(&ticket.id) {
                    mine.ticket = *ticket;
                }
            }
            Note::Sleepers { put, drop } => {
                for container in drop {
                    self.sleepers.remove(&container);
                }
                for sleeper in put {
                    self.sleepers.insert(sleeper.container.clone(), Arc::new(sleeper));
                }
                self.turn += 1;
            }
            Note::Void { host, tenant, containers } => {
                if self.is_free(&host, &tenant) {
                    let ticket = told::recovery(self.numbers.next(), host, tenant, Timestamp::now());
                    self.admit(ticket, Duty::Tidy { containers });
                }
            }
            Note::Abilities => {
                if let Ok(abilities) = self.tools.ledger.abilities().await {
                    self.abilities = abilities;
                }
            }
            Note::Over(ticket) => {
                self.mine.remove(&ticket.id);
                let host = ticket.host.clone();
                if let Some(desk) = self.hosts.get_mut(&host) {
                    desk.lane.done(ticket.id);
                }
                self.over(*ticket);
                self.call(&host);
            }
        }
    }
}
