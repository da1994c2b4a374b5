//! Where the ledger is kept.

use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::{Item, Key};
use super::ordered::Words;
use super::printable::is_unsafe;
use super::token::variable;
use super::yaml::Source;
use crate::model::ledger::{KeyPlace, KeyPlaces, Where};

/// The ledger that `written` says.
///
/// # Errors
/// It is neither a file's path nor the address of a PostgreSQL database.
pub fn check(source: Source<'_>, written: &str, env: &Env) -> Result<Where, ConfigError> {
    let fault = |message: &str| {
        let help = "a file's path, or postgres://USER@HOST/DATABASE".to_owned();
        source.fault(&[Key("ledger")], message).with_help(Some(help))
    };
    if written.trim().is_empty() {
        return Err(fault("the ledger has no place"));
    }
    if written.chars().any(is_unsafe) {
        return Err(fault("the ledger's place has a character that cannot be shown"));
    }
    let Some((scheme, rest)) = written.split_once("://") else {
        if written.ends_with('/') {
            return Err(fault("this is a folder: the ledger is a file"));
        }
        return Ok(Where::Sqlite(env.path_in(source.file, written)));
    };
    if !["postgres", "postgresql"].contains(&scheme) {
        return Err(fault("this is no ledger's address"));
    }
    check_address(rest).map_err(fault)?;
    let address = written.parse().map_err(|_| fault("this is no ledger's address"))?;
    Ok(Where::Postgres(address))
}

/// Where the ledger's keys are.
///
/// # Errors
/// One of them has no place, or stands there itself.
pub fn keys(source: Source<'_>, written: &Words, env: &Env) -> Result<KeyPlaces, ConfigError> {
    let key = Key("ledger_key");
    let help = "a file (wakeboard ledger key new FILE), or ${env:WAKEBOARD_LEDGER_KEY}";
    let mut places = Vec::new();
    for (index, text) in written.all().iter().enumerate() {
        let fault = |message: &str| {
            let path = match written {
                Words::One(_) => vec![key],
                Words::Many(_) => vec![key, Item(index)],
            };
            source.fault(&path, message).with_help(Some(help.to_owned()))
        };
        if text.trim().is_empty() || text.chars().any(is_unsafe) {
            return Err(fault("this is neither a file nor a variable of the environment"));
        }
        if text.len() >= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fault("a key does not stand here itself"));
        }
        places.push(match variable(text) {
            Some(name) => {
                KeyPlace::Variable { name: name.to_owned(), text: env.var(name).map(str::to_owned) }
            }
            None if text.starts_with("${") => return Err(fault("a variable is written ${env:NAME}")),
            None => KeyPlace::File(env.path_in(source.file, text)),
        });
    }
    if places.is_empty() {
        return Err(source.fault(&[key], "the list has no key").with_help(Some(help.to_owned())));
    }
    Ok(KeyPlaces(places))
}

/// `[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?...]`: what a typing error breaks; the rest the driver tells.
fn check_address(rest: &str) -> Result<(), &'static str> {
    if rest.contains(char::is_whitespace) {
        return Err("an address has no spaces: write one as %20");
    }
    let (before_query, _) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = before_query.split_once('/').unwrap_or((before_query, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if database.contains('@') {
        return Err("a `/` in a user or password is written as %2F");
    }
    if user.contains('@') {
        return Err("an `@` in a user or password is written as %40");
    }
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !host.starts_with('[') || host.ends_with(']') => {
            if !port.parse::<u16>().is_ok_and(|port| port > 0) {
                return Err("the port is no number from 1 to 65535");
            }
            host
        }
        _ => host,
    };
    if host.is_empty() {
        return Err("the address has no host");
    }
    if database.is_empty() || database.contains('/') {
        return Err("the address names no database");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("db/wakeboard")]
    #[case("me:pw@db:5432/wakeboard?sslmode=require")]
    #[case("me@[2001:db8::1]:5432/wakeboard")]
    #[case("me@[2001:db8::1]/wakeboard")]
    #[case("me:p%40w@%2Fvar%2Frun/wakeboard")]
    fn an_address_is_taken(#[case] rest: &str) {
        assert_eq!(check_address(rest), Ok(()));
    }

    #[rstest]
    #[case("me:p/w@db/wakeboard", "%2F")]
    #[case("me:p@w@db/wakeboard", "%40")]
    #[case("db:0/wakeboard", "port")]
    #[case("db:x/wakeboard", "port")]
    #[case("me@/wakeboard", "no host")]
    #[case("db", "no database")]
    #[case("db/a/b", "no database")]
    #[case("db/a b", "%20")]
    fn a_broken_address_is_refused(#[case] rest: &str, #[case] told: &str) {
        assert!(check_address(rest).is_err_and(|why| why.contains(told)));
    }
}
