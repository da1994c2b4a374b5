//! What the config says of the door for notes, before it is checked.

use schemars::JsonSchema;

use super::present;

/// How changes are told from outside. Programs of this machine put them into a socket, which an open console always has;
/// here an address is switched on as well.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Notes {
    /// The address at which notes are taken by HTTP, in the clear: `127.0.0.1:8466`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub listen: Option<String>,
    /// The token that must be said there: the name of a variable of the environment, `${env:NAME}`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", regex(pattern = r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$"))]
    pub token: Option<String>,
    /// The token in place of that, in a file that only you can read; relative to this file.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub token_file: Option<String>,
    /// The address may be one that other machines reach.
    #[serde(default)]
    pub from_elsewhere: bool,
}
