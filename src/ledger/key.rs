//! The ledger's keys: read from where the config names them, and made beside a SQLite ledger. Never in the ledger itself.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};

use super::seal::{KEY_BYTES, Key, Seal, SealFault};
use super::{hex, seal};
use crate::model::ledger::{KeyPlace, KeyPlaces, Where};
use crate::model::plain::plain;

/// A file with a key is not longer than this.
const MOST_BYTES: u64 = 1024;

/// Why sleepers can be neither sealed nor opened, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A PostgreSQL, and the config names no key.
    #[error(
        "its key is not named, and nothing is put to sleep or woken without it; say `ledger_key: FILE` in the config, with \
         the same key everywhere that this ledger is shared (the first one makes it: wakeboard ledger key new FILE)"
    )]
    NotNamed,
    /// The file or the variable is not there.
    #[error(
        "its key {} is not there, and nothing is put to sleep or woken without it; bring it back from where you keep its \
         copy, or name another place with `ledger_key` in the config", plain(.0)
    )]
    Missing(String),
    /// The file cannot be read.
    #[error("its key {} cannot be read ({why}); nothing is put to sleep or woken without it", plain(.place))]
    Unreadable {
        /// Where the key is.
        place: String,
        /// What the system says.
        why: String,
    },
    /// A new one cannot be written.
    #[error("no key can be made in {} ({why})", plain(.place))]
    NotMade {
        /// Where it was to be.
        place: String,
        /// What is in the way.
        why: String,
    },
    /// Others can read it.
    #[error("its key {} can be read by others; chmod 600 it", plain(.0))]
    Open(String),
    /// Something that is no key.
    #[error("{} holds no key of a ledger: that is {} hexadecimal digits", plain(.0), 2 * KEY_BYTES)]
    NoKey(String),
    /// Somebody seals with another one.
    #[error(
        "what sleeps was sealed with another key (named {0}); nothing is put to sleep or woken before `ledger_key` in the config \
         names that one too"
    )]
    Other(String),
    /// Written by an older wakeboard, or by somebody else.
    #[error(
        "the record of {} has no seal, as those of older versions have none; look at it and sign it: wakeboard ledger sign",
        plain(.0)
    )]
    Unsigned(String),
    /// Written by somebody without the key, or brought here from elsewhere.
    #[error(
        "the record of {} is not what a wakeboard has written there (its seal does not fit); nothing is done by it: find out \
         who writes into the ledger, and bring the record back from a copy",
        plain(.0)
    )]
    Forged(String),
}

/// The keys of that ledger. Where none is named and none is there, a SQLite ledger gets one if that is allowed.
pub(super) fn read(place: &Where, named: &KeyPlaces, may_make: bool) -> Result<Seal, KeyFault> {
    let keys = match (&*named.0, place) {
        ([], Where::Postgres(_)) => return Err(KeyFault::NotNamed),
        ([], Where::Sqlite(file)) => {
            let file = beside(file);
            if may_make && !file.exists() {
                make_unless_there(&file)?;
            }
            vec![from_file(&file)?]
        }
        (several, _) => several.iter().map(from_place).collect::<Result<_, _>>()?,
    };
    let keys: Result<Vec<Key>, SealFault> = keys.iter().map(Key::new).collect();
    keys.map(Seal::new)
        .map_err(|fault| KeyFault::Unreadable { place: "(ring)".to_owned(), why: fault.to_string() })
}

/// The key that seals, as the text of a key file: for a copy in a safe place.
///
/// # Errors
/// It is not there, or is none.
pub fn exported(place: &Where, named: &KeyPlaces) -> Result<String, KeyFault> {
    let bytes = match (&*named.0, place) {
        ([first, ..], _) => from_place(first)?,
        ([], Where::Sqlite(file)) => from_file(&beside(file))?,
        ([], Where::Postgres(_)) => return Err(KeyFault::NotNamed),
    };
    Ok(hex::text(&bytes))
}

/// Makes a new key in a file that must not be there yet, for its owner only.
///
/// # Errors
/// The file is there, or cannot be made.
pub fn make(file: &Path) -> Result<(), KeyFault> {
    if make_unless_there(file)? {
        return Ok(());
    }
    Err(KeyFault::NotMade { place: shown(file), why: "there is a file of that name already".to_owned() })
}

