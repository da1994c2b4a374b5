//! The rules of dumping and waking, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::ConfigError;
use super::locate::Step::{self, Item, Key, Name};
use super::ordered::Words;
use super::printable::is_unsafe;
use super::shape::{self, TierWritable};
use super::yaml::Source;
use crate::model::container_path::clean;
use crate::model::method::Method;
use crate::model::policy::{Policy, Ready};
use crate::model::span::span;
use crate::model::tier::Tier;
use crate::model::writable::{Losses, Writable};

/// More at once on one host would only stand in each other's way.
pub(super) const MOST_AT_ONCE: u64 = 100;
/// The longest that a stop may be waited for.
const LONGEST_GRACE: Duration = Duration::from_secs(600);
/// How long a path of an address may be.
const LONGEST_PATH: usize = 512;
/// How many paths may be ignored.
const MOST_IGNORED: usize = 256;

/// The rules that the file says; the rest stays as the defaults say.
///
/// # Errors
/// A list is empty or names something twice, a number or a duration is out of bounds, or it is not said where a tenant
/// answers.
pub fn check(source: Source<'_>, file: &shape::File) -> Result<Policy, ConfigError> {
    let mut policy = Policy { read_only: file.read_only, ..Policy::default() };
    let dump = &file.dump;
    if let Some(methods) = &dump.methods {
        policy.default_methods = check_methods(source, &[Key("dump"), Key("methods")], methods)?;
    }
    policy.methods = tiers(source, &dump.tiers)?;
    if let Some(roles) = &dump.order {
        check_roles(source, roles)?;
        policy.order = roles.all().to_vec();
    }
    if let Some(written) = &dump.grace {
        // Engines count this in whole seconds.
        let least = Duration::from_secs(1);
        policy.grace = bounded(source, &[Key("dump"), Key("grace")], written, least, LONGEST_GRACE)?;
    }
    policy.helper = dump.helper.unwrap_or_default();
    if let Some(count) = dump.at_once {
        policy.dumps_at_once = at_once(source, "dump", count)?;
    }
    policy.losses = losses(source, &file.destroy)?;
    if let Some(count) = file.wake.at_once {
        policy.wakes_at_once = at_once(source, "wake", count)?;
    }
    if let Some(written) = &file.wake.timeout {
        let least = Duration::from_millis(1);
        policy.timeout =
            bounded(source, &[Key("wake"), Key("timeout")], written, least, Policy::LONGEST_TIMEOUT)?;
    }
    for (tenant, written) in &file.wake.ready.0 {
        if tenant.trim().is_empty() {
            return Err(source.fault(&[Key("wake"), Key("ready"), Name(tenant)], "a tenant without a name"));
        }
        let ready = ready(&written.0).map_err(|message| {
            let help =
                "a port, or a port and a path that is asked for over HTTP: 8080, 8080/health".to_owned();
            source.fault(&[Key("wake"), Key("ready"), Key(tenant)], message).with_help(Some(help))
        })?;
        policy.ready.push((tenant.clone(), ready));
    }
    Ok(policy)
}

/// What `destroy` may lose.
fn losses(source: Source<'_>, written: &shape::Destroy) -> Result<Losses, ConfigError> {
    let mut losses = Losses::default();
    if let Some(paths) = &written.ignore {
        let path = [Key("destroy"), Key("ignore")];
        if paths.len() > MOST_IGNORED {
            return Err(source.fault(&path, format!("more than {MOST_IGNORED} paths")));
        }
        refuse_twice(source, &path, paths, "path")?;
        for (at, ignored) in paths.iter().enumerate() {
            check_ignored(ignored).map_err(|message| source.fault(&[path[0], path[1], Item(at)], message))?;
        }
        losses.ignore = paths.iter().map(|ignored| clean(ignored)).collect();
    }
    let TierWritable { vip, high, mid, low } = &written.writable;
    for (tier, word) in [(Tier::Vip, vip), (Tier::High, high), (Tier::Mid, mid), (Tier::Low, low)] {
        let Some(word) = word else { continue };
        let path = [Key("destroy"), Key("writable"), Key(tier.as_str())];
        let help = "`stop` keeps what was written, and the container with it; `discard` loses it";
        let writable = match word.as_str() {
            "stop" => Writable::Stop,
            "discard" => Writable::Discard,
            "commit" => {
                let message = "containers are not committed to images by this version";
                return Err(source.fault(&path, message).with_help(Some(help.to_owned())));
            }
            _ => {
                let message = format!("{word:?} is neither stop nor discard");
                return Err(source.fault(&path, message).with_help(Some(help.to_owned())));
            }
        };
        losses.writable.insert(tier, writable);
    }
    Ok(losses)
}

fn check_ignored(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err("a path in a container begins with a slash".to_owned());
    }
    if path.len() > LONGEST_PATH {
        return Err(format!("the path is longer than {LONGEST_PATH} characters"));
    }
    if path.chars().any(is_unsafe) {
        return Err("the path has a character that cannot be shown".to_owned());
    }
    if clean(path) == "/" {
        return Err("this would ignore all of a container: `writable` says so by tier".to_owned());
    }
    Ok(())
}

