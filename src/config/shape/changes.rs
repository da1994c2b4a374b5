//! What the config says of the record of changes, before it is checked.

use schemars::JsonSchema;

use super::{Span, present};

/// How long the record of changes is kept.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Changes {
    /// Each part of each change, 1h to 3650d. Without this key: 30d.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub raw: Option<Span>,
    /// What each change reads like as a whole, 1d to 3650d and no shorter than its parts. Without this key: 730d.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub folded: Option<Span>,
}