/// The file of the key that a SQLite ledger has where the config names none.
fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

fn from_place(place: &KeyPlace) -> Result<[u8; KEY_BYTES], KeyFault> {
    match place {
        KeyPlace::File(file) => from_file(file),
        KeyPlace::Variable { text: None, .. } => Err(KeyFault::Missing(place.to_string())),
        KeyPlace::Variable { text: Some(text), .. } => {
            parse(text).ok_or_else(|| KeyFault::NoKey(place.to_string()))
        }
    }
}

fn from_file(file: &Path) -> Result<[u8; KEY_BYTES], KeyFault> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => KeyFault::Missing(shown(file)),
        _ => KeyFault::Unreadable { place: shown(file), why: error.to_string() },
    };
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file).map_err(failed)?;
    let data = opened.metadata().map_err(failed)?;
    if data.is_file() && data.mode() & 0o077 != 0 {
        return Err(KeyFault::Open(shown(file)));
    }
    let mut text = String::new();
    opened.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
    parse(&text).ok_or_else(|| KeyFault::NoKey(shown(file)))
}

fn parse(text: &str) -> Option<[u8; KEY_BYTES]> {
    hex::bytes(&text.trim().to_ascii_lowercase())?.try_into().ok()
}

/// False where there is a file of that name already. It is whole, for its owner only, and on the disk before anybody sees it: what
/// is sealed with a key that is lost can never be opened again.
fn make_unless_there(file: &Path) -> Result<bool, KeyFault> {
    let failed = |error: std::io::Error| KeyFault::NotMade { place: shown(file), why: error.to_string() };
    let mut key = [0; KEY_BYTES];
    SystemRandom::new().fill(&mut key).map_err(|_| failed(std::io::Error::other("no random numbers")))?;
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{:x}", seal::number().unwrap_or(0)));
    let draft = PathBuf::from(name);
    let write = || {
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(out, "{}", hex::text(&key))?;
        out.sync_all()?;
        // Unlike a renaming, a link never takes the place of what is there.
        let linked = fs::hard_link(&draft, file);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    };
    let made = write();
    let _ = fs::remove_file(&draft);
    made.map_err(failed)
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn sqlite(folder: &Path) -> Where {
        Where::Sqlite(folder.join("ledger.db"))
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = sqlite(folder.path());
        let none = KeyPlaces::default();
        assert!(matches!(read(&place, &none, false), Err(KeyFault::Missing(_))));
        read(&place, &none, true).unwrap();
        let first = exported(&place, &none).unwrap();
        read(&place, &none, true).unwrap();
        assert_eq!(exported(&place, &none).unwrap(), first);
        let file = folder.path().join("ledger.db.key");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        assert!(make(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), first);
    }

    #[test]
    fn several_that_make_it_at_once_have_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let place = sqlite(folder.path());
        let make = || read(&place, &KeyPlaces::default(), true).unwrap().seal(b"x", b"").unwrap();
        let seals: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let seal = read(&place, &KeyPlaces::default(), false).unwrap();
        assert!(seals.iter().all(|sealed| seal.open(sealed, b"").is_ok()));
    }

    #[test]
    fn what_is_no_key_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let named = KeyPlaces(vec![KeyPlace::File(file.clone())]);
        let fault = || read(&sqlite(folder.path()), &named, true).unwrap_err();
        assert!(matches!(fault(), KeyFault::Missing(_)), "one that is named is never made");
        fs::write(&file, "ab").unwrap();
        assert!(matches!(fault(), KeyFault::Open(_)));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(fault(), KeyFault::NoKey(_)));
        fs::write(&file, "AB".repeat(32) + "\n").unwrap();
        read(&sqlite(folder.path()), &named, true).unwrap();
        let empty = KeyPlaces(vec![KeyPlace::Variable { name: "KEY".to_owned(), text: None }]);
        assert_eq!(
            read(&sqlite(folder.path()), &empty, true).unwrap_err(),
            KeyFault::Missing("${env:KEY}".to_owned())
        );
        let shared = Where::Postgres("postgres://db/x".parse().unwrap());
        assert_eq!(read(&shared, &KeyPlaces::default(), true).unwrap_err(), KeyFault::NotNamed);
    }
}
