//! The rules by which tenants are put to sleep, checked.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::error::ConfigError;
use super::locate::Step::{self, Item, Key};
use super::ordered::Words;
use super::policy::bounded;
use super::scenario::units::read_bytes;
use super::shape::{self, TierRule};
use super::yaml::Source;
use crate::model::keeper::Rules;
use crate::model::keeper::rules::{Ask, Hook, Step as TierStep};
use crate::model::keeper::window::{EXAMPLES, Kind, Span, Window};
use crate::model::tier::Tier;

/// The most dumps that a host may begin within a minute.
pub(super) const MOST_A_MINUTE: u64 = 1000;
/// The most tenants of a host that can be asked for.
pub(super) const MOST_TENANTS: u64 = 1_000_000;
/// The most windows of a tier.
const MOST_WINDOWS: usize = 32;
/// The longest idle time.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
/// How long a program's line or an address may be.
const LONGEST_TEXT: usize = 2048;

type Path<'a> = Vec<Step<'a>>;

/// The rules that the file says; the rest stays as the defaults say.
///
/// # Errors
/// Steps that do not go deeper or later, a tier vip with steps, a window or a zone that is none, a number or a duration out of
/// bounds, or nothing by which a tenant could be seen to be idle.
pub fn check(source: Source<'_>, file: &shape::File) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    let written = &file.rules;
    if let Some(zone) = &written.zone {
        rules.zone = Some(zone_named(source, zone)?);
    }
    let never = windows(source, &[Key("rules"), Key("never")], written.never.as_ref(), Kind::Never)?;
    let tiers = &file.tiers;
    let tiers = [
        (Tier::Vip, &tiers.vip),
        (Tier::High, &tiers.high),
        (Tier::Mid, &tiers.mid),
        (Tier::Low, &tiers.low),
    ];
    for (tier, written) in tiers {
        if let Some(written) = written {
            tier_rules(source, &mut rules, tier, written)?;
        }
        let own = &mut rules.tier_mut(tier).windows;
        own.extend(never.iter().cloned());
        if own.len() > MOST_WINDOWS {
            let message = format!("tier {tier} has {} windows: at most {MOST_WINDOWS}", own.len());
            return Err(source.fault(&[Key("rules"), Key("never")], message));
        }
    }
    idle(source, &mut rules, &written.idle)?;
    hurry(source, &mut rules, &written.hurry)?;
    let limits = [Key("rules"), Key("limits")];
    if let Some(count) = written.limits.dumps_a_minute {
        rules.limits.dumps_a_minute =
            counted(source, &[limits[0], limits[1], Key("dumps_a_minute")], count, MOST_A_MINUTE)?;
    }
    if let Some(count) = written.limits.most_asleep {
        let path = [limits[0], limits[1], Key("most_asleep")];
        rules.limits.most_asleep = Some(counted(source, &path, count, MOST_TENANTS)?);
    }
    if let Some(least) = &written.awake_at_least {
        let path = [Key("rules"), Key("awake_at_least")];
        rules.awake_at_least = Some(bounded(source, &path, least, Duration::ZERO, DAY)?);
    }
    if let Some(written) = &written.veto {
        rules.veto = Some(hook(source, written)?);
    }
    Ok(rules)
}

fn tier_rules(
    source: Source<'_>,
    rules: &mut Rules,
    tier: Tier,
    written: &TierRule,
) -> Result<(), ConfigError> {
    let here = vec![Key("tiers"), Key(tier.as_str())];
    let within = |key| [here.as_slice(), &[Key(key)]].concat();
    let (steps, path, whole) = match written {
        TierRule::Steps(steps) => (Some(steps), here.clone(), None),
        TierRule::Whole(whole) => (whole.steps.as_ref(), within("steps"), Some(whole)),
    };
    if let Some(steps) = steps {
        rules.tier_mut(tier).steps = check_steps(source, tier, &path, steps)?;
    }
    if let Some(whole) = whole {
        let hours = windows(source, &within("hours"), whole.hours.as_ref(), Kind::Hours)?;
        let never = windows(source, &within("never"), whole.never.as_ref(), Kind::Never)?;
        rules.tier_mut(tier).windows = [hours, never].concat();
    }
    Ok(())
}

