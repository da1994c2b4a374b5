//! Files of callmaps and reports, read and written beside the loop: a slow disk must not hold the screen.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::act::CallmapOrder;
use super::chooser::Listed;
use crate::config::callmap;
use crate::config::callmaps::Shelf;
use crate::config::{Env, yaml};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::report::Report;
use crate::model::callmap::tell::fingerprint;
use crate::model::plain::plain;

/// How often the file that is shown is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How much may wait to be done, and to be heard.
const MOST_WAITING: usize = 32;
/// The most characters of a product in a file's name.
const LONGEST_NAME: usize = 80;

/// Where callmaps come from, and where reports go.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Where callmaps are looked for.
    pub shelf: Shelf,
    /// What `${env:NAME}` is.
    pub env: Env,
    /// The folder of written reports, where there is a state folder at all.
    pub reports: Option<PathBuf>,
}

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

/// A callmap's file and those that it includes, as they were when they were read.
#[derive(Clone, Debug)]
struct Known {
    file: PathBuf,
    vars: Vec<(String, String)>,
    all: Vec<(PathBuf, Print)>,
}

/// How a file is told from what it was: first by its time and length, then by what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Print {
    stamp: Option<(SystemTime, u64)>,
    hash: String,
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
                let before = self.known.clone();
                let read = spawn_blocking(move || {
                    let file = if order.is_written { files.shelf.find(&order.file) } else { order.file };
                    let (callmap, known) = load(&file, &order.vars, before.as_ref(), &files.env);
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
            let (callmap, known) = load(&known.file, &known.vars, Some(&known), &files.env);
            Some((is_same, callmap, known))
        });
        let (is_same, callmap, known) = looked.await.ok()??;
        let file = known.file.clone();
        self.known = Some(known);
        (!is_same).then(|| News::Changed(file, callmap.err()))
    }
}

fn list(files: &Files) -> Vec<Listed> {
    let found = files.shelf.files().into_iter().map(|file| {
        let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let holds = callmap::load(&file, &[], &files.env)
            .map(|callmap| (callmap.product, callmap.layers.len()))
            .map_err(|error| first_line(error.to_string()));
        let shown = plain(&file.to_string_lossy()).into_owned();
        Listed { file, shown, holds }
    });
    found.collect()
}

fn load(
    file: &Path,
    vars: &[(String, String)],
    before: Option<&Known>,
    env: &Env,
) -> (Result<Arc<Callmap>, String>, Known) {
    // Looked at before it is read: what changes meanwhile is then seen as a change.
    let mut all = vec![(file.to_owned(), print(file))];
    let callmap = callmap::load(file, vars, env).map(Arc::new).map_err(|error| error.to_string());
    let included: Vec<PathBuf> = match (&callmap, before) {
        (Ok(callmap), _) => callmap.files.clone(),
        // Which files a bad one includes is not known; it may be one of those before that is bad.
        (Err(_), Some(before)) if before.file == file => {
            before.all.iter().map(|(file, _)| file.clone()).collect()
        }
        (Err(_), _) => Vec::new(),
    };
    for other in included {
        if !all.iter().any(|(file, _)| *file == other) {
            let print = print(&other);
            all.push((other, print));
        }
    }
    (callmap, Known { file: file.to_owned(), vars: vars.to_vec(), all })
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn print(file: &Path) -> Print {
    let stamp = stamp(file);
    let hash = yaml::open(file).map_or_else(|error| error.to_string(), |text| fingerprint(text.as_bytes()));
    Print { stamp, hash }
}

fn write(folder: Option<PathBuf>, report: &Report) -> Result<PathBuf, String> {
    let folder = folder.ok_or("this account has no state folder (XDG_STATE_HOME, or HOME)")?;
    let ticket = report.ticket.map(|ticket| format!("-{ticket}")).unwrap_or_default();
    let file = folder.join(format!("{}{ticket}.json", file_name(&report.product)));
    let fault = |error: std::io::Error| format!("{} cannot be written: {error}", file.display());
    let mut json = serde_json::to_vec_pretty(report).map_err(|error| error.to_string())?;
    json.push(b'\n');
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fault)?;
    // Answers of servers may be nobody else's business.
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&file).and_then(|mut out| out.write_all(&json)).map_err(fault)?;
    Ok(file)
}

/// The product as a file may be called.
fn file_name(product: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = product.chars().take(LONGEST_NAME).map(kept).collect();
    // No hidden file, and no way up.
    name.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    const GOOD: &str = "product: p\nlayers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n";

    #[test]
    fn names_of_files_lead_nowhere() {
        assert_eq!(file_name("www.example.com"), "www.example.com");
        assert_eq!(file_name("../../etc/x y"), "_.._etc_x_y");
        assert_eq!(file_name(&"商".repeat(200)).chars().count(), LONGEST_NAME);
    }

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
}
