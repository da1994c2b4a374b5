//! Whatever a file holds, reading it ends, does not panic, and says nothing that a terminal would obey.

use std::path::Path;

use proptest::prelude::*;
use wakeboard::config::{Env, Theme, printable, read, yaml};

fn read_all(bytes: &[u8]) {
    let file = Path::new("f.yaml");
    // A host is named, so that the test never looks for engines.
    let mut env = Env::default();
    env.vars.insert("DOCKER_HOST".to_owned(), "tcp://x".to_owned());
    let text = match yaml::decode(file, bytes) {
        Ok(text) => text,
        Err(error) => return tame(&error.to_string()),
    };
    if let Err(error) = read(file, &text, &env) {
        tame(&error.to_string());
    }
    if let Err(error) = Theme::read(file, &text) {
        tame(&error.to_string());
    }
}

fn tame(told: &str) {
    assert!(!told.chars().any(|c| c != '\n' && printable::is_unsafe(c)), "{told:?}");
    assert!(told.len() < 20_000, "{} bytes", told.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn any_yaml_like_text(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "hosts", "tenants", "pattern", "tiers", "keys", "sort", "theme", "operator", "default_tier", "tls",
                "endpoint", "tcp://x", "unix:///x", "good", "inherits", "dark",
                "destroy", "ignore", "writable", "discard", "/tmp", "ledger", "postgres://a:b@c/d", "dump", "wake", "ready", "methods", "freeze", "grace", "10s", "rules", "high", "steps", "after", "hours", "never", "zone", "mon-fri 07:00-19:00", "month 28-3",
                "2026-12-24..2027-01-02", "idle", "may_be_unknown", "veto", "exec", "url", "8080/x", "'(?<tenant>.)'", ":", ": ", "\n", "\n  ",
                "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!t ", "!!str ", "|", ">", "\"", "'", "#", " ", "\t", "---\n",
                "...", "? ", "<<", "~", "null", "1", "0x", "1e999", ".nan", "租户", "\u{1b}[2J", "\u{202e}", "\u{2028}", "\r",
                "%YAML 1.1\n", "\\x", "@", "`",
            ]),
            0..40,
        )
    ) {
        read_all(pieces.concat().as_bytes());
    }

    #[test]
    fn the_sample_with_one_piece_lost(from in 0_usize..8000, length in 0_usize..30) {
        let sample = include_bytes!("../../docs/wakeboard.sample.yaml");
        let from = from.min(sample.len());
        let to = (from + length).min(sample.len());
        read_all(&[&sample[..from], &sample[to..]].concat());
    }
}
