//! The log file: readable by its owner alone, and never larger than a bound, however long the program runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A log larger than this, in bytes, is put aside under the same name with `.1` at its end; one such file is kept.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// Logs hold names of tenants and hosts: nobody else reads them.
const OWNER_ONLY: u32 = 0o600;

/// A file that is appended to and rotated by size. It follows its path: where another program moved or removed the file, the
/// next line begins a new one.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    most_bytes: u64,
}

impl LogFile {
    /// Opens the file, and makes it where it is missing.
    ///
    /// # Errors
    /// The file cannot be opened for writing.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::bounded(path, MOST_BYTES)
    }

    fn bounded(path: &Path, most_bytes: u64) -> io::Result<Self> {
        let mut log = LogFile { path: path.to_owned(), file: append_to(path)?, most_bytes };
        log.rotate_if_full()?;
        Ok(log)
    }

    fn rotate_if_full(&mut self) -> io::Result<()> {
        let data = self.file.metadata()?;
        // A device, a pipe: nothing to rotate, and its path stays.
        if !data.is_file() {
            return Ok(());
        }
        let is_ours =
            fs::metadata(&self.path).is_ok_and(|at| (at.dev(), at.ino()) == (data.dev(), data.ino()));
        if is_ours && data.len() < self.most_bytes {
            return Ok(());
        }
        if is_ours {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            fs::rename(&self.path, aside)?;
        }
        self.file = append_to(&self.path)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Where no new file can be made, the old one goes on: a line is worth more than a bound.
        let _ = self.rotate_if_full();
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(OWNER_ONLY).open(path)?;
    let data = file.metadata()?;
    // One that an earlier version made. Somebody else's file keeps its mode.
    if data.is_file() && data.mode() & 0o077 != 0 {
        let _ = file.set_permissions(fs::Permissions::from_mode(OWNER_ONLY));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn it_is_rotated_while_it_is_written_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("keeper.out"), folder.path().join("keeper.out.1"));
        let mut log = LogFile::bounded(&path, 100).unwrap();
        for line in 0..200 {
            writeln!(log, "line {line:03}").unwrap();
        }
        assert!(fs::metadata(&path).unwrap().len() <= 109, "it has a bound");
        assert!(fs::read_to_string(&path).unwrap().ends_with("line 199\n"));
        assert!(fs::read_to_string(&aside).unwrap().contains("line 19"), "the lines before are beside it");
        assert_eq!((mode(&path), mode(&aside)), (0o600, 0o600));
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "one file is kept aside");
    }

    #[test]
    fn one_that_others_could_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.log");
        fs::write(&path, "before\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        writeln!(LogFile::open(&path).unwrap(), "after").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nafter\n");
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("a.log"), folder.path().join("a.log-2026"));
        let mut log = LogFile::open(&path).unwrap();
        writeln!(log, "first").unwrap();
        fs::rename(&path, &moved).unwrap();
        writeln!(log, "second").unwrap();
        fs::remove_file(&path).unwrap();
        writeln!(log, "third").unwrap();
        assert_eq!(fs::read_to_string(&moved).unwrap(), "first\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "third\n");
    }

    #[test]
    fn a_device_is_written_to_as_it_is() {
        writeln!(LogFile::open(Path::new("/dev/null")).unwrap(), "nothing").unwrap();
        assert!(Path::new("/dev/null").exists());
    }
}
