//! The recipe of a canary's container, in the engine's own words.

use serde_json::json;

use super::{IMAGE, LABEL};

/// The limit of its memory in bytes: enough for all that it holds, and nothing for the host to fear.
const MEMORY_LIMIT: u64 = 64 << 20;

/// What an engine needs to create a canary of that name.
#[must_use]
pub fn recipe(name: &str) -> String {
    json!({
        "name": name,
        "Image": IMAGE,
        "Cmd": ["/canary"],
        "WorkingDir": "/",
        "Labels": { LABEL: "1" },
        "HostConfig": { "Memory": MEMORY_LIMIT },
    })
    .to_string()
}
