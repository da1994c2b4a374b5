//! A look at one file.

use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// How much of a file is read: nobody writes a larger one by hand.
const LARGEST: u64 = 1024 * 1024;

/// What changes when a file is changed, as far as its folder tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    modified: i128,
    changed: i128,
    length: u64,
    inode: u64,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Look {
    pub stamp: Stamp,
    /// Of its content, and of its length where that is not read to the end.
    pub hash: String,
    /// Nothing where it is too large, or no text.
    pub text: Option<Arc<str>>,
}

/// What was seen.
#[derive(Debug)]
pub enum Seen {
    /// It is there.
    There(Look),
    /// Nothing is there.
    Gone,
    /// Somebody is writing it now.
    Unsettled,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Stamp {
            modified: nanos(about.mtime(), about.mtime_nsec()),
            changed: nanos(about.ctime(), about.ctime_nsec()),
            length: about.len(),
            inode: about.ino(),
        }
    }

    /// The time that its content has, in nanoseconds: the same for whoever looks.
    pub fn modified(self) -> i128 {
        self.modified
    }

    pub fn length(self) -> u64 {
        self.length
    }

    /// When it became what it is: a file that was moved here is older than that.
    pub fn time(self) -> Timestamp {
        Timestamp::from_nanosecond(self.modified.max(self.changed)).unwrap_or_default()
    }
}

/// When a file was changed last, as far as its folder tells; nothing where there is none.
pub fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().filter(Metadata::is_file).map(|about| Stamp::of(&about))
}

/// Reads a file.
pub fn look(path: &Path) -> Seen {
    let read = || -> io::Result<Seen> {
        // Asked before it is opened: a pipe would wait for its writer for ever.
        if !fs::metadata(path)?.is_file() {
            return Ok(Seen::Gone);
        }
        let file = File::open(path)?;
        let before = Stamp::of(&file.metadata()?);
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if stamp(path) != Some(before) {
            return Ok(Seen::Unsettled);
        }
        let mut hasher = Sha256::new().chain_update(&bytes);
        let is_whole = bytes.len() as u64 <= LARGEST;
        if !is_whole {
            hasher.update(before.length.to_be_bytes());
        }
        let digest = hasher.finalize();
        let mut hash = String::new();
        for byte in &digest[..16] {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let text = String::from_utf8(bytes).ok().filter(|_| is_whole).map(Into::into);
        Ok(Seen::There(Look { stamp: before, hash, text }))
    };
    match read() {
        Ok(seen) => seen,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Seen::Gone
        }
        Err(error) => Seen::Unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(path: &Path) -> Look {
        match look(path) {
            Seen::There(look) => look,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_content_makes_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "a: 1\n").unwrap();
        let first = there(&file);
        fs::write(&file, "a: 1\n").unwrap();
        assert_eq!(there(&file).hash, first.hash);
        fs::write(&file, "a: 2\n").unwrap();
        assert_ne!(there(&file).hash, first.hash);
        fs::write(&file, b"\xff").unwrap();
        assert!(there(&file).text.is_none());
    }

    #[test]
    fn a_large_file_is_not_kept_but_its_growth_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        let large = usize::try_from(LARGEST).unwrap() + 1;
        fs::write(&file, vec![b'x'; large]).unwrap();
        let first = there(&file);
        assert!(first.text.is_none());
        fs::write(&file, vec![b'x'; large + 1]).unwrap();
        assert_ne!(there(&file).hash, first.hash);
    }

    #[test]
    fn what_is_no_file_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(look(folder.path()), Seen::Gone));
        assert!(matches!(look(&folder.path().join("none")), Seen::Gone));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("none"), &link).unwrap();
        assert!(matches!(look(&link), Seen::Gone));
        assert!(stamp(&link).is_none());
    }
}
