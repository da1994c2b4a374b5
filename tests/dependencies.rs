//! Every crate that `Cargo.toml` names has a line in `docs/dependencies.md` that says why, and no other has.

// A test that cannot go on panics; clippy knows tests only by their attribute, not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The names in one part of `Cargo.toml`.
fn named(part: &str) -> BTreeSet<String> {
    let manifest = text("Cargo.toml");
    let lines = manifest.lines().skip_while(|line| *line != part).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with([' ', ']', '#']))
        .filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()))
        .collect()
}

/// The names in the table under one heading of the page, whose lines all have a reason.
fn explained(heading: &str) -> BTreeSet<String> {
    let page = text("docs/dependencies.md");
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    lines
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
        .filter(|(_, why)| !why.trim().is_empty())
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_dependency_has_its_reason() {
    assert!(named("[dependencies]").contains("tokio"));
    assert_eq!(named("[dependencies]"), explained("## In the program"));
    assert_eq!(named("[dev-dependencies]"), explained("## In tests and examples"));
}
