//! What can go wrong with a ledger, and what mends it.

use std::io;

use super::key::KeyFault;
use crate::model::plain::plain;

/// The ledger cannot be used as asked.
#[derive(Debug, thiserror::Error)]
#[error("ledger {}: {fault}", plain(.place))]
pub struct LedgerError {
    /// Which ledger: a file, or a URL without its password.
    pub place: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file or database that may not be written.
    #[error(
        "cannot be written ({0}); make it and its folder yours, or give another one in the config (`ledger`)"
    )]
    NotWritable(String),
    /// The path leads nowhere.
    #[error("cannot be made or opened ({0}); is its folder there?")]
    NotThere(String),
    /// No room for more.
    #[error("the disk is full; make room there, nothing has been changed")]
    DiskFull,
    /// Somebody else is writing all the time.
    #[error("somebody else has it locked; try again, or see which process keeps it open")]
    Locked,
    /// No answer in time.
    #[error("no answer within {0} s; is its disk, or the way to it, stuck?")]
    TooSlow(u64),
    /// There is no PostgreSQL, or no way to it.
    #[error("cannot be reached ({0}); does PostgreSQL run there, and does it take connections from here?")]
    Unreachable(String),
    /// A pooler that gives each transaction another connection.
    #[error(
        "a pooler stands before PostgreSQL that has no connection for us alone ({0}); the ledger needs one with \
         `pool_mode = session` and `ignore_startup_parameters = extra_float_digits`, or PostgreSQL itself"
    )]
    Pooler(String),
    /// PostgreSQL does not know this user, password or database.
    #[error("PostgreSQL refuses us ({0}); look at user, password and database of `ledger` in the config")]
    Refused(String),
    /// Something that is no database.
    #[error("is no ledger but something else; give another file, or move this one away")]
    NotALedger,
    /// A database in use for something else.
    #[error(
        "is a database of something else (it has {}), and nothing is written there; give the ledger one of its own",
        plain(.0)
    )]
    Foreign(String),
    /// Another file was put in its place while it is open.
    #[error(
        "was replaced by another file while it is in use; end all that use it (consoles, keepers), and start them again: \
         until then nothing is read or written"
    )]
    Replaced,
    /// A wakeboard to come has changed it.
    #[error("was made by a newer wakeboard (format {found}, this one knows {known}); use that one")]
    Newer {
        /// The format that it has.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The file is broken, or a row in it.
    #[error(
        "is damaged ({0}); restore it from a backup: tenants that sleep by destroy are in the ledger alone. All others are on their hosts \
         still, paused or stopped"
    )]
    Damaged(String),
    /// The record of changes is not as it was written, so nothing of it is pruned.
    #[error("the record of changes was tampered with ({0}); nothing is pruned before you have looked at it")]
    Tampered(String),
    /// Sleepers can be neither sealed nor opened. The rest of the ledger can be used.
    #[error("{0}")]
    Key(#[from] KeyFault),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Fault {
    /// A row that cannot be what this program has written.
    pub(super) fn row(what: &str, error: impl std::fmt::Display) -> Self {
        Fault::Damaged(format!("{what}: {}", harmless(&error.to_string())))
    }

    /// What went wrong with a file or a folder.
    pub(super) fn io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Fault::NotWritable(error.to_string())
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::DiskFull,
            _ => Fault::NotThere(error.to_string()),
        }
    }

    /// Whether the same again may work at once: others were at it.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Fault::Locked)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(told) => {
                let message = harmless(told.message());
                match told.code().as_deref().unwrap_or_default() {
                    // PostgreSQL's codes have five characters, SQLite's are numbers below 10000.
                    code if code.len() == 5 => of_postgres(code, message),
                    code => of_sqlite(code.parse().unwrap_or(0), message),
                }
            }
            sqlx::Error::Io(why) => Fault::Unreachable(harmless(&why.to_string())),
            sqlx::Error::Tls(why) => Fault::Unreachable(format!("TLS: {}", harmless(&why.to_string()))),
            // The text of a configuration's fault may repeat parts of the URL.
            sqlx::Error::Configuration(_) => Fault::Refused("the URL cannot be read".to_owned()),
            sqlx::Error::WorkerCrashed => Fault::Unreachable("the connection is gone".to_owned()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                Fault::row("a row", error)
            }
            _ => Fault::Other(harmless(&error.to_string())),
        }
    }
}

