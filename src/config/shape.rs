//! What `wakeboard.yaml` looks like, before anything of it is checked. The JSON Schema comes from these types.

mod changes;
mod keeper;
mod notes;
mod rules;
mod work;

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::ordered::{Ordered, Words};
use crate::model::action::ACTIONS;
use crate::model::tier::Tier;

pub use changes::Changes;
pub use keeper::{DoorIgnore, DoorTenants, DoorTls, Keeper};
pub use notes::Notes;
pub use rules::{Hurry, Idle, RulesPart, Steps, Threshold, TierRule, Tiers, Veto};
pub use work::{Destroy, Dump, Span, TierMethods, TierWritable, Wake};

/// The settings of wakeboard. All keys are optional.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
#[schemars(title = "wakeboard.yaml")]
pub struct File {
    /// The container engines, by the short names that wakeboard shows. Without this key they are discovered.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "HostMap")]
    pub hosts: Option<Ordered<Host>>,
    /// How containers are grouped into tenants.
    #[serde(default)]
    pub tenants: Tenants,
    /// Your name in the record of changes; else the name of your account.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    pub operator: Option<String>,
    /// Where tickets and sleepers are recorded: the path of a SQLite file, relative to this file, or
    /// `postgres://USER@HOST/DATABASE` where several consoles share one. Without this key it is wakeboard/ledger.db in
    /// the XDG state folder.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub ledger: Option<String>,
    /// The key with which the ledger seals what it takes to make a sleeping tenant again: a file (relative to this file; make it
    /// once with `wakeboard ledger key new FILE`), or `${env:NAME}`. Of a list the first one seals, and all of them open. All
    /// that share a PostgreSQL need the same one; without this key a SQLite ledger has its own in a file beside it.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "LedgerKeys")]
    pub ledger_key: Option<Words>,
    /// Callmaps, or folders of them, relative to this file. Those in the folder `callmaps` beside this file, and in the
    /// one of the folder where wakeboard is started, need not be named.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    pub callmaps: Vec<String>,
    /// The variables of the environment that callmaps may send (`${env:NAME}`), beside those that begin with `CALLMAP_`. None of
    /// those that this file itself uses.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    pub callmap_env: Vec<String>,
    /// How changes are told from outside.
    #[serde(default)]
    pub notes: Notes,
    /// How long the record of changes is kept.
    #[serde(default)]
    pub changes: Changes,
    /// No host may be changed from here.
    #[serde(default)]
    pub read_only: bool,
    /// How tenants are put to sleep.
    #[serde(default)]
    pub dump: Dump,
    /// What putting them to sleep by `destroy` may lose.
    #[serde(default)]
    pub destroy: Destroy,
    /// How they are brought back.
    #[serde(default)]
    pub wake: Wake,
    /// What each tier allows: by idle time, how its tenants are put to sleep by rule.
    #[serde(default)]
    pub tiers: Tiers,
    /// What counts as idle, and when, how many and after asking whom tenants are put to sleep by rule.
    #[serde(default)]
    pub rules: RulesPart,
    /// The keeper: where reverse proxies ask it to wake the tenant that a request is for. `wakeboard keeper` opens this door
    /// where this key is there.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Keeper")]
    pub keeper: Option<Keeper>,
    /// A shipped theme, or the path of a theme file (`.yaml`), relative to this file.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "ThemeName")]
    pub theme: Option<String>,
    /// Keys of actions, in place of their default ones.
    #[serde(default)]
    #[schemars(with = "KeyMap")]
    pub keys: Ordered<Words>,
}

/// How containers are grouped into tenants.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Tenants {
    /// A container label whose value is the tenant.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub label: Option<String>,
    /// A regular expression over container names with a group `tenant`, and a group `role` if wanted.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", regex(pattern = r"\(\?P?<tenant>"))]
    pub pattern: Option<String>,
    /// Tiers by tenant name. `*` stands for any run of characters; the first that fits counts.
    #[serde(default)]
    pub tiers: Ordered<Tier>,
    /// The tier of a tenant that nothing else gives one.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Tier")]
    pub default_tier: Option<Tier>,
}

