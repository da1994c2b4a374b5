//! How files were when they were seen last: a small file in the state folder that all consoles of this account share.
//!
//! Not the ledger: that may be shared with other machines, whose files are others. It holds hashes and no content.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most files that are remembered: those that were not seen for the longest time go.
const MOST: usize = 4000;
/// The largest such file that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// How a file was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// What it held; nothing where it was gone.
    pub hash: Option<String>,
    /// The time that its content had, in nanoseconds.
    pub modified: i128,
    /// When it was seen to be so first.
    pub seen: Timestamp,
}

/// All that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// By path.
    pub files: BTreeMap<PathBuf, Print>,
}

impl Kept {
    /// What is kept there; nothing where nothing is, or what is there cannot be read.
    pub fn load(file: &Path) -> Self {
        let read = || -> io::Result<Self> {
            if fs::metadata(file)?.len() > LARGEST {
                return Err(io::Error::other("too large"));
            }
            Ok(serde_json::from_slice(&fs::read(file)?)?)
        };
        read().unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                let file = file.display().to_string();
                tracing::warn!(file, %error, "how files were is not known any more: edits until now are not told");
            }
            Kept::default()
        })
    }

    /// Keeps these too, over what is there. Another console may do so at the same time: then one of them is kept, and the
    /// other's edits are told twice by the same key, which is once.
    pub fn store(file: &Path, fresh: &BTreeMap<PathBuf, Print>) -> io::Result<()> {
        let mut all = Kept::load(file);
        all.files.extend(fresh.clone());
        if all.files.len() > MOST {
            let mut oldest: Vec<_> =
                all.files.iter().map(|(path, print)| (print.seen, path.clone())).collect();
            oldest.sort();
            for (_, path) in &oldest[..oldest.len() - MOST] {
                all.files.remove(path);
            }
        }
        if let Some(folder) = file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let fresh = file.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&fresh).and_then(|mut out| {
            out.write_all(&serde_json::to_vec(&all)?)?;
            fs::rename(&fresh, file)
        });
        if written.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(hash: &str, second: i64) -> Print {
        Print {
            hash: Some(hash.to_owned()),
            modified: i128::from(second) * 1_000_000_000,
            seen: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/watched.json");
        Kept::store(&file, &[("/a".into(), print("1", 1)), ("/b".into(), print("2", 2))].into()).unwrap();
        Kept::store(&file, &[("/b".into(), print("3", 3))].into()).unwrap();
        let kept = Kept::load(&file);
        assert_eq!(kept.files, [("/a".into(), print("1", 1)), ("/b".into(), print("3", 3))].into());
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        fs::write(&file, "{\"files\":").unwrap();
        assert_eq!(Kept::load(&file), Kept::default());
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("watched.json");
        let many = |from: usize, to: usize| {
            (from..to)
                .map(|n| (PathBuf::from(format!("/{n:05}")), print("x", i64::try_from(n).unwrap())))
                .collect()
        };
        Kept::store(&file, &many(0, MOST)).unwrap();
        Kept::store(&file, &many(MOST, MOST + 10)).unwrap();
        let kept = Kept::load(&file);
        assert_eq!(kept.files.len(), MOST);
        assert_eq!(kept.files.keys().next().unwrap(), Path::new("/00010"));
    }
}
