//! The keeper's wake door: where it listens, who may ask what there, and which tenant a request means.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use regex::Regex;

use super::env::Env;
use super::error::ConfigError;
use super::hosts::is_name;
use super::locate::Step::{self, Item, Key, Name};
use super::ordered::Words;
use super::policy::bounded;
use super::printable::is_unsafe;
use super::shape;
use super::token::{self, TokenPlace};
use super::yaml::Source;
use crate::model::door::ignored::Network;
use crate::model::door::{DoorRules, Ignored, Lead, Names, Pattern, Told, host_name};

/// The most requests that may wait.
pub(super) const MOST_WAITING: u64 = 100_000;
/// The most patterns.
const MOST_PATTERNS: usize = 32;
/// The most paths, methods, programs or sources that are ignored, of each.
const MOST_IGNORED: usize = 64;
/// How long one of them may be.
const LONGEST_IGNORED: usize = 256;
/// The most host names one by one.
const MOST_HOSTS: usize = 100_000;
const SECOND: Duration = Duration::from_secs(1);

/// The keeper's wake door.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// Its rules.
    pub rules: DoorRules,
    /// Where the token is, if there is one.
    pub token: Option<TokenPlace>,
    /// The files of TLS, where it is spoken.
    pub tls: Option<TlsFiles>,
}

/// The certificates of the wake door, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Our certificate.
    pub cert: PathBuf,
    /// Our private key.
    pub key: PathBuf,
    /// The authority of those who need no token.
    pub client_ca: Option<PathBuf>,
}

impl Keeper {
    /// The token itself, where there is one.
    ///
    /// # Errors
    /// It is not there, others can read it, or it is none that could keep anybody out.
    pub fn token(&self, env: &Env) -> Result<Option<String>, ConfigError> {
        self.token.as_ref().map(|place| place.read("keeper", env)).transpose()
    }
}

/// What the file says of it, if it says anything.
///
/// # Errors
/// It is no address, others could reach it and ask anything, a pattern or a name is none, or a number is out of bounds.
pub fn check(
    source: Source<'_>,
    written: Option<&shape::Keeper>,
    env: &Env,
) -> Result<Option<Keeper>, ConfigError> {
    let Some(written) = written else { return Ok(None) };
    let path = |key| [Key("keeper"), Key(key)];
    let fault = |key, message: String| source.fault(&path(key), message);
    let mut rules = DoorRules::default();
    let token = token::place(source, "keeper", written.token.as_deref(), written.token_file.as_deref(), env)?;
    let tls = written.tls.as_ref().map(|tls| tls_files(source, tls, env)).transpose()?;
    if let Some(listen) = &written.listen {
        let is_guarded = token.is_some() || tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        rules.listen = address(listen, is_guarded)
            .map_err(|(message, help)| fault("listen", message).with_help(Some(help.to_owned())))?;
    }
    rules.names = names(source, &written.tenants)?;
    rules.lead = Lead { role: written.role.as_deref().map(Into::into), port: None };
    if let Some(port) = written.port {
        let known = u16::try_from(port).ok().filter(|port| *port > 0);
        let known = known.ok_or_else(|| fault("port", format!("{port} is no number from 1 to 65535")))?;
        rules.lead.port = Some(known);
    }
    if written.role.as_deref().is_some_and(|role| role.trim().is_empty() || role.chars().any(is_unsafe)) {
        return Err(fault("role", "a role without a name that can be shown".to_owned()));
    }
    if let Some(wait) = &written.wait {
        rules.wait = bounded(source, &path("wait"), wait, SECOND, SECOND * 600)?;
    }
    if let Some(after) = &written.page_after {
        rules.page_after = bounded(source, &path("page_after"), after, Duration::ZERO, SECOND * 60)?;
    }
    let counted = |key, count: u64| {
        let bounds = format!("{count} is not possible: 1 to {MOST_WAITING} are");
        let known = usize::try_from(count).ok().filter(|_| (1..=MOST_WAITING).contains(&count));
        known.ok_or_else(|| fault(key, bounds))
    };
    if let Some(count) = written.queue {
        rules.queue = counted("queue", count)?;
        rules.queue_all = rules.queue * 4;
    }
    if let Some(count) = written.queue_all {
        rules.queue_all = counted("queue_all", count)?;
        if rules.queue_all < rules.queue {
            let message = format!("fewer altogether than for one host, which are {}", rules.queue);
            return Err(fault("queue_all", message));
        }
    }
    rules.wakes_stopped = written.wakes_stopped;
    rules.ignored = ignored(source, &written.ignore)?;
    Ok(Some(Keeper { rules, token, tls }))
}

