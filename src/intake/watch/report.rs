//! The records of an edit.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::differ::Differ;
use crate::model::change::{Change, MOST_RAW, Mark, Record, Source, Verb};
use crate::model::plain::{plain, plain_to};

/// The longest that a file is called.
const LONGEST_NAME: usize = 200;

/// What became of a file.
#[derive(Debug)]
pub enum What {
    /// It holds something else, and what is known of the difference.
    Edited(Option<Differ>),
    /// There was none before.
    New,
    /// There is none any more.
    Gone,
}

/// An edit as it is told.
#[derive(Debug)]
pub struct Report<'a> {
    pub machine: &'a str,
    pub path: &'a Path,
    pub name: &'a str,
    pub what: What,
    /// What makes it the same for all who see it, beside the file.
    pub state: String,
    pub time: Timestamp,
    /// It was not seen when it happened.
    pub is_late: bool,
}

impl Report<'_> {
    /// One record that says it, and one for each line of the difference.
    pub fn records(self) -> Vec<Record> {
        let path = self.path.to_string_lossy();
        // By whatever way it is gone to: two who watch it may have been started in different folders, or know links to it.
        let real = self.path.parent().and_then(|folder| folder.canonicalize().ok());
        let real = real.zip(self.path.file_name()).map(|(folder, name)| folder.join(name));
        let owner = real.as_deref().unwrap_or(self.path).to_string_lossy();
        let key = format!("{}\0{owner}\0{}", self.machine, self.state);
        let act = Record::act_of(Source::File, &key);
        let (mut detail, differ) = match self.what {
            What::Edited(Some(differ)) => (format!("+{} -{} lines", differ.added, differ.removed), differ),
            What::Edited(None) => ("other than it was".to_owned(), Differ::default()),
            What::New => ("new".to_owned(), Differ::default()),
            What::Gone => ("gone".to_owned(), Differ::default()),
        };
        if self.is_late {
            detail.push_str(", while nobody looked");
        }
        let head: Arc<str> = format!("{}: {detail}", plain(&path)).into();
        let lines: Vec<Arc<str>> = differ.lines.into_iter().map(Into::into).collect();
        let raw = std::iter::once(&head).chain(&lines).take(MOST_RAW).cloned().collect();
        let reading = Change {
            thing: Some(plain_to(self.name, LONGEST_NAME).into()),
            before: differ.before.filter(|line| !line.is_empty()).map(Into::into),
            after: differ.after.filter(|line| !line.is_empty()).map(Into::into),
            detail: Some(detail),
            raw,
            ..Change::new(Source::File, act, self.time, Verb::Edited)
        };
        let whole = reading.clone();
        let part = |(at, raw): (usize, Arc<str>)| Record {
            mark: Mark::of(Source::File, &format!("{key}\0{at}")),
            act,
            time: self.time,
            raw,
            // So that the record knows its source.
            reading: Some(whole.clone()),
        };
        std::iter::once(Record::alone(&key, head, reading))
            .chain(lines.into_iter().enumerate().map(part))
            .collect()
    }
}
