//! The ledger's file, for its owner only.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, absolute};

use super::error::Fault;

/// Makes the file and its folders where they are missing. SQLite gives the files that it puts beside it the same mode.
pub(super) fn make(path: &Path) -> Result<(), Fault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Fault::io(&error))?;
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    close_to_others(&file.map_err(|error| Fault::io(&error))?);
    Ok(())
}

/// A file that was copied or made by hand may be open to all. Not ours to change where it is somebody else's.
fn close_to_others(file: &File) {
    if file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0) {
        let _ = file.set_permissions(Permissions::from_mode(0o600));
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
