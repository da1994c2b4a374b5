//! What the system says of folders: that something in them was touched.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// The most folders that the system is asked about; of the others only the look every 30 seconds tells.
const MOST_FOLDERS: usize = 256;

/// The names that matter: folders hold other things too, which may be written all the time.
type Names = Arc<Mutex<HashSet<OsString>>>;

/// The watched folders.
pub struct Sight {
    watcher: Option<RecommendedWatcher>,
    folders: HashSet<PathBuf>,
    refused: HashSet<PathBuf>,
    names: Names,
}

impl Sight {
    /// No folder is watched yet. A word goes to `touched` where one has none to read yet.
    pub fn new(touched: mpsc::Sender<()>) -> Self {
        let names = Names::default();
        let matter = names.clone();
        let heard = move |event: notify::Result<Event>| {
            // An error may be that words were lost.
            if event.is_ok_and(|event| !matters(&event, &matter)) {
                return;
            }
            let _ = touched.try_send(());
        };
        let watcher = notify::recommended_watcher(heard);
        if let Err(error) = &watcher {
            tracing::warn!(%error, "files are only looked at every 30 seconds");
        }
        let (folders, refused) = (HashSet::new(), HashSet::new());
        Sight { watcher: watcher.ok(), folders, refused, names }
    }

    /// Watches these folders and no others. One that was taken away and made anew is watched anew.
    pub fn follow(&mut self, wanted: &HashSet<PathBuf>, names: HashSet<OsString>) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        let Some(watcher) = &mut self.watcher else { return };
        let is_folder = |folder: &&PathBuf| folder.is_dir();
        let wanted: HashSet<PathBuf> = wanted.iter().filter(is_folder).take(MOST_FOLDERS).cloned().collect();
        for gone in self.folders.difference(&wanted) {
            // The system has forgotten those that were removed.
            let _ = watcher.unwatch(gone);
        }
        self.folders.retain(|folder| wanted.contains(folder));
        for folder in wanted {
            if self.folders.contains(&folder) {
                continue;
            }
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.refused.remove(&folder);
                    self.folders.insert(folder);
                }
                Err(error) if self.refused.insert(folder.clone()) => {
                    let folder = folder.display().to_string();
                    tracing::warn!(folder, %error, "this folder is only looked at every 30 seconds");
                }
                Err(_) => {}
            }
        }
    }
}

fn matters(event: &Event, names: &Names) -> bool {
    // Our own looks are told as well.
    let is_read =
        matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    if is_read {
        return false;
    }
    let names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let is_callmap = |path: &Path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    event.need_rescan()
        || event
            .paths
            .iter()
            .any(|path| is_callmap(path) || path.file_name().is_some_and(|name| names.contains(name)))
}
