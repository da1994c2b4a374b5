//! Folders for sockets that nobody else may enter.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The longest path of a folder: the path of a socket has 107 bytes at most, and its name needs some of them.
const LONGEST: usize = 72;

/// A folder of this process alone, removed with all that is in it on drop.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Makes one, in the runtime folder of the user where there is one: a socket's path must be short.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(purpose: &str) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("wakeboard-{purpose}-{}-{count}", std::process::id());
        let bases = runtime.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
        let folder = short(bases.filter(|base| base.is_absolute() && base.is_dir()), &name)
            .unwrap_or_else(|| std::env::temp_dir().join(&name));
        // Left by a process of the same number that was killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(PrivateFolder(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// The folder of that name in the first of these whose sockets can have paths; in the last one where none is short enough.
fn short(bases: impl Iterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    let mut last = None;
    for base in bases {
        let folder = base.join(name);
        if folder.as_os_str().len() <= LONGEST {
            return Some(folder);
        }
        last = Some(folder);
    }
    last
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_base_is_passed_over() {
        let long = PathBuf::from("/").join("x".repeat(90));
        let bases = |all: &[&Path]| short(all.iter().map(|base| base.to_path_buf()), "a");
        assert_eq!(bases(&[&long, Path::new("/tmp")]), Some("/tmp/a".into()));
        assert_eq!(bases(&[Path::new("/run"), Path::new("/tmp")]), Some("/run/a".into()));
        assert_eq!(bases(&[&long]), Some(long.join("a")));
        assert_eq!(bases(&[]), None);
    }
}
