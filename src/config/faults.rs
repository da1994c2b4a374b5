//! All faults of a config, and not only the first: after each one the lines that it stands in are left out, and the rest is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::de::IgnoredAny;

use super::env::Env;
use super::error::ConfigError;
use super::{settings, yaml};

/// How many are found at most.
const MOST: usize = 64;

/// All faults of `text`, the text of `file`, in the order of their places. Where it is no YAML at all, only the first: what is meant
/// behind it cannot be known.
#[must_use]
pub fn of(file: &Path, text: &str, env: &Env) -> Vec<ConfigError> {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let (mut found, mut left_out) = (Vec::new(), BTreeSet::new());
    // What is left out may bring further faults about: they end too.
    for _ in 0..MOST * 2 {
        let text = lines.join("\n");
        let Err(fault) = settings::read(file, &text, env) else { break };
        let at = fault.place().map(|place| place.line.saturating_sub(1)).filter(|at| *at < lines.len());
        let is_yaml = || is_map(file, &text);
        let is_twice = fault.message().contains("twice");
        let Some(at) = at.filter(|_| is_twice || is_yaml()) else {
            found.push(fault);
            break;
        };
        let around = siblings(&lines, at);
        let message = fault.message();
        let is_missing = message.contains("is missing") || message.contains("there is no value");
        // A key that is missing since it was left out is no fault of the file.
        let follows = is_missing && around.clone().any(|line| left_out.contains(&line));
        let gone = if follows { around } else { block(&lines, at) };
        if !follows {
            found.push(fault);
        }
        if found.len() >= MOST {
            break;
        }
        let before = left_out.len();
        leave_out(&mut lines, gone, &mut left_out);
        if left_out.len() == before {
            break;
        }
    }
    found.sort_by_key(ConfigError::place);
    found
}

/// How far a line is indented; nothing where nothing stands in it.
fn indent(line: &str) -> Option<usize> {
    let text = line.trim_start();
    (!text.is_empty() && !text.starts_with('#')).then(|| line.len() - text.len())
}

/// A line, and those after it that are indented further.
fn block(lines: &[String], at: usize) -> std::ops::Range<usize> {
    let own = indent(&lines[at]).unwrap_or(0);
    let ends = |line: &String| indent(line).is_some_and(|it| it <= own);
    let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |after| at + 1 + after);
    at..end
}

/// A line and those around it that belong to the same map or list: they are indented as far, or further.
fn siblings(lines: &[String], at: usize) -> std::ops::Range<usize> {
    let own = indent(&lines[at]).unwrap_or(0);
    let is_outer = |line: &String| indent(line).is_some_and(|it| it < own);
    let begin = lines[..at].iter().rposition(is_outer).map_or(0, |before| before + 1);
    let end = lines[at + 1..].iter().position(is_outer).map_or(lines.len(), |after| at + 1 + after);
    begin..end
}

/// Leaves lines out, and the key above them where nothing is left below it. Places of the others stay as they are.
fn leave_out(lines: &mut [String], gone: std::ops::Range<usize>, left_out: &mut BTreeSet<usize>) {
    let own = indent(&lines[gone.start]).unwrap_or(0);
    let begin = gone.start;
    for at in gone {
        if indent(&lines[at]).is_some() {
            left_out.insert(at);
            lines[at].clear();
        }
    }
    let above = lines[..begin].iter().rposition(|line| indent(line).is_some_and(|it| it < own));
    let Some(above) = above else { return };
    let rest = block(lines, above);
    let is_empty = rest.skip(1).all(|at| indent(&lines[at]).is_none());
    if is_empty && lines[above].trim_end().ends_with(':') {
        leave_out(lines, above..above + 1, left_out);
    }
}

/// Whether it is a map at all, whatever is in it.
#[expect(clippy::zero_sized_map_values, reason = "only whether it can be read matters")]
fn is_map(file: &Path, text: &str) -> bool {
    yaml::read::<BTreeMap<String, IgnoredAny>>(file, text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, String)> {
        let vars = [("DOCKER_HOST".to_owned(), "tcp://engine:2375".to_owned())];
        let env = Env { vars: vars.into(), ..Env::default() };
        let found = of(Path::new("wakeboard.yaml"), text, &env);
        found.iter().map(|fault| (fault.place().map_or(0, |place| place.line), fault.message())).collect()
    }

    #[test]
    fn all_faults_of_a_file_are_found_and_none_that_follows_from_another() {
        let text = "\
hosts: {web-1: {engine: 'unix:///run/engine.sock'}}
teirs: {low: []}
tiers:
  mid:
    - after: 30m
      dump: frezee
  low: [{after: 1m, dump: stop}]
rules:
  zone: Europe/Nowhere
  hurry: {below: 200%}
  limits:
    dumps_a_minute: 0
keeper:
  listen: nowhere
  port: 70000
  role: app
";
        let found = faults(text);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 6, 9, 10, 12, 14, 15], "{found:#?}");
        assert!(found[2].1.contains("frezee"), "{found:#?}");
    }

    #[test]
    fn a_file_without_a_fault_has_none_and_one_that_is_no_yaml_one() {
        assert_eq!(faults("tiers: {low: []}\n"), []);
        assert_eq!(faults("a: [\nkeeper: {port: 0}\n").len(), 1);
        assert_eq!(faults("").len(), 0);
    }

    #[test]
    fn however_many_there_are_they_end() {
        let lines: Vec<String> = (0..500).map(|number| format!("wrong-{number}: 1")).collect();
        let text = lines.join("\n");
        assert_eq!(faults(&text).len(), MOST);
    }
}
