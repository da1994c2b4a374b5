//! What the config says of putting tenants to sleep by rule, before it is checked.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::work::TextOrNumber;
use super::{Span, Words, present};
use crate::model::keeper::Measure;
use crate::model::method::Method;

/// What each tier allows. A tier that is not named has its default.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map of tiers")]
pub struct Tiers {
    /// Of tier `vip`, which is never put to sleep by rule: an empty list.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "TierRule")]
    pub vip: Option<TierRule>,
    /// Of tier `high`. Without this key: freeze after 30m, checkpoint after 8h.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "TierRule")]
    pub high: Option<TierRule>,
    /// Of tier `mid`. Without this key: destroy after 30m.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "TierRule")]
    pub mid: Option<TierRule>,
    /// Of tier `low`. Without this key: destroy after 15m.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "TierRule")]
    pub low: Option<TierRule>,
}

/// What one tier allows: its steps alone, or with windows.
#[derive(Clone, Debug)]
pub enum TierRule {
    /// Only the steps.
    Steps(Vec<Steps>),
    /// More than the steps.
    Whole(WholeTier),
}

/// What one tier allows.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct WholeTier {
    /// The steps, by idle time; each goes deeper than the one before. Without this key: the tier's default.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<Steps>")]
    pub steps: Option<Vec<Steps>>,
    /// Running hours: within them no tenant of this tier is put to sleep, however idle.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Times")]
    pub hours: Option<Words>,
    /// Times in which no tenant of this tier is put to sleep.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Times")]
    pub never: Option<Words>,
}

/// One step: idle for so long, a tenant is dumped so.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a step such as {after: 30m, dump: freeze}")]
pub struct Steps {
    /// Idle for so long, 1s to 365d.
    pub after: Span,
    /// It is dumped so.
    pub dump: Method,
}

/// What counts as idle, and when, how many and after asking whom tenants are put to sleep by rule.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct RulesPart {
    /// The time zone of all hours and windows, such as `Europe/Berlin`. Without this key: this machine's.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub zone: Option<String>,
    /// Times in which nobody is put to sleep.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Times")]
    pub never: Option<Words>,
    /// What counts as use.
    #[serde(default)]
    pub idle: Idle,
    /// When it goes faster.
    #[serde(default)]
    pub hurry: Hurry,
    /// How many go, on each host.
    #[serde(default)]
    pub limits: Limits,
    /// For how long who was woken or started stays awake at least, up to 1d. Each time that a tenant is woken within ten minutes after a
    /// rule has put it to sleep, it is twice as long, up to eight times. Without this key: 5m, or `after` of the first step of its
    /// tier where that is less.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub awake_at_least: Option<Span>,
    /// Who is asked before a tenant is put to sleep, and may say no.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Veto")]
    pub veto: Option<Veto>,
}

/// What counts as use: a tenant is idle only while none of these says that it is used.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Idle {
    /// More bytes a second than this over its network, such as `1K`; or `ignore`. Without this key: 1K.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Threshold")]
    pub network: Option<Threshold>,
    /// More of one core than this, such as `2%`; or `ignore`. Without this key: 2%.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Threshold")]
    pub cpu: Option<Threshold>,
    /// More open connections than this; or `ignore`. Without this key: 0.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Threshold")]
    pub connections: Option<Threshold>,
    /// What need not be known of a tenant for it to be idle. What is known counts all the same.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub may_be_unknown: Vec<Measure>,
}

/// When it goes faster.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Hurry {
    /// Where less than that of a host's memory is free: 0% (never) to 90%. Without this key: 10%.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", regex(pattern = "^[0-9]{1,2}%$"))]
    pub below: Option<String>,
    /// Whoever has been idle for so long goes, 1s to 365d. Without this key: 5m.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub after: Option<Span>,
}

/// How many go, on each host.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Limits {
    /// How many dumps may begin within a minute. Without this key: 10.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = crate::config::rules::MOST_A_MINUTE))]
    pub dumps_a_minute: Option<u64>,
    /// How many tenants may sleep at the same time. Without this key: all.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = crate::config::rules::MOST_TENANTS))]
    pub most_asleep: Option<u64>,
}

/// Who is asked: `exec` or `url`, one of them.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Veto {
    /// A program with its arguments, run in each of the tenant's containers: 0 means that it may sleep, 1 that it must not;
    /// all else is no answer.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<String>", length(min = 1, max = 32))]
    pub exec: Option<Vec<String>>,
    /// An address that is asked by GET, in which `{tenant}` and `{host}` stand for their names: 2xx means that it may
    /// sleep, 4xx that it must not; all else is no answer.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", regex(pattern = "^https?://"))]
    pub url: Option<String>,
    /// How long an answer may take, at most 1m. Without this key: 5s.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub timeout: Option<Span>,
    /// How long an answer holds, 1s to 1d. Without this key: 5m.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub every: Option<Span>,
}

/// A threshold as it is written.
#[derive(Clone, Debug)]
pub struct Threshold(pub String);

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a threshold (1K, 2%, 0) or `ignore`";
        from.deserialize_any(TextOrNumber {
            expected,
            text: Threshold,
            number: |number| Threshold(number.to_string()),
        })
    }
}

impl<'de> Deserialize<'de> for TierRule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct StepsOrMap;

        impl<'de> Visitor<'de> for StepsOrMap {
            type Value = TierRule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of steps such as [{after: 30m, dump: freeze}], or {steps: ..., hours: ...}",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<TierRule, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(TierRule::Steps)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TierRule, A::Error> {
                WholeTier::deserialize(MapAccessDeserializer::new(map)).map(TierRule::Whole)
            }
        }

        from.deserialize_any(StepsOrMap)
    }
}

impl JsonSchema for TierRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TierRule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let steps = generator.subschema_for::<Vec<Steps>>();
        let whole = generator.subschema_for::<WholeTier>();
        json_schema!({ "anyOf": [steps, whole] })
    }
}

impl JsonSchema for Threshold {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?\s*[KMG%]?|ignore)$" },
            ],
        })
    }
}

/// The schema of windows: a time, or a list of times.
struct Times;

impl JsonSchema for Times {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Times".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let examples = ["mon-fri 07:00-19:00", "daily 02:00-03:00", "month 28-3", "2026-12-24..2027-01-02"];
        let time = || serde_json::json!({ "type": "string", "minLength": 1, "examples": examples });
        json_schema!({ "anyOf": [time(), { "type": "array", "items": time() }] })
    }
}