fn tiers(
    source: Source<'_>,
    written: &shape::TierMethods,
) -> Result<BTreeMap<Tier, Vec<Method>>, ConfigError> {
    let all = [
        (Tier::Vip, &written.vip),
        (Tier::High, &written.high),
        (Tier::Mid, &written.mid),
        (Tier::Low, &written.low),
    ];
    let mut tiers = BTreeMap::new();
    for (tier, methods) in all {
        if let Some(methods) = methods {
            let path = [Key("dump"), Key("tiers"), Key(tier.as_str())];
            tiers.insert(tier, check_methods(source, &path, methods)?);
        }
    }
    Ok(tiers)
}

fn check_methods(
    source: Source<'_>,
    path: &[Step<'_>],
    methods: &[Method],
) -> Result<Vec<Method>, ConfigError> {
    if methods.is_empty() {
        let all = Method::ALL.map(Method::as_str).join(", ");
        let help = format!("name at least one of {all}, or leave `{}` out", last(path));
        return Err(source.fault(path, "there is no method").with_help(Some(help)));
    }
    refuse_twice(source, path, methods, "method")?;
    Ok(methods.to_vec())
}

fn check_roles(source: Source<'_>, roles: &Words) -> Result<(), ConfigError> {
    let path = [Key("dump"), Key("order")];
    for (at, role) in roles.all().iter().enumerate() {
        let message = if role.trim().is_empty() {
            "a role without a name"
        } else if role.chars().any(is_unsafe) {
            "the role has a character that cannot be shown"
        } else {
            continue;
        };
        return Err(match roles {
            Words::One(_) => source.fault(&path, message),
            Words::Many(_) => source.fault(&[path[0], path[1], Item(at)], message),
        });
    }
    refuse_twice(source, &path, roles.all(), "role")
}

fn refuse_twice<T: PartialEq + std::fmt::Display>(
    source: Source<'_>,
    path: &[Step<'_>],
    words: &[T],
    what: &str,
) -> Result<(), ConfigError> {
    for (at, word) in words.iter().enumerate() {
        if words[..at].contains(word) {
            let path = [path, &[Item(at)]].concat();
            return Err(source.fault(&path, format!("{what} `{word}` stands here twice")));
        }
    }
    Ok(())
}

fn at_once(source: Source<'_>, part: &str, count: u64) -> Result<usize, ConfigError> {
    usize::try_from(count).ok().filter(|_| (1..=MOST_AT_ONCE).contains(&count)).ok_or_else(|| {
        let message = format!("{count} at once is not possible: 1 to {MOST_AT_ONCE} are");
        let help = (count == 0).then(|| "nothing at all is done with `read_only: true`".to_owned());
        source.fault(&[Key(part), Key("at_once")], message).with_help(help)
    })
}

/// The duration at `path`, at least `least` and at most `most`.
pub(super) fn bounded(
    source: Source<'_>,
    path: &[Step<'_>],
    written: &shape::Span,
    least: Duration,
    most: Duration,
) -> Result<Duration, ConfigError> {
    let told = match written {
        shape::Span::Text(text) => match span(text) {
            Ok(duration) if duration < least => format!("{text} is too short: at least {least:?}"),
            Ok(duration) if duration > most => {
                let (days, minutes) = (most.as_secs() / 86_400, most.as_secs() / 60);
                let most = if days > 0 { format!("{days}d") } else { format!("{minutes}m") };
                format!("{text} is too long: at most {most}")
            }
            Ok(duration) => return Ok(duration),
            Err(error) => error.to_string(),
        },
        shape::Span::Number(number) => {
            let help = format!("write the unit: {number}s, {number}ms or {number}m");
            return Err(source.fault(path, "a duration without a unit").with_help(Some(help)));
        }
    };
    Err(source.fault(path, told))
}

/// `8080` or `8080/health`.
fn ready(text: &str) -> Result<Ready, String> {
    if text.contains("://") {
        return Err("this is an address; wakeboard finds the tenant's own".to_owned());
    }
    let (port, path) = match text.find('/') {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = Some(port)
        .filter(|_| digits)
        .and_then(|port| port.parse().ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("{port:?} is no port (1 to 65535)"))?;
    let Some(path) = path else { return Ok(Ready::Port(port)) };
    if path.len() > LONGEST_PATH {
        return Err(format!("the path is longer than {LONGEST_PATH} characters"));
    }
    // It stands in the first line of a request, where a space or a line's end would mean something else.
    if let Some(c) = path.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
        return Err(format!("{c:?} cannot stand in a path: write it as %.."));
    }
    Ok(Ready::Http { port, path: path.into() })
}

fn last<'a>(path: &[Step<'a>]) -> &'a str {
    match path.last() {
        Some(Key(name) | Name(name)) => name,
        Some(Item(_)) | None => "this",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("8080", Ready::Port(8080))]
    #[case("8080/", Ready::Http { port: 8080, path: "/".into() })]
    #[case("1/a?b=c%20d", Ready::Http { port: 1, path: "/a?b=c%20d".into() })]
    fn where_a_tenant_answers(#[case] text: &str, #[case] expected: Ready) {
        assert_eq!(ready(text), Ok(expected));
    }

    #[rstest]
    #[case("")]
    #[case("0")]
    #[case("+80")]
    #[case("65536")]
    #[case("/health")]
    #[case(":8080/health")]
    #[case("http://:8080/health")]
    #[case("8080/a b")]
    #[case("8080/a\r\nX: y")]
    #[case("8080/租")]
    #[case("8080/#top")]
    fn where_nobody_can_answer(#[case] text: &str) {
        assert!(ready(text).is_err());
    }
}
