//! A host of paper: containers as rows in a table, each with the ticks that a canary would write.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::canary;
use crate::engine::hands::{Hands, Room};
use crate::engine::{Engine, EngineError, EventStream};
use crate::model::container::{ContainerId, Facts, Phase, tests::facts};
use crate::model::event::Event;
use crate::model::fleet::EngineAbout;
use crate::model::keeper::measured::Tally;
use crate::model::particulars::{Life, Limits, Particulars, Restart};
use crate::model::usage::Counters;

/// What is wrong with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// There is an image of that name which is none of ours.
    WrongImage,
    /// Checkpoints are refused with these words.
    Refuses(&'static str),
    /// A checkpoint never ends.
    Hangs,
    /// A restore is a cold start.
    StartsCold,
    /// A canary with an open connection is not restored.
    NoTcpClose,
    /// After an unpause the memory is not as it was.
    MixesUpMemory,
    /// An unpause does nothing, and says so to nobody.
    StaysFrozen,
    /// A second start ends at once.
    DiesAwake,
    /// A squeeze frees nothing.
    KeepsMemory,
    /// A stop does nothing.
    RunsOn,
    /// The connection is gone once there is a container.
    IsLost,
}

struct Row {
    facts: Facts,
    ticks: u64,
    life: u32,
    right: bool,
    connected: bool,
    squeezed: bool,
    checkpoint: Option<String>,
}

#[derive(Default)]
struct Table {
    rows: BTreeMap<ContainerId, Row>,
    imports: usize,
    lives: u32,
}

pub struct Paper {
    flaw: Flaw,
    table: Mutex<Table>,
}

type Answer<T> = Result<T, EngineError>;

fn refused(status: u16, message: &str) -> EngineError {
    EngineError::Refused { status, message: message.to_owned() }
}

impl Paper {
    pub fn with(flaw: Flaw) -> Paper {
        Paper { flaw, table: Mutex::default() }
    }

    pub fn put(&self, name: &str, image: &str, phase: Phase) -> ContainerId {
        let mut table = self.table();
        table.lives += 1;
        let id: ContainerId = format!("{:064x}", table.lives).into();
        let facts = Facts { name: name.into(), image: image.into(), ..facts(&id, phase) };
        let row =
            Row { facts, ticks: 0, life: 0, right: true, connected: true, squeezed: false, checkpoint: None };
        table.rows.insert(id.clone(), row);
        id
    }

    pub fn containers(&self) -> usize {
        self.table().rows.len()
    }

    pub fn names(&self) -> Vec<String> {
        self.table().rows.values().map(|row| row.facts.name.to_string()).collect()
    }

    pub fn imports(&self) -> usize {
        self.table().imports
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap()
    }

    fn row<T>(&self, id: &str, act: impl FnOnce(&mut Row) -> T) -> Answer<T> {
        if self.flaw == Flaw::IsLost {
            return Err(EngineError::Unreachable("connection refused".to_owned()));
        }
        self.table().rows.get_mut(id).map(act).ok_or_else(|| refused(404, "no such container"))
    }

    fn begin(&self, id: &str) -> Answer<()> {
        let life = {
            let mut table = self.table();
            table.lives += 1;
            table.lives
        };
        self.row(id, |row| {
            let again = row.life != 0;
            (row.ticks, row.life) = (0, life);
            row.facts.phase = Phase::Running;
            if again && self.flaw == Flaw::DiesAwake {
                row.facts.phase = Phase::Exited(Some(1));
            }
        })
    }
}

