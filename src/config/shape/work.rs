//! What the config says of dumping and waking, before it is checked.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Ordered, Words, present};
use crate::config::policy::MOST_AT_ONCE;
use crate::model::method::Method;
use crate::model::policy::Helper;
use crate::model::writable::Writable;

/// How tenants are put to sleep.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Dump {
    /// What is tried, in this order; the first that the host can do is used. Without this key: freeze, checkpoint, stop.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Method>", length(min = 1), extend("uniqueItems" = true))]
    pub methods: Option<Vec<Method>>,
    /// The same for tenants of one tier. This is for dumps that somebody asks for; what is put to sleep by rule, and how,
    /// says the key `tiers` at the top.
    #[serde(default)]
    pub tiers: TierMethods,
    /// Roles in the order of dumping, dependents first; those not named go before them. Waking goes the other way.
    /// Without this key: app, db.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<String>", extend("uniqueItems" = true))]
    pub order: Option<Words>,
    /// How many tenants of one host are dumped at once. Without this key: 2.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = MOST_AT_ONCE))]
    pub at_once: Option<u64>,
    /// How long a container may take to stop by itself, 1s to 10m; its own stop timeout counts where that is longer. Without
    /// this key: 10s.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub grace: Option<Span>,
    /// What pushes memory into swap on cgroup v2 hosts where wakeboard is not root itself: a short-lived privileged container with
    /// the host's cgroups, or nothing (`never`), so that tenants there are not frozen. Without this key: privileged.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Helper")]
    pub helper: Option<Helper>,
}

/// What is tried, in this order, by tier.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of tiers")]
pub struct TierMethods {
    /// For tenants of tier `vip`, which are dumped by force only.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Method>", length(min = 1), extend("uniqueItems" = true))]
    pub vip: Option<Vec<Method>>,
    /// For tenants of tier `high`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Method>", length(min = 1), extend("uniqueItems" = true))]
    pub high: Option<Vec<Method>>,
    /// For tenants of tier `mid`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Method>", length(min = 1), extend("uniqueItems" = true))]
    pub mid: Option<Vec<Method>>,
    /// For tenants of tier `low`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Method>", length(min = 1), extend("uniqueItems" = true))]
    pub low: Option<Vec<Method>>,
}

/// What goes with a tenant that is put to sleep by `destroy`: all that its containers have written outside of their mounts.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Destroy {
    /// Folders and files in containers whose changes are no loss. Without this key: /tmp, /run, /var/tmp, /var/cache,
    /// /var/log.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = "^/")))]
    pub ignore: Option<Vec<String>>,
    /// What is done by rule with tenants of one tier whose containers have written elsewhere.
    #[serde(default)]
    pub writable: TierWritable,
}

/// What is done by rule where a container has written outside of its mounts: `stop` takes that method instead of `destroy`,
/// `discard` loses what was written. Without a word: stop.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of tiers")]
pub struct TierWritable {
    /// For tenants of tier `vip`, which no rule puts to sleep.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Writable")]
    pub vip: Option<String>,
    /// For tenants of tier `high`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Writable")]
    pub high: Option<String>,
    /// For tenants of tier `mid`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Writable")]
    pub mid: Option<String>,
    /// For tenants of tier `low`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Writable")]
    pub low: Option<String>,
}

/// How tenants are brought back.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Wake {
    /// How many tenants of one host are woken at once. Without this key: 8.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = MOST_AT_ONCE))]
    pub at_once: Option<u64>,
    /// How long a woken tenant may take to answer, at most 1h. Without this key: 60s.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub timeout: Option<Span>,
    /// Where tenants answer, by name: a port, or a port and a path that is asked for over HTTP (`8080/health`). `*`
    /// stands for any run of characters; the first that fits counts.
    #[serde(default)]
    pub ready: Ordered<ReadyAt>,
}

/// A duration as it is written, so that its check can say the place of a fault.
#[derive(Clone, Debug)]
pub enum Span {
    /// With its unit, if it is one at all.
    Text(String),
    /// Without a unit.
    Number(u64),
}

/// A port, with a path behind it if wanted.
#[derive(Clone, Debug)]
pub struct ReadyAt(pub String);

/// Reads a text or a whole number.
pub(super) struct TextOrNumber<T> {
    pub(super) expected: &'static str,
    pub(super) text: fn(String) -> T,
    pub(super) number: fn(u64) -> T,
}

impl<T> Visitor<'_> for TextOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.text)(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok((self.number)(number))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a duration such as 500ms, 10s or 2m";
        from.deserialize_any(TextOrNumber { expected, text: Span::Text, number: Span::Number })
    }
}

impl<'de> Deserialize<'de> for ReadyAt {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a port, or a port and a path such as 8080/health";
        from.deserialize_any(TextOrNumber {
            expected,
            text: ReadyAt,
            number: |port| ReadyAt(port.to_string()),
        })
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)$",
            "examples": ["500ms", "10s", "2m"],
        })
    }
}

impl JsonSchema for ReadyAt {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReadyAt".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "pattern": "^[0-9]{1,5}(/[!-~]*)?$", "examples": ["8080/health"] },
            ],
        })
    }
}