/// Requests that neither wake nor count.
fn ignored(source: Source<'_>, written: &shape::DoorIgnore) -> Result<Ignored, ConfigError> {
    let list = |key: &'static str,
                written: &Option<Words>|
     -> Result<Vec<(Vec<Step<'static>>, String)>, ConfigError> {
        let Some(words) = written else { return Ok(Vec::new()) };
        let place = |at| -> Vec<Step<'static>> {
            let path = [Key("keeper"), Key("ignore"), Key(key)];
            match words {
                Words::One(_) => path.to_vec(),
                Words::Many(_) => [path.as_slice(), &[Item(at)]].concat(),
            }
        };
        if words.all().len() > MOST_IGNORED {
            return Err(source.fault(&place(MOST_IGNORED), format!("more than {MOST_IGNORED} of them")));
        }
        let each = words.all().iter().enumerate().map(|(at, text)| {
            let is_good =
                !text.trim().is_empty() && text.len() <= LONGEST_IGNORED && !text.chars().any(is_unsafe);
            if is_good {
                Ok((place(at), text.clone()))
            } else {
                Err(source.fault(&place(at), "this is no text that a request could have"))
            }
        });
        each.collect()
    };
    let mut ignored = Ignored::default();
    for (place, path) in list("paths", &written.paths)? {
        if !path.starts_with('/') || path.trim_end_matches('*').contains('*') || path.contains('?') {
            let help = "/robots.txt, or /static/* for all that begin so".to_owned();
            return Err(source.fault(&place, format!("{path:?} is no path")).with_help(Some(help)));
        }
        ignored.paths.push(path);
    }
    for (place, method) in list("methods", &written.methods)? {
        if !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(source.fault(&place, format!("{method:?} is no method, such as HEAD")));
        }
        ignored.methods.push(method.to_ascii_uppercase());
    }
    ignored.agents =
        list("agents", &written.agents)?.into_iter().map(|(_, agent)| agent.to_ascii_lowercase()).collect();
    for (place, network) in list("sources", &written.sources)? {
        let known = Network::read(&network).ok_or_else(|| {
            source.fault(&place, format!("{network:?} is no address and no network, such as 192.0.2.0/24"))
        })?;
        ignored.sources.push(known);
    }
    Ok(ignored)
}

fn address(text: &str, is_guarded: bool) -> Result<SocketAddr, (String, &'static str)> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| (format!("{text:?} is no address with a port"), "127.0.0.1:7070, or [::1]:7070"))?;
    if address.port() == 0 {
        return Err(("the port is no number from 1 to 65535".to_owned(), "127.0.0.1:7070"));
    }
    if !address.ip().is_loopback() && !is_guarded {
        let help = "say a token, `token: ${env:WAKEBOARD_TOKEN}`, or `tls` with a `client_ca`; or listen at 127.0.0.1";
        let message =
            format!("{} can be reached from other machines, and anybody could ask there", address.ip());
        return Err((message, help));
    }
    Ok(address)
}

fn tls_files(source: Source<'_>, written: &shape::DoorTls, env: &Env) -> Result<TlsFiles, ConfigError> {
    let file = |key: &'static str, text: &str| {
        if text.trim().is_empty() || text.chars().any(is_unsafe) {
            return Err(source.fault(&[Key("keeper"), Key("tls"), Key(key)], "this is no path"));
        }
        Ok(env.path_in(source.file, text))
    };
    Ok(TlsFiles {
        cert: file("cert", &written.cert)?,
        key: file("key", &written.key)?,
        client_ca: written.client_ca.as_deref().map(|text| file("client_ca", text)).transpose()?,
    })
}

