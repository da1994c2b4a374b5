//! The watch over files of ours: config, theme, callmaps and what they include.
//!
//! The system says at once that something was touched; every 30 seconds all is looked at anyway, since not every disk says it.
//! Only what is in a file counts, not how it came there. What it was when it was seen last is kept (`kept.rs`), so that an
//! edit is found that came while nobody looked.

mod book;
mod differ;
mod kept;
mod look;
mod report;
mod sight;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until, timeout};

use super::{NotKept, Tell};
use book::{Book, Edit};
use sight::Sight;

/// How often all is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// How long nothing may be touched before it is looked at: editors write in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// After how long it is looked at though it is touched all the time.
const LONGEST_UNREST: Duration = Duration::from_secs(3);
/// After how long what was half there is looked at again.
const AGAIN: Duration = Duration::from_millis(400);
/// After how long an edit is told again that could not be kept.
const TELL_AGAIN: Duration = Duration::from_secs(5);
/// How long the ledger may take.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// A file that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in a change.
    pub name: String,
}

/// What is watched now.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The files, each once.
    pub files: Vec<Watched>,
    /// Folders in which files may appear.
    pub folders: Vec<PathBuf>,
}

/// Says what is watched now. It may read the disk.
pub type List = Box<dyn FnMut() -> Listing + Send>;

/// The lines of a text (what is between its `\n`) as they may be shown: as many, without secrets.
pub type Mask = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// What is watched, and how it is told.
pub struct Rules {
    /// Which files.
    pub list: List,
    /// What of them must not be shown.
    pub mask: Mask,
    /// Where it is kept how files were when they were seen last. Without it, edits are only found while we look.
    pub kept: Option<PathBuf>,
    /// This machine: several may share a ledger, and have files at the same places.
    pub machine: Arc<str>,
}

/// The watch. It ends when this is dropped.
#[derive(Debug)]
pub struct Watch(AbortHandle);

impl Watch {
    /// Begins. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(rules: Rules, tell: Tell) -> Self {
        Watch(tokio::spawn(keep(rules, tell)).abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep(rules: Rules, tell: Tell) {
    // One word is enough, however often something was touched.
    let (touched_in, mut touched) = mpsc::channel(1);
    let mut sight = Sight::new(touched_in);
    let mut book = Book::new(rules);
    let mut full = true;
    let mut next_full = Instant::now();
    loop {
        let Ok((looked, edits)) = spawn_blocking(move || {
            let edits = book.look(full);
            (book, edits)
        })
        .await
        else {
            return tracing::error!("the watch over files failed");
        };
        book = looked;
        if full {
            next_full = Instant::now() + EVERY;
        }
        sight.follow(&book.folders(), book.names());
        let mut is_all_told = true;
        for edit in edits {
            is_all_told &= tell_of(&mut book, edit, &tell).await;
        }
        let Ok(saved) = spawn_blocking(move || {
            book.save();
            book
        })
        .await
        else {
            return tracing::error!("the watch over files failed");
        };
        book = saved;
        let soon = if book.is_unsettled() { AGAIN } else { TELL_AGAIN };
        let is_done = is_all_told && !book.is_unsettled();
        let next = if is_done { next_full } else { next_full.min(Instant::now() + soon) };
        full = tokio::select! {
            () = sleep_until(next) => next == next_full,
            // The system's word may be missing for ever: then only the time counts.
            Some(()) = touched.recv() => {
                let until = Instant::now() + LONGEST_UNREST;
                while Instant::now() < until && matches!(timeout(QUIET, touched.recv()).await, Ok(Some(()))) {}
                false
            }
        };
    }
}

/// Tells of an edit. Where it cannot be kept, the file stays as it was for us, and is told of later.
async fn tell_of(book: &mut Book, edit: Edit, tell: &Tell) -> bool {
    let why: Arc<str> = match timeout(TOLD_WITHIN, tell(edit.records.clone())).await {
        Ok(Ok(())) => {
            book.settle(edit);
            return true;
        }
        Ok(Err(NotKept::Failed(why))) => why,
        // Its id is made of its content.
        Ok(Err(NotKept::Conflict)) => "another edit has its id".into(),
        Err(_) => "the ledger takes too long".into(),
    };
    let file = edit.path.display().to_string();
    tracing::warn!(file, %why, "an edit could not be written down");
    false
}
