//! What a tenant pays for, and so what may be done to it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tenant's tier. The order is from dearest to cheapest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Always running.
    Vip,
    /// Memory is dumped when idle; back at once.
    High,
    /// Destroyed when idle; created again on use.
    Mid,
    /// Destroyed when idle, database included; restored on use.
    Low,
}

impl Tier {
    /// All tiers, dearest first.
    pub const ALL: [Tier; 4] = [Tier::Vip, Tier::High, Tier::Mid, Tier::Low];

    /// The one word that stands on the screen, in JSON and in the config.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Vip => "vip",
            Tier::High => "high",
            Tier::Mid => "mid",
            Tier::Low => "low",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text was none of `vip`, `high`, `mid`, `low`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such tier: {0:?} (vip, high, mid or low)")]
pub struct UnknownTier(pub String);

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Tier::ALL
            .into_iter()
            .find(|tier| tier.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownTier(text.to_owned()))
    }
}
