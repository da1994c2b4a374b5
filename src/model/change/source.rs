//! Where a change is known from, and how sure we are of who did it.

use serde::{Deserialize, Serialize};

/// Where a change is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// An engine's event.
    Engine,
    /// A host that came, went, or was found to be other than its events had told.
    Host,
    /// A dump or a wake.
    Ticket,
    /// A run of a callmap.
    Callmap,
    /// A file of ours: config, theme, callmap.
    File,
    /// Somebody told us, over the socket, by HTTP or with `wakeboard note`.
    Note,
}

/// How sure we are of who did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Nothing proves who did it.
    #[default]
    Unknown,
    /// Somebody says so.
    Likely,
    /// It was done through us.
    Sure,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 6] =
        [Source::Engine, Source::Host, Source::Ticket, Source::Callmap, Source::File, Source::Note];

    /// The one word for JSON and filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Engine => "engine",
            Source::Host => "host",
            Source::Ticket => "ticket",
            Source::Callmap => "callmap",
            Source::File => "file",
            Source::Note => "note",
        }
    }

    /// The source of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

impl Confidence {
    /// The one word for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Unknown => "unknown",
            Confidence::Likely => "likely",
            Confidence::Sure => "sure",
        }
    }
}