#[async_trait]
impl Hands for Paper {
    async fn particulars(&self, id: &str) -> Answer<Option<Particulars>> {
        match self.row(id, |row| row.facts.clone()) {
            Ok(facts) => Ok(Some(Particulars {
                facts,
                life: Life::default(),
                restart: Restart::default(),
                limits: Limits::default(),
                sessions: vec![],
                stop_timeout: None,
                addresses: vec![],
                ports: vec![],
                published: vec![],
                unreached: None,
                checked_every: None,
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn listening(&self, _: &Facts) -> Answer<Vec<u16>> {
        Ok(Vec::new())
    }

    async fn pause(&self, id: &str) -> Answer<()> {
        self.row(id, |row| row.facts.phase = Phase::Paused)
    }

    async fn unpause(&self, id: &str) -> Answer<()> {
        if self.flaw == Flaw::StaysFrozen {
            return Ok(());
        }
        self.row(id, |row| {
            row.facts.phase = Phase::Running;
            row.right = self.flaw != Flaw::MixesUpMemory;
        })
    }

    async fn stop(&self, id: &str, grace: Duration) -> Answer<()> {
        // A short grace is that of the cleaning, which always gets there.
        if self.flaw == Flaw::RunsOn && grace > Duration::from_secs(1) {
            return Ok(());
        }
        self.row(id, |row| row.facts.phase = Phase::Exited(Some(0)))
    }

    async fn start(&self, id: &str) -> Answer<()> {
        if self.flaw == Flaw::WrongImage && self.imports() == 0 {
            return Err(refused(400, "exec /canary: exec format error"));
        }
        self.begin(id)
    }

    async fn checkpoint(&self, id: &str, name: &str) -> Answer<()> {
        match self.flaw {
            Flaw::Refuses(words) => return Err(refused(500, words)),
            Flaw::Hangs => std::future::pending().await,
            _ => {}
        }
        self.row(id, |row| {
            row.facts.phase = Phase::Exited(Some(137));
            row.checkpoint = Some(name.to_owned());
        })
    }

    async fn restore(&self, id: &str, name: &str) -> Answer<()> {
        if self.flaw == Flaw::StartsCold {
            return self.begin(id);
        }
        self.row(id, |row| {
            assert_eq!(row.checkpoint.as_deref(), Some(name));
            if row.connected && self.flaw == Flaw::NoTcpClose {
                return Err(refused(500, "criu failed: type NOTIFY errno 0"));
            }
            row.facts.phase = Phase::Running;
            Ok(())
        })?
    }

    async fn checkpoints(&self, id: &str) -> Answer<Vec<String>> {
        self.row(id, |row| row.checkpoint.iter().cloned().collect())
    }

    async fn forget_checkpoint(&self, id: &str, _name: &str) -> Answer<()> {
        self.row(id, |row| row.checkpoint = None)
    }

    async fn set_restart(&self, _id: &str, _restart: &Restart) -> Answer<()> {
        Err(refused(501, "not here"))
    }

    async fn restarts_dumped(&self) -> Answer<bool> {
        Ok(true)
    }

    async fn squeeze(&self, facts: &Facts, _limits: Limits) -> Answer<()> {
        self.row(&facts.id, |row| {
            assert_eq!(row.facts.phase, Phase::Paused);
            row.squeezed = self.flaw != Flaw::KeepsMemory;
        })
    }

    async fn restore_limits(&self, _id: &str, _limits: Limits) -> Answer<()> {
        Err(refused(501, "not here"))
    }

    async fn recipe(&self, id: &str) -> Answer<String> {
        self.row(id, |row| canary::recipe(&row.facts.name, row.connected))
    }

    async fn create(&self, recipe: &str) -> Answer<ContainerId> {
        let recipe: serde_json::Value = serde_json::from_str(recipe).unwrap();
        assert!(self.has_image(canary::IMAGE).await?, "there is no image");
        let id =
            self.put(recipe["name"].as_str().unwrap(), recipe["Image"].as_str().unwrap(), Phase::Created);
        self.row(&id, |row| row.connected = recipe["Cmd"][1].is_null())?;
        Ok(id)
    }

    async fn remove(&self, id: &str) -> Answer<()> {
        match self.row(id, |row| row.facts.phase) {
            Ok(Phase::Running | Phase::Paused) => Err(refused(409, "it runs")),
            Err(error) if !error.is_not_found() => Err(error),
            _ => {
                self.table().rows.remove(id);
                Ok(())
            }
        }
    }

    async fn memory(&self, facts: &Facts) -> Answer<Option<u64>> {
        self.row(&facts.id, |row| Some(if row.squeezed { 1 << 20 } else { 17 << 20 }))
    }

    async fn room(&self) -> Answer<Room> {
        Ok(Room::default())
    }

    async fn import_image(&self, _name: &str, _tar: Vec<u8>) -> Answer<()> {
        self.table().imports += 1;
        Ok(())
    }

    async fn has_image(&self, _name: &str) -> Answer<bool> {
        Ok(self.imports() > 0 || self.flaw == Flaw::WrongImage)
    }

    async fn read_file(&self, id: &str, path: &str) -> Answer<Vec<u8>> {
        assert_eq!(path, canary::TICKS_FILE);
        self.row(id, |row| {
            row.ticks += u64::from(row.facts.phase == Phase::Running);
            let memory = if row.right { "ok " } else { "bad" };
            format!("{:012} {:08x} {memory}\n", row.ticks, row.life).into_bytes()
        })
    }
}

#[async_trait]
impl Engine for Paper {
    async fn about(&self) -> Answer<EngineAbout> {
        Err(refused(501, "not here"))
    }

    async fn ping(&self) -> Answer<()> {
        Ok(())
    }

    async fn list(&self) -> Answer<Vec<Facts>> {
        Ok(self.table().rows.values().map(|row| row.facts.clone()).collect())
    }

    async fn inspect(&self, id: &str) -> Answer<Option<Facts>> {
        Ok(self.table().rows.get(id).map(|row| row.facts.clone()))
    }

    async fn events(&self, _: Timestamp) -> Answer<EventStream> {
        Err(refused(501, "not here"))
    }

    async fn history(&self, _since: Timestamp, _until: Timestamp) -> Answer<Vec<Event>> {
        Ok(vec![])
    }

    async fn counters(&self, _facts: &Facts) -> Answer<Option<Counters>> {
        Ok(None)
    }

    async fn tally(&self, _facts: &Facts) -> Answer<Option<Tally>> {
        Ok(None)
    }

    async fn connections(&self, _facts: &Facts) -> Answer<Option<u32>> {
        Ok(None)
    }
}
