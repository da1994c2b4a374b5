//! Copies of checkpoints, as files that only this user may read: a container's memory is in them.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::engine::EngineError;

/// What a copy's name ends with.
const ENDING: &str = ".tar";
/// What one ends with that is still being written.
const PART: &str = ".part";
/// How many copies of one container are told of.
const MOST: usize = 64;

/// The folder of copies. A copy of the container `ID` under the name `NAME` is `ID.NAME.tar`.
pub struct Exports(PathBuf);

impl Exports {
    pub fn new(folder: PathBuf) -> Self {
        Exports(folder)
    }

    /// A place for a new copy; it counts once it is kept, and is gone if it is not.
    pub fn begin(&self, id: &str, name: &str) -> Result<Unfinished, EngineError> {
        let file = self.file(id, name)?;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|error| unable(&self.0, &error))?;
        let part = PathBuf::from(format!("{}{PART}", file.display()));
        Ok(Unfinished { part, file })
    }

    /// The copy of that name, if it is there.
    pub fn find(&self, id: &str, name: &str) -> Option<PathBuf> {
        self.file(id, name).ok().filter(|file| file.is_file())
    }

    /// The names of all copies of a container.
    pub fn names(&self, id: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        let name = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_prefix(id)?.strip_prefix('.')?.strip_suffix(ENDING)?;
            is_plain(name).then(|| name.to_owned())
        };
        let mut names: Vec<_> = entries.filter_map(Result::ok).filter_map(name).take(MOST).collect();
        names.sort();
        names
    }

    /// Removes a copy, and what an end in the middle left of it.
    pub fn remove(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let file = self.file(id, name)?;
        let _ = fs::remove_file(format!("{}{PART}", file.display()));
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unable(&file, &error)),
            _ => Ok(()),
        }
    }

    fn file(&self, id: &str, name: &str) -> Result<PathBuf, EngineError> {
        if !is_plain(id) || !is_plain(name) {
            return Err(EngineError::Unable(format!("{name:?} is no name for a checkpoint")));
        }
        Ok(self.0.join(format!("{id}.{name}{ENDING}")))
    }
}

/// A copy that is being written.
pub struct Unfinished {
    part: PathBuf,
    file: PathBuf,
}

impl Unfinished {
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// All of it is there.
    pub fn keep(self) -> Result<(), EngineError> {
        fs::rename(&self.part, &self.file).map_err(|error| unable(&self.file, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.part);
    }
}

/// Whether a name can be part of a file's name, as engines want it too.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn unable(path: &Path, error: &io::Error) -> EngineError {
    EngineError::Unable(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_counts_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let exports = Exports::new(folder.path().join("a/b"));
        let unfinished = exports.begin("abc", "wakeboard-1.x").unwrap();
        fs::write(unfinished.path(), "x").unwrap();
        assert_eq!(exports.names("abc"), Vec::<String>::new());
        drop(unfinished);
        assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 0);

        let unfinished = exports.begin("abc", "wakeboard-1.x").unwrap();
        fs::write(unfinished.path(), "x").unwrap();
        unfinished.keep().unwrap();
        assert_eq!(exports.names("abc"), ["wakeboard-1.x"]);
        assert_eq!(exports.names("ab"), Vec::<String>::new());
        assert!(exports.find("abc", "wakeboard-1.x").is_some());
        exports.remove("abc", "wakeboard-1.x").unwrap();
        exports.remove("abc", "wakeboard-1.x").unwrap();
        assert!(exports.find("abc", "wakeboard-1.x").is_none());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let exports = Exports::new("/nowhere".into());
        for name in ["../x", "a/b", "", ".x"] {
            assert!(exports.begin("abc", name).is_err(), "{name}");
            assert!(exports.remove("abc", name).is_err(), "{name}");
        }
    }
}
