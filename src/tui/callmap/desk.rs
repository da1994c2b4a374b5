//! Files of callmaps and reports, read and written beside the loop: a slow disk must not hold the screen.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::act::CallmapOrder;
use super::chooser::Listed;
use super::files::{Files, Known, list, load, print, stamp, write};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::report::Report;

/// How often the file that is shown is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How much may wait to be done, and to be heard.
const MOST_WAITING: usize = 32;

/// What is to be done.
#[derive(Debug)]
enum Command {
    List,
    Load(CallmapOrder),
    Write(Arc<Report>),
}

/// What has been done, or was seen.
#[derive(Debug)]
pub enum News {
    /// The callmaps that there are.
    Listed(Vec<Listed>),
    /// A callmap was read to be run, or what is wrong with it.
    Loaded(CallmapOrder, Result<Arc<Callmap>, String>),
    /// The file that is shown is another than it was; what is wrong with it, if anything is.
    Changed(PathBuf, Option<String>),
    /// A report was written, or why it was not.
    Written(Result<PathBuf, String>),
}

/// The way to whoever reads and writes. It ends when this is dropped.
pub struct Desk {
    commands: mpsc::Sender<Command>,
    news: mpsc::Receiver<News>,
    shown: watch::Sender<Option<PathBuf>>,
    task: AbortHandle,
}

impl Desk {
    /// Begins. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(files: Files) -> Self {
        let (commands, orders) = mpsc::channel(MOST_WAITING);
        let (told, news) = mpsc::channel(MOST_WAITING);
        let (shown, seen) = watch::channel(None);
        let clerk = Clerk { files: Arc::new(files), told, known: None };
        let task = tokio::spawn(clerk.work(orders, seen)).abort_handle();
        Desk { commands, news, shown, task }
    }

    /// Lists the callmaps.
    pub fn list(&self) {
        self.order(Command::List);
    }

    /// Reads a callmap.
    pub fn load(&self, order: CallmapOrder) {
        self.order(Command::Load(order));
    }

    /// Writes a report.
    pub fn write(&self, report: Arc<Report>) {
        self.order(Command::Write(report));
    }

    /// Looks after this file from now on, or after none.
    pub fn look_after(&self, file: Option<&Path>) {
        self.shown.send_if_modified(|before| {
            let differs = before.as_deref() != file;
            if differs {
                *before = file.map(Path::to_owned);
            }
            differs
        });
    }

    /// What has been done.
    pub async fn news(&mut self) -> Option<News> {
        self.news.recv().await
    }

    fn order(&self, command: Command) {
        // Full only where the disk is stuck; then the key can be pressed again.
        let _ = self.commands.try_send(command);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Clerk {
    files: Arc<Files>,
    told: mpsc::Sender<News>,
    /// The file that was read last, as it was then.
    known: Option<Known>,
}

impl Clerk {
    async fn work(mut self, mut orders: mpsc::Receiver<Command>, mut seen: watch::Receiver<Option<PathBuf>>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_shown = seen.borrow_and_update().is_some();
            let news = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                Ok(()) = seen.changed() => None,
                _ = looks.tick(), if is_shown => {
                    let shown = seen.borrow().clone();
                    self.look(shown).await
                }
            };
            if let Some(news) = news
                && self.told.send(news).await.is_err()
            {
                return;
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Option<News> {
        let files = self.files.clone();
        match command {
            Command::List => spawn_blocking(move || News::Listed(list(&files))).await.ok(),
            Command::Load(order) => {
                let read = spawn_blocking(move || {
                    let file = if order.is_written { files.shelf.find(&order.file) } else { order.file };
                    let (callmap, known) = load(&file, &order.vars, &files.env);
                    (CallmapOrder { file, is_written: false, ..order }, callmap, known)
                });
                let (order, callmap, known) = read.await.ok()?;
                self.known = Some(known);
                Some(News::Loaded(order, callmap))
            }
            Command::Write(report) => {
                let folder = files.reports.clone();
                spawn_blocking(move || News::Written(write(folder, &report))).await.ok()
            }
        }
    }

    /// Looks whether the file is as it was.
    async fn look(&mut self, shown: Option<PathBuf>) -> Option<News> {
        let known = self.known.clone().filter(|known| Some(&known.file) == shown.as_ref())?;
        let files = self.files.clone();
        let looked = spawn_blocking(move || {
            if known.all.iter().all(|(file, print)| print.stamp == stamp(file)) {
                return None;
            }
            let is_same = known.all.iter().all(|(file, was)| was.hash == print(file).hash);
            let (callmap, known) = load(&known.file, &known.vars, &files.env);
            Some((is_same, callmap, known))
        });
        let (is_same, callmap, known) = looked.await.ok()??;
        let file = known.file.clone();
        self.known = Some(known);
        (!is_same).then(|| News::Changed(file, callmap.err()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::callmaps::Shelf;
    use crate::config::{Env, Settings};

    const GOOD: &str = "product: p\nlayers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n";

    #[tokio::test]
    async fn a_file_is_read_again_when_it_has_changed_and_its_fault_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.yaml");
        std::fs::write(&file, GOOD).unwrap();
        let settings = Settings { callmaps: vec![folder.path().to_owned()], ..Settings::default() };
        let shelf = Shelf::of(&settings, &Env::default());
        let mut desk = Desk::start(Files { shelf, ..Files::default() });
        desk.list();
        let Some(News::Listed(listed)) = desk.news().await else { panic!("not listed") };
        let found = listed.iter().find(|one| one.file == file).unwrap();
        assert_eq!(found.holds, Ok(("p".into(), 1)));
        desk.load(CallmapOrder { is_written: true, is_awaited: true, ..CallmapOrder::of("p".into()) });
        let Some(News::Loaded(order, Ok(callmap))) = desk.news().await else { panic!("not loaded") };
        assert_eq!((order.file, &*callmap.product), (file.clone(), "p"));
        desk.look_after(Some(&file));
        std::fs::write(&file, GOOD.replace("tcp: 1", "tcp: no")).unwrap();
        let Some(News::Changed(changed, Some(fault))) = desk.news().await else { panic!("no fault") };
        assert!(changed == file && fault.contains("p.yaml:2:"), "{fault}");
        std::fs::write(&file, GOOD).unwrap();
        assert!(matches!(desk.news().await, Some(News::Changed(_, None))));
    }

    #[tokio::test]
    async fn an_included_file_is_looked_at_though_the_first_reading_failed_because_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, part) = (folder.path().join("p.yaml"), folder.path().join("part.yaml"));
        std::fs::write(&file, "product: p\nlayers: [{include: part.yaml}]\n").unwrap();
        std::fs::write(&part, "layer: []\n").unwrap();
        let mut desk = Desk::start(Files::default());
        desk.load(CallmapOrder::of(file.clone()));
        let Some(News::Loaded(_, Err(fault))) = desk.news().await else { panic!("no fault") };
        assert!(fault.contains("part.yaml:1:"), "{fault}");
        desk.look_after(Some(&file));
        std::fs::write(&part, "layers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n").unwrap();
        let Some(News::Changed(changed, None)) = desk.news().await else { panic!("not seen") };
        assert_eq!(changed, file);
    }
}
