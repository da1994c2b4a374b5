//! Imports point inward, and each foreign library stays in the rooms that it is for: `docs/architecture.md`.

// A test that cannot go on panics; clippy knows tests only by their attribute, not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Every room, and what it may import of the others: a room, or one part of it.
const ROOMS: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("listen", &[]),
    ("callmap", &["model"]),
    ("canary", &["model"]),
    ("config", &["model"]),
    ("grammar", &["model"]),
    ("engine", &["model"]),
    // Whoever opens it hands in where to write and which files there are: it knows neither ledger nor config.
    ("intake", &["listen", "model"]),
    ("ledger", &["model"]),
    ("service", &["callmap", "canary", "engine", "ledger", "model"]),
    ("tui", &["config", "grammar", "model", "service"]),
    ("demo", &["config", "model"]),
    ("keeper", &["listen", "model", "service"]),
    (
        "cli",
        &[
            "config",
            "demo",
            "engine::folder",
            "grammar",
            "intake",
            "keeper",
            "ledger",
            "model",
            "service",
            "tui",
        ],
    ),
];

/// Libraries that only these rooms may know.
const LIBRARIES: [(&str, &[&str]); 18] = [
    ("ratatui|crossterm|tui_input", &["tui"]),
    ("fluent_bundle|unic_langid", &["tui"]),
    ("bollard", &["engine"]),
    ("sonic_rs", &["engine"]),
    ("httparse", &["engine"]),
    ("x509_parser", &["engine", "callmap"]),
    ("rustls_native_certs", &["callmap", "engine"]),
    // The demo's own servers: a resolver, and HTTPS with an authority of its own.
    ("rustls|tokio_rustls", &["engine", "callmap", "demo", "keeper"]),
    ("hickory_proto", &["callmap", "demo"]),
    ("rcgen", &["demo"]),
    ("serde_yaml|yaml_serde", &["config"]),
    ("sqlx|rusqlite", &["ledger"]),
    // As the provider of TLS, and for the seals of the ledger.
    ("ring", &["callmap", "demo", "engine", "keeper", "ledger"]),
    ("clap|clap_complete|clap_mangen", &["grammar", "cli"]),
    ("hyper|hyper_util|http_body_util", &["engine", "callmap", "demo", "intake", "keeper"]),
    ("notify|similar", &["intake"]),
    ("subtle|smallvec", &["model"]),
    ("axum|arc_swap|form_urlencoded", &["keeper"]),
];

/// What must not be done in a folder at all: there time is passed in, and nothing is read or written.
const PURE: [(&str, &str); 2] = [
    // Addresses are only words; sockets are not.
    (
        "model",
        r"\btokio\b|\bstd::(fs|process)\b|\b(Tcp|Udp|Unix)(Listener|Socket|Stream|Datagram)\b|\bToSocketAddrs\b|\b(Instant|SystemTime|Timestamp|Zoned)::now\b",
    ),
    ("tui/view", r"\btokio\b|\bstd::(fs|net|process)\b|\b(Instant|SystemTime|Timestamp|Zoned)::now\b"),
];

struct Source {
    /// Below `src/`.
    path: PathBuf,
    /// Without comments.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.iter().next().unwrap().to_str().unwrap()
    }

    /// How many steps of `super` lead to the crate's root.
    fn depth(&self) -> usize {
        let steps = self.path.iter().count();
        if self.path.ends_with("mod.rs") { steps - 1 } else { steps }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code: Vec<&str> =
                    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                let path = path.strip_prefix(&root).unwrap().to_owned();
                found.push(Source { path, code: code.join("\n") });
            }
        }
    }
    // The crate's root says which rooms there are, and `main` only calls them.
    found.retain(|source| !["lib.rs", "main.rs"].contains(&source.room()));
    found
}

#[test]
fn imports_point_inward() {
    let import = Regex::new(r"\bcrate::([a-z_]+(?:::[a-z_]+)*|\{)").unwrap();
    let mut faults = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{}: a room that is not in the table", source.path.display()));
            continue;
        };
        for found in import.captures_iter(&source.code) {
            let path = &found[1];
            let within = |part: &str| {
                path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            if !within(room) && !allowed.iter().any(|part| within(part)) {
                faults.push(format!("{}: {room} must not import {path}", source.path.display()));
            }
        }
        // Without the tests at its end, which are one module deeper.
        let own = source.code.split("#[cfg(test)]").next().unwrap();
        if own.contains(&"super::".repeat(source.depth())) {
            faults.push(format!("{}: leaves its room by `super`", source.path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for (names, rooms) in LIBRARIES {
        let used = Regex::new(&format!(r"\b({names})::|\buse ({names})\b")).unwrap();
        for source in sources().iter().filter(|source| !rooms.contains(&source.room())) {
            if let Some(found) = used.find(&source.code) {
                faults.push(format!(
                    "{}: {} is for {}",
                    source.path.display(),
                    found.as_str(),
                    rooms.join(", ")
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_pure_does_nothing_outside() {
    let mut faults = Vec::new();
    for (folder, forbidden) in PURE {
        let forbidden = Regex::new(forbidden).unwrap();
        for source in sources().iter().filter(|source| source.path.starts_with(folder)) {
            if let Some(found) = forbidden.find(&source.code) {
                faults.push(format!("{}: {} in {folder}/", source.path.display(), found.as_str()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
