//! The ledger's file, for its owner only.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, absolute};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Access, access};

use super::error::Fault;

/// Makes the file and its folders where they are missing. SQLite gives the files that it puts beside it the same mode.
///
/// A file that is there is never opened here: to close it would drop all locks that this process has on it, those of its other
/// connections too, and then the next program that closes the ledger takes away the log that they write to.
pub(super) fn make(path: &Path) -> Result<(), Fault> {
    // One at a time, so that nobody has locks yet on what is closed here.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Fault::io(&error))?;
    }
    if path.exists() {
        access(path, Access::READ_OK | Access::WRITE_OK).map_err(|error| Fault::io(&error.into()))?;
    } else {
        let mut options = OpenOptions::new();
        let made = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        drop(made.map_err(|error| Fault::io(&error))?);
    }
    close_to_others(path);
    Ok(())
}

/// By which a file is known from another one at the same place: its device, and its number there.
pub(super) type FileId = (u64, u64);

/// The file that is there; nothing where there is none.
pub(super) fn id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().map(|data| (data.dev(), data.ino()))
}

/// A file that was copied or made by hand may be open to all. Not ours to change where it is somebody else's.
fn close_to_others(path: &Path) {
    if fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0) {
        let _ = fs::set_permissions(path, Permissions::from_mode(0o600));
    }
}

/// The file as sqlx wants it: a URL.
pub(super) fn url(path: &Path) -> Result<String, Fault> {
    let path = absolute(path).map_err(|error| Fault::io(&error))?;
    let text =
        path.to_str().ok_or_else(|| Fault::NotThere("its name is no UTF-8; give another one".to_owned()))?;
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    Ok(format!("sqlite://{}", encoded.collect::<String>()))
}
