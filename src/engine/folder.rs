//! Folders for sockets that nobody else may enter.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

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
        let base = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute() && folder.is_dir())
            .unwrap_or_else(std::env::temp_dir);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("wakeboard-{purpose}-{}-{count}", std::process::id()));
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

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