/// A library's words, fit for a terminal. SQLite repeats bytes of the file as they are, and the library takes them for UTF-8 unseen: in
/// a text that is none, harmful characters would not be found.
fn harmless(text: &str) -> String {
    plain(&String::from_utf8_lossy(text.as_bytes())).into_owned()
}

fn of_sqlite(code: i32, message: String) -> Fault {
    // The lowest byte is the kind, the rest says more.
    match code & 0xff {
        5 | 6 => Fault::Locked,
        3 | 8 | 23 => Fault::NotWritable(message),
        11 => Fault::Damaged(message),
        13 => Fault::DiskFull,
        14 => Fault::NotThere(message),
        26 => Fault::NotALedger,
        _ => Fault::Other(message),
    }
}

fn of_postgres(code: &str, message: String) -> Fault {
    match code {
        // Two made the same table at once, or each waited for the other.
        "23505" | "42P07" | "40001" | "40P01" | "55P03" => Fault::Locked,
        "25006" | "42501" => Fault::NotWritable(message),
        "53100" => Fault::DiskFull,
        // A statement that was prepared on another connection, or is left there by somebody else; a parameter that pgbouncer does
        // not hand on.
        "26000" | "42P05" => Fault::Pooler(message),
        "08P01" if message.contains("startup parameter") => Fault::Pooler(message),
        "3D000" => Fault::Refused(message),
        "53300" => Fault::Unreachable(message),
        code if code.starts_with("28") => Fault::Refused(message),
        code if code.starts_with("08") || code.starts_with("57P") => Fault::Unreachable(message),
        code if code.starts_with("XX") => Fault::Damaged(message),
        _ => Fault::Other(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(5, "somebody else has it locked")]
    #[case(517, "somebody else has it locked")]
    #[case(8, "cannot be written")]
    #[case(1544, "cannot be written")]
    #[case(13, "the disk is full")]
    #[case(14, "cannot be made or opened")]
    #[case(11, "is damaged")]
    #[case(26, "is no ledger")]
    #[case(1, "no such column")]
    fn sqlites_codes_become_words(#[case] code: i32, #[case] words: &str) {
        let text = of_sqlite(code, "no such column".to_owned()).to_string();
        assert!(text.starts_with(words), "{text}");
    }

    #[rstest]
    #[case("55P03", "somebody else has it locked")]
    #[case("53100", "the disk is full")]
    #[case("28P01", "PostgreSQL refuses us")]
    #[case("3D000", "PostgreSQL refuses us")]
    #[case("57P03", "cannot be reached")]
    #[case("53300", "cannot be reached")]
    #[case("42501", "cannot be written")]
    #[case("25006", "cannot be written")]
    #[case("26000", "a pooler stands before PostgreSQL")]
    #[case("42P05", "a pooler stands before PostgreSQL")]
    #[case("08P01", "cannot be reached")]
    #[case("XX001", "is damaged")]
    fn postgres_codes_become_words(#[case] code: &str, #[case] words: &str) {
        let text = of_postgres(code, "told".to_owned()).to_string();
        assert!(text.starts_with(words), "{text}");
    }

    #[test]
    fn a_pooler_that_refuses_our_parameters_is_named() {
        let told = "unsupported startup parameter: extra_float_digits".to_owned();
        assert!(matches!(of_postgres("08P01", told), Fault::Pooler(_)));
    }

    #[test]
    fn what_is_told_can_do_a_terminal_no_harm() {
        let fault = Fault::from(sqlx::Error::Protocol("\u{1b}[2J".to_owned()));
        let error = LedgerError { place: "\u{1b}]0;".to_owned(), fault };
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