fn check_steps(
    source: Source<'_>,
    tier: Tier,
    path: &[Step<'_>],
    written: &[shape::Steps],
) -> Result<Vec<TierStep>, ConfigError> {
    let mut steps: Vec<TierStep> = Vec::new();
    for (at, step) in written.iter().enumerate() {
        let here = |key: &'static str| [path, &[Item(at), Key(key)]].concat();
        if tier == Tier::Vip {
            let help = "give the tenants that may sleep another tier (`tenants: {tiers: ...}`)".to_owned();
            let message = "no rule puts a tenant of tier vip to sleep: its list stays empty";
            return Err(source.fault(&[path, &[Item(at)]].concat(), message).with_help(Some(help)));
        }
        let after = bounded(source, &here("after"), &step.after, SECOND, LONGEST)?;
        if let Some(before) = steps.last() {
            if after <= before.after {
                let message = "this step comes no later than the one before";
                return Err(source.fault(&here("after"), message));
            }
            if step.dump <= before.dump {
                let message = format!("{} goes no deeper than {} before it", step.dump, before.dump);
                let help = "from shallow to deep: freeze, checkpoint, stop, destroy".to_owned();
                return Err(source.fault(&here("dump"), message).with_help(Some(help)));
            }
        }
        steps.push(TierStep { after, dump: step.dump });
    }
    Ok(steps)
}

fn windows(
    source: Source<'_>,
    path: &[Step<'_>],
    written: Option<&Words>,
    kind: Kind,
) -> Result<Vec<Window>, ConfigError> {
    let Some(words) = written else { return Ok(Vec::new()) };
    let one = |(at, text): (usize, &String)| {
        let span = Span::read(text).map_err(|error| {
            let path: Path<'_> = match words {
                Words::One(_) => path.to_vec(),
                Words::Many(_) => [path, &[Item(at)]].concat(),
            };
            source.fault(&path, error.to_string()).with_help(Some(format!("examples: {EXAMPLES}")))
        })?;
        Ok(Window { kind, span })
    };
    words.all().iter().enumerate().map(one).collect()
}

fn zone_named(source: Source<'_>, name: &str) -> Result<TimeZone, ConfigError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    let found = Some(name).filter(|name| name.chars().all(is_name)).and_then(|name| TimeZone::get(name).ok());
    found.ok_or_else(|| {
        let help = "a name of the time zone database, such as Europe/Berlin, Asia/Shanghai or UTC".to_owned();
        let message = format!("there is no time zone {name:?} on this machine");
        source.fault(&[Key("rules"), Key("zone")], message).with_help(Some(help))
    })
}

fn idle(source: Source<'_>, rules: &mut Rules, written: &shape::Idle) -> Result<(), ConfigError> {
    let path = |key| [Key("rules"), Key("idle"), Key(key)];
    let fault = |key, text: &str, example: &str| {
        source.fault(&path(key), format!("{text:?} is no threshold here: {example}, or ignore"))
    };
    let idle = &mut rules.idle;
    if let Some(shape::Threshold(text)) = &written.network {
        let read = |text: &str| text.parse().ok().or_else(|| read_bytes(text));
        idle.network =
            threshold(text, read).ok_or_else(|| fault("network", text, "bytes a second, such as 1K"))?;
    }
    if let Some(shape::Threshold(text)) = &written.cpu {
        let read = |text: &str| {
            let percent: f64 = text.strip_suffix('%')?.trim_end().parse().ok()?;
            Some(percent).filter(|percent| (0.0..=100_000.0).contains(percent))
        };
        idle.cpu =
            threshold(text, read).ok_or_else(|| fault("cpu", text, "percent of one core, such as 2%"))?;
    }
    if let Some(shape::Threshold(text)) = &written.connections {
        let read = |text: &str| text.parse().ok();
        idle.connections = threshold(text, read).ok_or_else(|| fault("connections", text, "a number"))?;
    }
    let unknown = &written.may_be_unknown;
    for (at, measure) in unknown.iter().enumerate() {
        if unknown[..at].contains(measure) {
            let path = [path("may_be_unknown").as_slice(), &[Item(at)]].concat();
            return Err(source.fault(&path, format!("measure `{measure}` stands here twice")));
        }
    }
    idle.may_be_unknown = unknown.iter().copied().collect();
    if idle.needed().is_empty() {
        let help = "leave at least one of request, network, cpu and connections out of it".to_owned();
        let message = "nothing is left that must be known: whoever is in use could be taken for idle";
        return Err(source.fault(&path("may_be_unknown"), message).with_help(Some(help)));
    }
    Ok(())
}

/// Nothing for what is neither `ignore` nor a threshold.
#[allow(clippy::option_option, reason = "no threshold at all is one of three answers")]
fn threshold<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text.trim() {
        "ignore" => Some(None),
        text => read(text).map(Some),
    }
}

