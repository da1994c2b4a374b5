//! Where the ledger is: a file of this machine, or a PostgreSQL that several consoles share.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;

/// Where the ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// A SQLite file on a disk of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL.
    Postgres(PostgresUrl),
}

/// What follows from how far this machine's clock is ahead of, or behind, that of a ledger that others share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockCheck {
    /// They agree well enough.
    Agrees,
    /// Leases still hold, but times in the record are off.
    IsOff,
    /// Others would take our work over, or we theirs: nothing may be done by it.
    IsWrong,
}

impl ClockCheck {
    /// Off is more than this.
    const MOST: SignedDuration = SignedDuration::from_secs(2);
    /// Wrong is more than this: what is left of a lease when it is renewed for the last time but one.
    const MARGIN: SignedDuration = SignedDuration::from_secs(10);

    /// What follows from that difference, whichever way it goes.
    #[must_use]
    pub fn of(ahead: SignedDuration) -> ClockCheck {
        match ahead.abs() {
            off if off > ClockCheck::MARGIN => ClockCheck::IsWrong,
            off if off > ClockCheck::MOST => ClockCheck::IsOff,
            _ => ClockCheck::Agrees,
        }
    }
}

/// Where the keys are that seal what others must neither read nor make. The first one seals, all of them open. Where none is
/// named, a SQLite ledger has a key of its own in a file beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPlaces(pub Vec<KeyPlace>);

/// Where one key is.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Variable {
        /// Its name.
        name: String,
        /// Its value, the key itself; nothing where the environment has none.
        text: Option<String>,
    },
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPlace::File(path) => path.display().fmt(f),
            KeyPlace::Variable { name, .. } => write!(f, "${{env:{name}}}"),
        }
    }
}

impl fmt::Debug for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPlace({self})")
    }
}

impl Where {
    /// What is to be said of the way to it, where others may read and change what goes there.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let Where::Postgres(url) = self else { return None };
        let told = "whoever is on the way can read and change it: add sslmode=verify-full to its address";
        (!url.is_safe_on_its_way())
            .then(|| format!("the ledger {url} is reached without a check of who answers; {told}"))
    }
}

/// `postgres://user:password@host:port/database`. Shown without password and options, by `Debug` too.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

/// A text that is no URL of a PostgreSQL. Does not repeat the text: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is `postgres://user:password@host/database`, or a file where nothing is said")]
pub struct BadPostgresUrl;

impl PostgresUrl {
    /// Whether it is known that nobody on the way reads or answers in the server's place: it is on this machine, or its certificate
    /// is checked (`sslmode=verify-full`).
    #[must_use]
    pub fn is_safe_on_its_way(&self) -> bool {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let mut options = options.split('&').filter_map(|option| option.split_once('='));
        let option = |name: &str, options: &mut dyn Iterator<Item = (&str, &str)>| {
            options.filter(|(key, _)| *key == name).last().map(|(_, value)| value.to_owned())
        };
        let all: Vec<(&str, &str)> = options.by_ref().collect();
        if option("sslmode", &mut all.iter().copied()).as_deref() == Some("verify-full") {
            return true;
        }
        let authority = place.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let host = option("host", &mut all.iter().copied()).unwrap_or_else(|| host.to_owned());
        let is_socket =
            host.is_empty() || host.starts_with('/') || host.to_ascii_uppercase().starts_with("%2F");
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        is_socket || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The whole URL, password included: only for whoever connects.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl FromStr for PostgresUrl {
    type Err = BadPostgresUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if known && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(PostgresUrl(text.to_owned()))
        } else {
            Err(BadPostgresUrl)
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", shown(&self.0).unwrap_or("..."))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Sqlite(path) => path.display().fmt(f),
            Where::Postgres(url) => url.fmt(f),
        }
    }
}