/// An engine: its endpoint alone, or with client certificates.
#[derive(Clone, Debug)]
pub enum Host {
    /// Only the endpoint.
    Endpoint(String),
    /// More than the endpoint.
    Whole(WholeHost),
}

/// An engine with client certificates.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct WholeHost {
    /// `unix:///path`, `tcp://host:port` or `ssh://[user@]host[:port][/socket]`.
    #[schemars(regex(pattern = "^(unix|tcp|ssh)://"))]
    pub endpoint: String,
    /// Client certificates, for `tcp://` only: a folder with `ca.pem`, `cert.pem` and `key.pem`, or the three files.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Tls")]
    pub tls: Option<Tls>,
}

/// Client certificates: a folder with `ca.pem`, `cert.pem` and `key.pem`, or the three files.
#[derive(Clone, Debug)]
pub enum Tls {
    /// A folder with `ca.pem`, `cert.pem` and `key.pem`.
    Folder(String),
    /// The three files.
    Files(TlsPaths),
}

/// Client certificate files, in PEM.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct TlsPaths {
    /// The authority that signed the engine's certificate.
    pub ca: String,
    /// Our certificate.
    pub cert: String,
    /// Our private key.
    pub key: String,
}

/// A key that is written has a value: `theme:` with nothing after it is an error, not the default.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Reads a text or a map, with the parser's places for the faults inside (serde's `untagged` would lose them).
struct TextOr<T, M> {
    expected: &'static str,
    text: fn(String) -> T,
    map: fn(M) -> T,
}

impl<'de, T, M: Deserialize<'de>> Visitor<'de> for TextOr<T, M> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.text)(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(self.map)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "an endpoint such as unix:///run/docker.sock, or {endpoint: ..., tls: ...}";
        from.deserialize_any(TextOr { expected, text: Host::Endpoint, map: Host::Whole })
    }
}

impl<'de> Deserialize<'de> for Tls {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a folder, or {ca: ..., cert: ..., key: ...}";
        from.deserialize_any(TextOr { expected, text: Tls::Folder, map: Tls::Files })
    }
}

impl JsonSchema for Host {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = generator.subschema_for::<WholeHost>();
        json_schema!({ "anyOf": [{ "type": "string", "pattern": "^(unix|tcp|ssh)://" }, whole] })
    }
}

impl JsonSchema for Tls {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tls".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let files = generator.subschema_for::<TlsPaths>();
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, files] })
    }
}

/// The schema of `hosts`: [`Ordered`] knows nothing of host names.
struct HostMap;

impl JsonSchema for HostMap {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostMap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let host = generator.subschema_for::<Host>();
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": super::hosts::NAME_PATTERN },
            "additionalProperties": host,
        })
    }
}

/// The schema of `ledger_key`.
struct LedgerKeys;

impl JsonSchema for LedgerKeys {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LedgerKeys".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = serde_json::json!({ "type": "string", "minLength": 1 });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// The schema of `theme`.
struct ThemeName;

impl JsonSchema for ThemeName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ThemeName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let shipped: Vec<&str> = super::theme::Theme::shipped().iter().map(|(name, _)| *name).collect();
        json_schema!({ "type": "string", "minLength": 1, "examples": shipped })
    }
}

/// The schema of `keys`: the actions by name, each with a key or a list of keys.
struct KeyMap;

impl JsonSchema for KeyMap {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KeyMap".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let key = || serde_json::json!({ "type": "string", "minLength": 1, "examples": ["q", "ctrl-c", "F5", "pgdn"] });
        let actions: serde_json::Map<_, _> = ACTIONS
            .iter()
            .map(|about| {
                let keys = serde_json::json!({
                    "anyOf": [key(), { "type": "integer", "minimum": 0, "maximum": 9 },
                              { "type": "array", "items": key(), "uniqueItems": true }],
                    "default": about.keys,
                });
                (about.name.to_owned(), keys)
            })
            .collect();
        json_schema!({ "type": "object", "properties": actions, "additionalProperties": false })
    }
}
