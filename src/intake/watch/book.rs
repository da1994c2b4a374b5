//! What is known of each file, and what is found to be other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::differ::differ;
use super::kept::{Kept, Print};
use super::look::{Look, Seen, Stamp, look, stamp};
use super::report::{Report, What};
use super::{Listing, Rules};
use crate::model::change::Record;

/// How much text is kept to tell differences from; of files beyond that it is only told that they are others.
const MOST_TEXT: usize = 16 * 1024 * 1024;
/// How much is read every 30 seconds though its folder says that nothing was changed.
const MOST_READ: u64 = 16 * 1024 * 1024;

/// A file that is older than this is none that was made since our last look.
const OLD: SignedDuration = SignedDuration::from_mins(2);

/// What is known of a file.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    print: Print,
    /// Nothing where it was not read by us.
    stamp: Option<Stamp>,
    text: Option<Arc<str>>,
    /// It was not there at the last look: it may be on its way.
    is_missed: bool,
    /// It is known from before we began.
    is_from_before: bool,
}

/// An edit that was found.
#[derive(Debug)]
pub struct Edit {
    pub path: PathBuf,
    pub records: Vec<Record>,
    known: Known,
}

/// All files.
pub struct Book {
    rules: Rules,
    listing: Listing,
    known: HashMap<PathBuf, Known>,
    /// The folders of which files were known before we began.
    known_folders: HashSet<PathBuf>,
    /// What is to be kept.
    fresh: BTreeMap<PathBuf, Print>,
    unsettled: bool,
    unreadable: HashSet<PathBuf>,
    has_begun: bool,
}

impl Book {
    pub fn new(rules: Rules) -> Self {
        Book {
            rules,
            listing: Listing::default(),
            known: HashMap::new(),
            known_folders: HashSet::new(),
            fresh: BTreeMap::new(),
            unsettled: false,
            unreadable: HashSet::new(),
            has_begun: false,
        }
    }

    /// Whether something is half there, and should be looked at again soon.
    pub fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// The folders in which something may happen: also those that links lead to.
    pub fn folders(&self) -> HashSet<PathBuf> {
        let parents = self.paths().filter_map(|path| path.parent().map(Path::to_owned));
        parents.chain(self.listing.folders.iter().cloned()).collect()
    }

    /// The names of files and folders that matter.
    pub fn names(&self) -> HashSet<OsString> {
        let folders = self.listing.folders.iter().cloned();
        self.paths().chain(folders).filter_map(|path| path.file_name().map(ToOwned::to_owned)).collect()
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let files = self.listing.files.iter().map(|file| &file.path);
        files.flat_map(|path| [Some(path.clone()), path.canonicalize().ok()]).flatten()
    }

    /// Looks at the files. `full` reads those too whose folder says that nothing was changed.
    pub fn look(&mut self, full: bool) -> Vec<Edit> {
        let now = Timestamp::now();
        self.unsettled = false;
        self.listing = (self.rules.list)();
        if !self.has_begun {
            self.remember();
        }
        let mut edits = Vec::new();
        let mut left = if full { MOST_READ } else { 0 };
        for file in self.listing.files.clone() {
            let known = self.known.get(&file.path);
            if let (Some(known), Some(stamp)) = (known, stamp(&file.path))
                && known.stamp == Some(stamp)
                && !known.is_missed
            {
                if stamp.length() > left {
                    continue;
                }
                left -= stamp.length();
            }
            match look(&file.path) {
                Seen::There(look) => edits.extend(self.there(&file.path, &file.name, look, now)),
                Seen::Gone => edits.extend(self.missing(&file.path, now)),
                Seen::Unsettled => self.unsettled = true,
                Seen::Unreadable(error) => self.unreadable(&file.path, &error),
            }
        }
        let listed: HashSet<&PathBuf> = self.listing.files.iter().map(|file| &file.path).collect();
        let unlisted: Vec<PathBuf> =
            self.known.keys().filter(|path| !listed.contains(path)).cloned().collect();
        for path in unlisted {
            match look(&path) {
                Seen::Gone => edits.extend(self.missing(&path, now)),
                // It is there, but nothing of ours any more.
                _ => drop(self.known.remove(&path)),
            }
        }
        self.has_begun = true;
        edits
    }

