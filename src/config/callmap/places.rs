//! Where the values of a callmap and of what it includes stand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::config::locate::Step;
use crate::config::yaml;

/// How much of a message is shown: it may quote the file.
const LONGEST_MESSAGE: usize = 400;

/// Where a value stands: a line of the table in [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot(u32);

impl Spot {
    /// The same spot by the number that [`Spot::number`] gave.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        Spot(number)
    }

    /// A number that stands for it.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The last step to a spot.
#[derive(Clone, Debug)]
pub enum Way {
    /// The whole of a file.
    File(usize),
    /// The value under a key.
    Key(Spot, Arc<str>),
    /// The key itself.
    Name(Spot, Arc<str>),
    /// An element of a list.
    Item(Spot, usize),
}

/// The files that were read, and the ways to all that is in them.
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<(PathBuf, String)>,
    ways: Vec<Way>,
}

impl Places {
    /// One more file; its whole is the spot.
    pub fn open(&mut self, file: &Path, text: &str) -> Spot {
        self.files.push((file.to_owned(), text.to_owned()));
        self.spot(Way::File(self.files.len() - 1))
    }

    /// One more spot.
    pub fn spot(&mut self, way: Way) -> Spot {
        // Values are bounded far below this; past it, places would be wrong and nothing worse.
        let number = u32::try_from(self.ways.len()).unwrap_or(u32::MAX);
        self.ways.push(way);
        Spot(number)
    }

    /// The files, in the order of reading.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(file, _)| file.clone()).collect()
    }

    /// The file that a spot is in.
    #[must_use]
    pub fn file(&self, spot: Spot) -> &Path {
        let (at, _) = self.walk(spot);
        self.files.get(at).map_or(Path::new(""), |(file, _)| file)
    }

    /// A fault at a spot.
    #[must_use]
    pub fn fault(&self, spot: Spot, wrong: impl Into<Wrong>) -> ConfigError {
        let (at, path) = self.walk(spot);
        let Wrong { message, help } = wrong.into();
        let message = match message.char_indices().nth(LONGEST_MESSAGE) {
            Some((cut, _)) => format!("{}…", &message[..cut]),
            None => message,
        };
        let Some((file, text)) = self.files.get(at) else { return ConfigError::of("callmap", message) };
        yaml::Source { file, text }.fault(&path, message).with_help(help)
    }

    /// The file of a spot, and the steps to it from there.
    fn walk(&self, spot: Spot) -> (usize, Vec<Step<'_>>) {
        let mut steps = Vec::new();
        let mut next = spot;
        let at = loop {
            next = match self.ways.get(next.0 as usize) {
                Some(Way::File(at)) => break *at,
                Some(Way::Key(from, key)) => {
                    steps.push(Step::Key(key));
                    *from
                }
                Some(Way::Name(from, key)) => {
                    steps.push(Step::Name(key));
                    *from
                }
                Some(Way::Item(from, item)) => {
                    steps.push(Step::Item(*item));
                    *from
                }
                None => break usize::MAX,
            };
        };
        steps.reverse();
        (at, steps)
    }
}