fn hurry(source: Source<'_>, rules: &mut Rules, written: &shape::Hurry) -> Result<(), ConfigError> {
    let path = |key| [Key("rules"), Key("hurry"), Key(key)];
    if let Some(text) = &written.below {
        let percent = text.strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
        rules.hurry.below = percent
            .filter(|percent| *percent <= 90)
            .ok_or_else(|| source.fault(&path("below"), format!("{text:?} is no share of 0% to 90%")))?;
    }
    if let Some(after) = &written.after {
        rules.hurry.after = bounded(source, &path("after"), after, SECOND, LONGEST)?;
    }
    Ok(())
}

fn counted(source: Source<'_>, path: &[Step<'_>], count: u64, most: u64) -> Result<u32, ConfigError> {
    u32::try_from(count).ok().filter(|_| (1..=most).contains(&count)).ok_or_else(|| {
        let help = (count == 0)
            .then(|| "a tier that is never put to sleep has no steps: `tiers: {low: []}`".to_owned());
        source.fault(path, format!("{count} is not possible: 1 to {most} are")).with_help(help)
    })
}

fn hook(source: Source<'_>, written: &shape::Veto) -> Result<Hook, ConfigError> {
    let here = [Key("rules"), Key("veto")];
    let path = |key| [here[0], here[1], Key(key)];
    let ask = match (&written.exec, &written.url) {
        (Some(words), None) => {
            let length: usize = words.iter().map(String::len).sum();
            if words.first().is_none_or(|program| program.trim().is_empty()) {
                return Err(source.fault(&path("exec"), "there is no program"));
            }
            if words.len() > 32 || length > LONGEST_TEXT || words.iter().any(|word| word.contains('\0')) {
                let message = format!("at most 32 words and {LONGEST_TEXT} characters, none of them U+0000");
                return Err(source.fault(&path("exec"), message));
            }
            Ask::Exec(words.clone())
        }
        (None, Some(url)) => {
            check_url(url).map_err(|message| source.fault(&path("url"), message))?;
            Ask::Url(url.clone())
        }
        _ => {
            let message = "a veto is asked for by `exec` or by `url`, one of them";
            return Err(source.fault(&here, message));
        }
    };
    let duration = |key, written: &Option<shape::Span>, default, least, most| match written {
        Some(written) => bounded(source, &path(key), written, least, most),
        None => Ok(default),
    };
    let timeout = duration(
        "timeout",
        &written.timeout,
        Duration::from_secs(5),
        Duration::from_millis(1),
        Duration::from_secs(60),
    )?;
    let every = duration("every", &written.every, Duration::from_secs(300), SECOND, DAY)?;
    Ok(Hook { ask, timeout, every })
}

fn check_url(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.ok_or("an address begins with http:// or https://")?;
    if rest.is_empty() || rest.starts_with('/') {
        return Err("the address has no host".to_owned());
    }
    if url.len() > LONGEST_TEXT || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("an address has at most {LONGEST_TEXT} characters, and no blanks in it"));
    }
    let filled = url.replace("{tenant}", "acme").replace("{host}", "web-1");
    let uri: http::Uri = filled.parse().map_err(|_| "the address cannot be read".to_owned())?;
    if uri.host().is_none_or(str::is_empty) {
        return Err("the address has no host".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("an address with a password in it is not asked".to_owned());
    }
    // A name that is written wrong would be sent as it stands.
    let known = rest.replace("{tenant}", "").replace("{host}", "");
    match known.find(['{', '}']) {
        Some(_) => Err("only {tenant} and {host} stand for something".to_owned()),
        None => Ok(()),
    }
}
