//! The socket's place: a folder of this account alone, which one process holds at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;
use tokio::net::UnixListener;

/// The socket's name.
const NAME: &str = "notes.sock";
/// The longest path that a unix socket can have on every system that we run on.
const LONGEST: usize = 103;

/// A socket that cannot be made, and why.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The folder, or something in it, cannot be used.
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    /// Others may enter.
    #[error("{}: belongs to somebody else", .0.display())]
    NotOurs(PathBuf),
    /// Something is there that nobody would miss a socket for.
    #[error("{}: is there already, and no socket", .0.display())]
    Taken(PathBuf),
    /// There is no room for the socket's name.
    #[error("{}: a socket's path has at most {LONGEST} bytes", .0.display())]
    TooLong(PathBuf),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Fault {
    let path = path.to_owned();
    move |error| Fault::Io { path, error }
}

/// The folder, held: no other process has it until this is dropped, or we are dead.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    _lock: File,
}

impl Held {
    /// Takes it, unless somebody has it.
    pub fn take(folder: &Path) -> Result<Option<Self>, Fault> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
        let about = fs::symlink_metadata(folder).map_err(failed(folder))?;
        if !about.is_dir() || about.uid() != geteuid().as_raw() {
            return Err(Fault::NotOurs(folder.to_owned()));
        }
        if about.mode() & 0o077 != 0 {
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed(folder))?;
        }
        let path = folder.join("notes.lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(failed(&path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Held { folder: folder.to_owned(), _lock: lock })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(Fault::Io { path, error: error.into() }),
        }
    }
}

/// The socket. It goes when this is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    inode: u64,
    listener: UnixListener,
}

impl Socket {
    /// Makes it. One that was left behind is replaced: whoever holds the folder is the only one who may have one there.
    pub fn bind(held: &Held) -> Result<Self, Fault> {
        let path = held.folder.join(NAME);
        let fresh = held.folder.join("notes.new");
        if path.as_os_str().len() > LONGEST {
            return Err(Fault::TooLong(path));
        }
        for path in [&path, &fresh] {
            if fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket()) {
                return Err(Fault::Taken(path.clone()));
            }
        }
        let _ = fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh).map_err(failed(&fresh))?;
        let made = || {
            fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
            let inode = fs::symlink_metadata(&fresh)?.ino();
            fs::rename(&fresh, &path)?;
            Ok(inode)
        };
        let inode = made().map_err(failed(&path))?;
        Ok(Socket { path, inode, listener })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// Whether what is there is still this one.
    pub fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.is_there() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_has_it_and_what_a_dead_one_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/wakeboard");
        let held = Held::take(&folder).unwrap().unwrap();
        assert!(Held::take(&folder).unwrap().is_none(), "somebody has it");
        let path = folder.join(NAME);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = Socket::bind(&held).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        assert!(socket.is_there());
        drop((socket, held));
        assert!(!path.exists());
        assert!(Held::take(&folder).unwrap().is_some());
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let held = Held::take(folder.path()).unwrap().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "mine").unwrap();
        assert!(Socket::bind(&held).unwrap_err().to_string().ends_with("is there already, and no socket"));
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
        let long = folder.path().join("x".repeat(100));
        let held = Held::take(&long).unwrap().unwrap();
        assert!(matches!(Socket::bind(&held), Err(Fault::TooLong(_))));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        assert!(Held::take(&open).unwrap().is_some());
        assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o700);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(matches!(Held::take(&link), Err(Fault::NotOurs(_))));
    }
}
