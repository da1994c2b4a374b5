//! What the config says of the keeper's wake door, before it is checked.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Ordered, Span, Words, present};
use crate::config::keeper::MOST_WAITING;

/// The keeper: where reverse proxies ask it to wake the tenant that a request is for.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Keeper {
    /// The address of the wake door. Without this key: 127.0.0.1:7070.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub listen: Option<String>,
    /// The token that must be said for everything but `/wake`, `/waiting` and `/healthz`: the name of a variable of the
    /// environment, `${env:NAME}`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", regex(pattern = r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$"))]
    pub token: Option<String>,
    /// The token in place of that, in a file that only you can read; relative to this file.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub token_file: Option<String>,
    /// TLS at the wake door.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "DoorTls")]
    pub tls: Option<DoorTls>,
    /// How the tenant follows from a request.
    #[serde(default)]
    pub tenants: DoorTenants,
    /// The port of a tenant's container that requests are led to. Without this key: the only one that the container declares.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u16", range(min = 1))]
    pub port: Option<u64>,
    /// The role of the container that requests are led to. Without this key: the one that declares the port, or the only one.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub role: Option<String>,
    /// How long a program is kept waiting for a tenant, 1s to 10m. Without this key: 30s.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub wait: Option<Span>,
    /// How long a browser is kept waiting before it gets a page that says so, 0s to 1m. Without this key: 2s.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Span")]
    pub page_after: Option<Span>,
    /// How many requests may wait for the tenants of one host. Without this key: 1000.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = MOST_WAITING))]
    pub queue: Option<u64>,
    /// How many may wait altogether. Without this key: four times `queue`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "u64", range(min = 1, max = MOST_WAITING))]
    pub queue_all: Option<u64>,
    /// Requests that neither wake a tenant nor count as its use: those of monitors and robots. One of these is enough.
    #[serde(default)]
    pub ignore: DoorIgnore,
    /// A request also starts what somebody stopped or paused, or what crashed. Else only what wakeboard put to sleep is woken.
    #[serde(default)]
    pub wakes_stopped: bool,
}

/// The certificates of the wake door, in PEM.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with `cert` and `key`")]
pub struct DoorTls {
    /// Our certificate, and those between it and its authority.
    #[schemars(length(min = 1))]
    pub cert: String,
    /// Our private key.
    #[schemars(length(min = 1))]
    pub key: String,
    /// The authority of those who need no token.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "String", length(min = 1))]
    pub client_ca: Option<String>,
}

/// How the tenant follows from a request.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct DoorTenants {
    /// Host names: `{tenant}.example.com`, `{tenant}.{host}.example.com` where the name of the container host stands in them too, or a
    /// regular expression that begins with `^` and has a group `tenant` and perhaps one `host`. The first that fits counts.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "HostPatterns")]
    pub host: Option<Words>,
    /// Host names whose tenant is said one by one, as `acme` or `web-1/acme`. They go before the patterns.
    #[serde(default)]
    pub hosts: Ordered<String>,
    /// Whether the path may name the tenant: `/wake/acme`. Without this key it may.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "bool")]
    pub path: Option<bool>,
}

/// Requests that neither wake nor count.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct DoorIgnore {
    /// Paths, as the proxy tells them (`X-Forwarded-Uri`): `/robots.txt`, or `/static/*` for all that begin so.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OneOrMore")]
    pub paths: Option<Words>,
    /// Methods, as the proxy tells them (`X-Forwarded-Method`): `HEAD`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OneOrMore")]
    pub methods: Option<Words>,
    /// Parts of the header `User-Agent`, in small or capital letters: `UptimeRobot`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OneOrMore")]
    pub agents: Option<Words>,
    /// Where requests come from, by the last address that the proxy tells (`X-Forwarded-For`): `192.0.2.7`, `10.0.0.0/8`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "OneOrMore")]
    pub sources: Option<Words>,
}

/// The schema of a text, or a list of them.
struct OneOrMore;

impl JsonSchema for OneOrMore {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMore".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = || serde_json::json!({ "type": "string", "minLength": 1 });
        json_schema!({ "anyOf": [one(), { "type": "array", "items": one() }] })
    }
}

/// The schema of one pattern, or a list of them.
struct HostPatterns;

impl JsonSchema for HostPatterns {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostPatterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = || serde_json::json!({ "type": "string", "pattern": r"\{tenant\}|^\^.*\(\?P?<tenant>" });
        json_schema!({ "anyOf": [one(), { "type": "array", "items": one() }] })
    }
}
