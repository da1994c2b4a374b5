//! What the shape of a scenario alone does not tell: names that exist, numbers that make sense.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use super::{Fault, Line, Scenario, TenantGroup, names};
use crate::config::ConfigError;

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is no YAML, or has not the shape of a scenario.
    #[error(transparent)]
    Shape(#[from] ConfigError),
    /// It has the shape, and makes no sense.
    #[error("{}: {what}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong, and what would be right.
        what: String,
    },
}

pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    if !(scenario.time_scale.is_finite() && scenario.time_scale > 0.0) {
        return Err("time_scale: must be more than 0".to_owned());
    }
    if !(0.0..=100_000.0).contains(&scenario.events_per_second) {
        return Err("events_per_second: must be from 0 to 100000".to_owned());
    }
    let hosts = check_hosts(scenario)?;
    let mut tenants = HashSet::new();
    for group in &scenario.tenants {
        check_tenants(group, scenario, &hosts)?;
        for name in group.all_names() {
            if !tenants.insert(name.clone()) {
                return Err(format!("tenants: {name:?} is there twice"));
            }
        }
    }
    for line in &scenario.acts {
        check_line(line, scenario, &hosts, &tenants)?;
    }
    for line in &scenario.faults {
        known("faults: host", &line.host, &hosts)?;
        again("faults", line.every)?;
        if matches!(line.fault, Fault::Call(call) if call.times == 0) {
            return Err("faults: call: times: at least 1".to_owned());
        }
        if line.every.zip(line.lasts).is_some_and(|(every, lasts)| lasts >= every) {
            return Err("faults: `for` must be shorter than `every`".to_owned());
        }
    }
    Ok(())
}

fn check_hosts(scenario: &Scenario) -> Result<HashSet<String>, String> {
    let mut hosts = HashSet::new();
    for group in &scenario.hosts {
        numbered("hosts", group.count, group.pattern.as_deref())?;
        for name in group.all_names() {
            // The name becomes the name of a socket file and a place in the tables.
            if !plain(&name) {
                return Err(format!("hosts: {name:?}: letters, digits, dots and dashes only"));
            }
            if !hosts.insert(name.clone()) {
                return Err(format!("hosts: {name:?} is there twice"));
            }
        }
        if !(1..=2).contains(&group.cgroup) {
            return Err("hosts: cgroup: must be 1 or 2".to_owned());
        }
    }
    if hosts.is_empty() {
        return Err("hosts: a fleet has at least one".to_owned());
    }
    Ok(hosts)
}

fn check_tenants(group: &TenantGroup, scenario: &Scenario, hosts: &HashSet<String>) -> Result<(), String> {
    numbered("tenants", group.count, group.pattern.as_deref())?;
    for role in &group.roles {
        if !scenario.roles.contains_key(role) {
            return Err(format!("tenants: roles: no such role {role:?} under `roles`"));
        }
    }
    for host in &group.hosts {
        known("tenants: hosts", host, hosts)?;
    }
    if let Some(slug) = group.slugs.values().find(|slug| !plain(slug)) {
        return Err(format!("tenants: slugs: {slug:?}: letters, digits, dots and dashes only"));
    }
    for (what, none) in [
        ("tiers", !group.tiers.is_empty() && group.tiers.values().all(|share| *share == 0)),
        ("start", !group.start.is_empty() && group.start.values().all(|share| *share == 0)),
    ] {
        if none {
            return Err(format!("tenants: {what}: one share must be more than 0"));
        }
    }
    Ok(())
}

fn check_line(
    line: &Line,
    scenario: &Scenario,
    hosts: &HashSet<String>,
    tenants: &HashSet<String>,
) -> Result<(), String> {
    if line.at.is_none() && line.every.is_none() {
        return Err("acts: say `at` or `every`".to_owned());
    }
    again("acts", line.every)?;
    if let Some(host) = &line.to.host {
        known("acts: to: host", host, hosts)?;
    }
    if let Some(tenant) = &line.to.tenant {
        known("acts: to: tenant", tenant, tenants)?;
    }
    match &line.to.role {
        Some(role) if !scenario.roles.contains_key(role) => {
            Err(format!("acts: to: role: no such role {role:?}"))
        }
        _ => Ok(()),
    }
}

fn again(place: &str, every: Option<Duration>) -> Result<(), String> {
    match every {
        Some(every) if every < Duration::from_millis(1) => Err(format!("{place}: every: at least 1ms")),
        _ => Ok(()),
    }
}

fn known(place: &str, name: &str, all: &HashSet<String>) -> Result<(), String> {
    if all.contains(name) { Ok(()) } else { Err(format!("{place}: there is no {name:?}")) }
}

fn numbered(place: &str, count: usize, pattern: Option<&str>) -> Result<(), String> {
    match pattern {
        None if count > 0 => Err(format!("{place}: `count` needs a `pattern`, as in name-{{nnn}}")),
        Some(pattern) if !names::has_number(pattern) => {
            Err(format!("{place}: pattern: {pattern:?} has no place for the number, as in name-{{nnn}}"))
        }
        _ if count > 100_000 => Err(format!("{place}: count: at most 100000")),
        _ => Ok(()),
    }
}

fn plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::path::Path;

    const GOOD: &str = "
hosts: [{names: [a]}]
roles: {app: {image: 'x:1'}}
tenants: [{names: [acme], roles: [app], tiers: {vip: 1}, start: {paused: 2}}]
acts:
  - {at: 3s, do: pause, to: {tenant: acme}}
  - {every: 20s, jitter: 5s, do: {crash: 137}}
faults:
  - {host: a, fault: refused, every: 90s, for: 8s}
  - {host: a, fault: {slow: 2s}}
  - {host: a, fault: {garbage: endless}}
  - {host: a, fault: {drop_events: 10%}}
  - {host: a, fault: {call: {of: checkpoint, times: 2, how: {status: 500}}}}
";

    #[test]
    fn a_good_one_loads() {
        let scenario = Scenario::read(Path::new("good.yaml"), GOOD).unwrap();
        assert_eq!(scenario.acts.len(), 2);
        assert_eq!(scenario.faults[3].fault, super::super::Fault::DropEvents(10));
    }

    #[rstest]
    #[case("seed: 1", "sede: 1", "sede")]
    #[case("at: 3s", "at: soon", "no duration")]
    #[case("at: 3s, ", "", "`at` or `every`")]
    #[case("tenant: acme}", "tenant: birch}", "birch")]
    #[case("roles: [app]", "roles: [db]", "no such role")]
    #[case("host: a, fault: refused", "host: b, fault: refused", "there is no \"b\"")]
    #[case("for: 8s", "for: 2m", "shorter")]
    #[case("names: [a]", "names: [a, a]", "twice")]
    #[case("names: [a]", "names: ['../a']", "letters")]
    #[case("names: [a]", "count: 2", "pattern")]
    #[case("{slow: 2s}", "{late: 2s}", "late")]
    #[case("10%", "200%", "no share")]
    #[case("of: checkpoint", "of: chekpoint", "chekpoint")]
    #[case("times: 2", "times: 0", "at least 1")]
    fn a_wrong_one_says_why(#[case] from: &str, #[case] to: &str, #[case] why: &str) {
        let text = format!("seed: 1{GOOD}").replace(from, to);
        let told = Scenario::read(Path::new("bad.yaml"), &text).unwrap_err().to_string();
        assert!(told.contains(why) && told.contains("bad.yaml"), "{told}");
    }
}