fn names(source: Source<'_>, written: &shape::DoorTenants) -> Result<Names, ConfigError> {
    let here = [Key("keeper"), Key("tenants")];
    let mut names = Names { path: written.path.unwrap_or(true), ..Names::default() };
    if let Some(words) = &written.host {
        let place = |at| -> Vec<Step<'_>> {
            let path = [here[0], here[1], Key("host")];
            match words {
                Words::One(_) => path.to_vec(),
                Words::Many(_) => [path.as_slice(), &[Item(at)]].concat(),
            }
        };
        if words.all().len() > MOST_PATTERNS {
            return Err(source.fault(&place(0), format!("more than {MOST_PATTERNS} patterns")));
        }
        for (at, text) in words.all().iter().enumerate() {
            let pattern = pattern(text).map_err(|message| {
                let help = "{tenant}.example.com, or '^(?<tenant>[a-z]+)[0-9]*[.]example[.]com$'".to_owned();
                source.fault(&place(at), message).with_help(Some(help))
            })?;
            names.patterns.push(pattern);
        }
    }
    if written.hosts.0.len() > MOST_HOSTS {
        return Err(source.fault(&[here[0], here[1], Key("hosts")], format!("more than {MOST_HOSTS} hosts")));
    }
    for (name, tenant) in &written.hosts.0 {
        let fault = |message: String| source.fault(&[here[0], here[1], Key("hosts"), Name(name)], message);
        let folded = host_name(name.as_bytes()).filter(|_| !name.contains([':', ',']));
        let folded = folded.ok_or_else(|| fault(format!("{name:?} is no host name")))?;
        let told = Told::read(tenant);
        let is_host = told.host.as_ref().is_none_or(|host| is_name(host));
        if told.tenant.trim().is_empty() || tenant.chars().any(is_unsafe) || !is_host {
            let message = format!("{tenant:?} is no tenant: acme, or web-1/acme with its host");
            return Err(source.fault(&[here[0], here[1], Key("hosts"), Key(name)], message));
        }
        if names.hosts.insert(folded.into_owned(), told).is_some() {
            return Err(fault(format!("{name:?} stands here twice")));
        }
    }
    Ok(names)
}

/// A pattern that names the container host as well: `{tenant}.{host}.example.com`.
fn both(text: &str) -> Result<Pattern, String> {
    let tenant_first = text.find("{tenant}") < text.find("{host}");
    let marks = if tenant_first { ["{tenant}", "{host}"] } else { ["{host}", "{tenant}"] };
    let parts = text.split_once(marks[0]).and_then(|(before, rest)| {
        let (between, after) = rest.split_once(marks[1])?;
        Some([before, between, after])
    });
    let Some([before, between, after]) = parts else {
        return Err("`{tenant}` must stand in it, once".to_owned());
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if ![before, between, after].iter().all(|part| part.chars().all(is_part)) {
        return Err(
            "`{tenant}` and `{host}` stand in it once, and around them letters, digits, dots and hyphens"
                .to_owned(),
        );
    }
    if !between.contains('.') {
        return Err(
            "between `{tenant}` and `{host}` must be a dot: else one could be taken for a part of the other"
                .to_owned(),
        );
    }
    let [before, between, after] = [before, between, after].map(str::to_ascii_lowercase);
    Ok(Pattern::Both { before, between, after, tenant_first })
}

fn pattern(text: &str) -> Result<Pattern, String> {
    if text.starts_with('^') {
        let regex = Regex::new(text).map_err(|error| {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the pattern is no regular expression: {last}")
        })?;
        let groups: Vec<&str> = regex.capture_names().flatten().collect();
        if !groups.contains(&"tenant") || groups.iter().any(|group| !["tenant", "host"].contains(group)) {
            return Err(
                "the pattern needs a group `tenant`, and may have one `host`, but no other with a name"
                    .to_owned(),
            );
        }
        return Ok(Pattern::Regex(regex));
    }
    if text.contains("{host}") {
        return both(text);
    }
    let parts: Vec<&str> = text.split("{tenant}").collect();
    let &[before, after] = parts.as_slice() else {
        return Err("`{tenant}` must stand in it, once".to_owned());
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if !before.chars().chain(after.chars()).all(is_part) {
        return Err("around `{tenant}` stand letters, digits, dots and hyphens".to_owned());
    }
    if before.is_empty() && after.is_empty() {
        return Err("any host name at all would be a tenant's".to_owned());
    }
    Ok(Pattern::Around { before: before.to_ascii_lowercase(), after: after.to_ascii_lowercase() })
}