    /// How files of ours were before we began.
    fn remember(&mut self) {
        let Some(kept) = self.rules.kept.as_deref().map(Kept::load) else { return };
        let folder = |path: &Path| path.parent().map(Path::to_owned);
        let listed: HashSet<PathBuf> = self.listing.files.iter().map(|file| file.path.clone()).collect();
        let mut folders: HashSet<PathBuf> = listed.iter().filter_map(|path| folder(path)).collect();
        folders.extend(self.listing.folders.iter().cloned());
        for (path, print) in kept.files {
            let Some(folder) = folder(&path) else { continue };
            // Consoles that are started elsewhere have other files.
            if listed.contains(&path) || folders.contains(&folder) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let (stamp, text) = (None, None);
                let known = Known { name, print, stamp, text, is_missed: true, is_from_before: true };
                self.known.insert(path, known);
            }
            self.known_folders.insert(folder);
        }
    }

    /// A file that is there.
    fn there(&mut self, path: &Path, name: &str, look: Look, now: Timestamp) -> Option<Edit> {
        self.unreadable.remove(path);
        let known = self.known.get(path);
        let is_late = known.map_or(!self.has_begun, |known| known.is_from_before);
        let before = known.map(|known| known.print.clone());
        let has_room =
            self.known.values().filter_map(|known| Some(known.text.as_ref()?.len())).sum::<usize>()
                + look.text.as_ref().map_or(0, |text| text.len())
                <= MOST_TEXT;
        let print = Print { hash: Some(look.hash.clone()), modified: look.stamp.modified(), seen: now };
        let text = look.text.clone().filter(|_| has_room);
        let known = Known {
            name: name.to_owned(),
            print,
            stamp: Some(look.stamp),
            text,
            is_missed: false,
            is_from_before: false,
        };
        let what = match &before {
            // The first time that we see it.
            None if self.is_first_sight(path, &look, now) => None,
            None | Some(Print { hash: None, .. }) => Some(What::New),
            Some(before) if before.hash.as_ref() == Some(&look.hash) => None,
            Some(_) => {
                let was = self.known.get(path).and_then(|known| known.text.clone());
                let both = was.zip(look.text);
                Some(What::Edited(both.map(|(was, is)| differ(&was, &is, &self.rules.mask))))
            }
        };
        let Some(what) = what else {
            if before.is_none_or(|before| before.hash != known.print.hash) {
                self.fresh.insert(path.to_owned(), known.print.clone());
            }
            self.known.insert(path.to_owned(), known);
            return None;
        };
        // It became so after it was seen last, whatever its clock says.
        let seen = before.map_or(Timestamp::MIN, |before| before.seen);
        let time = look.stamp.time().max(seen).min(now);
        let report = Report {
            machine: &self.rules.machine,
            path,
            name,
            what,
            state: format!("{}\0{}", look.hash, look.stamp.modified()),
            time,
            is_late,
        };
        Some(Edit { path: path.to_owned(), records: report.records(), known })
    }

    /// Whether a file that is not known was there all the time, for all that we know: at our start, unless we know others of
    /// its folder; later, where it is old and was only named now.
    fn is_first_sight(&self, path: &Path, look: &Look, now: Timestamp) -> bool {
        if self.has_begun {
            return now.duration_since(look.stamp.time()) > OLD;
        }
        !path.parent().is_some_and(|folder| self.known_folders.contains(folder))
    }

    /// A file that is not there. Whoever replaces one may take it away first: it is looked at twice.
    fn missing(&mut self, path: &Path, now: Timestamp) -> Option<Edit> {
        let known = self.known.get_mut(path)?;
        known.print.hash.as_ref()?;
        if !known.is_missed {
            known.is_missed = true;
            self.unsettled = true;
            return None;
        }
        let known = known.clone();
        Some(self.gone(path, known, now))
    }

    fn gone(&self, path: &Path, known: Known, now: Timestamp) -> Edit {
        let hash = known.print.hash.as_deref().unwrap_or_default();
        let report = Report {
            machine: &self.rules.machine,
            path,
            name: &known.name,
            what: What::Gone,
            state: format!("gone\0{hash}\0{}", known.print.modified),
            time: now,
            is_late: known.is_from_before,
        };
        let records = report.records();
        let print = Print { hash: None, modified: known.print.modified, seen: now };
        Edit {
            path: path.to_owned(),
            records,
            known: Known { print, stamp: None, text: None, is_from_before: false, ..known },
        }
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        if self.unreadable.insert(path.to_owned()) {
            let file = path.display().to_string();
            tracing::warn!(file, %error, "this file cannot be watched");
        }
    }

    /// An edit has been told.
    pub fn settle(&mut self, edit: Edit) {
        self.fresh.insert(edit.path.clone(), edit.known.print.clone());
        self.known.insert(edit.path, edit.known);
    }

    /// Keeps how files are now.
    pub fn save(&mut self) {
        let Some(file) = self.rules.kept.as_deref().filter(|_| !self.fresh.is_empty()) else { return };
        match Kept::store(file, &self.fresh) {
            Ok(()) => self.fresh.clear(),
            Err(error) => {
                let file = file.display().to_string();
                tracing::warn!(file, %error, "how files are now cannot be kept: edits after our end are not told");
            }
        }
    }
}
