//! The recipe of a canary's container, in the engine's own words.

use serde_json::json;

use super::{IMAGE, LABEL};

/// The limit of its memory in bytes: enough for all that it holds, and nothing for the host to fear.
const MEMORY_LIMIT: u64 = 64 << 20;

/// What an engine needs to create a canary of that name, which holds an open connection or does not.
#[must_use]
pub fn recipe(name: &str, connected: bool) -> String {
    let command: &[&str] = if connected { &["/canary"] } else { &["/canary", "alone"] };
    json!({
        "name": name,
        "Image": IMAGE,
        "Cmd": command,
        "WorkingDir": "/",
        "Labels": { LABEL: "1" },
        "HostConfig": { "Memory": MEMORY_LIMIT },
    })
    .to_string()
}