/// Host, port and database. Nothing of a URL that is not built as it should be, since its password may then be anywhere.
fn shown(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (rest, options) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    // A second `@`, or one this late, may be part of a password.
    if options.contains('@') || rest.matches('@').count() > 1 {
        return None;
    }
    let place = rest.split_once('@').map_or(rest, |(_, place)| place);
    let host = place.split('/').next()?;
    let port = host.rsplit(']').next()?.split_once(':').map_or("", |(_, port)| port);
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._-:/[]%".contains(c);
    (port.bytes().all(|byte| byte.is_ascii_digit()) && place.chars().all(harmless)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("postgres://op:secret@db.example.com:5433/board", "postgres://db.example.com:5433/board")]
    #[case("postgresql://op@db.example.com/board", "postgres://db.example.com/board")]
    #[case("postgres://db.example.com/board?password=secret", "postgres://db.example.com/board")]
    #[case("postgres:///board?host=/run/postgresql", "postgres:///board")]
    #[case("postgres://op:se?cret@db.example.com/board", "postgres://...")]
    #[case("postgres://op:se@cret@db.example.com/board", "postgres://...")]
    #[case("postgres://op:@secret#@db.example.com/board", "postgres://...")]
    #[case("postgres://db.example.com/board?password=se@cret", "postgres://...")]
    #[case("postgres://op:secret/board", "postgres://...")]
    #[case("postgres://op:secret@[::1]:5433/board", "postgres://[::1]:5433/board")]
    fn is_shown_without_its_password(#[case] url: &str, #[case] shown: &str) {
        let url: PostgresUrl = url.parse().unwrap();
        assert_eq!(url.to_string(), shown);
        assert_eq!(format!("{:?}", Where::Postgres(url)), format!("Postgres(PostgresUrl({shown}))"));
    }

    #[rstest]
    #[case("postgres://op:pw@db.example.com/board", false)]
    #[case("postgres://op:pw@db.example.com/board?sslmode=require", false)]
    #[case("postgres://op:pw@db.example.com/board?sslmode=verify-full", true)]
    #[case("postgres://op:pw@db.example.com/board?sslmode=verify-full&sslmode=disable", false)]
    #[case("postgres://op:pw@127.0.0.1:5433/board", true)]
    #[case("postgres://op@[::1]:5433/board", true)]
    #[case("postgres://op@localhost/board", true)]
    #[case("postgres://op@localhost.example.com/board", false)]
    #[case("postgres://op@127.0.0.1.example.com/board", false)]
    #[case("postgres:///board?host=/run/postgresql", true)]
    #[case("postgres://localhost/board?host=db.example.com", false)]
    #[case("postgres://op@%2Fvar%2Frun/board", true)]
    fn the_way_to_it_is_judged(#[case] url: &str, #[case] safe: bool) {
        assert_eq!(url.parse::<PostgresUrl>().unwrap().is_safe_on_its_way(), safe);
    }

    #[rstest]
    #[case("mysql://op@db.example.com/board")]
    #[case("postgres:/db")]
    #[case("postgres://db.example.com/bo ard")]
    #[case("")]
    fn what_is_no_postgres_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<PostgresUrl>(), Err(BadPostgresUrl));
    }

    #[rstest]
    #[case(0, ClockCheck::Agrees)]
    #[case(2_000, ClockCheck::Agrees)]
    #[case(-2_001, ClockCheck::IsOff)]
    #[case(10_000, ClockCheck::IsOff)]
    #[case(10_001, ClockCheck::IsWrong)]
    #[case(-94_608_000_000, ClockCheck::IsWrong)]
    fn clocks_must_agree(#[case] milliseconds: i64, #[case] check: ClockCheck) {
        assert_eq!(ClockCheck::of(SignedDuration::from_millis(milliseconds)), check);
    }

    #[test]
    fn a_key_is_never_shown() {
        let place = KeyPlace::Variable { name: "KEY".to_owned(), text: Some("SECRET".to_owned()) };
        assert_eq!(place.to_string(), "${env:KEY}");
        assert!(!format!("{:?}", KeyPlaces(vec![place])).contains("SECRET"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn no_password_gets_out(password in "[a-z0-9!-/:-@]{0,8}SECRET[a-z0-9!-/:-@]{0,8}", query: bool) {
            let url = if query {
                format!("postgres://db.example.com/board?password={password}")
            } else {
                format!("postgres://op:{password}@db.example.com/board")
            };
            if let Ok(url) = url.parse::<PostgresUrl>() {
                prop_assert!(!url.to_string().contains("SECRET"), "{}", url);
            }
        }
    }
}
