//! What an answer must be, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::callmap::words;
use crate::config::callmap::written::{At, Many, Pairs, Word, Written};

/// What a DNS answer must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct DnsExpect {
    /// One of these records.
    pub any: Option<At<Many<Word>>>,
    /// All of these records.
    pub all: Option<At<Many<Word>>>,
    /// These records and no others.
    pub exactly: Option<At<Many<Word>>>,
    /// So many records.
    #[schemars(with = "Option<words::Whole>")]
    pub count: Option<At<Written>>,
    /// An answer that takes longer is slow.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// What an HTTP answer must be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct HttpExpect {
    /// The statuses that are well: a number, a range such as `200-399`, or a list of those. Without this key: 200-399.
    #[schemars(with = "Option<Many<words::Status>>")]
    pub status: Option<At<Many<At<Written>>>>,
    /// The certificate lasts at least so many days more.
    #[schemars(with = "Option<words::Whole>")]
    pub cert_days: Option<At<Written>>,
    /// Headers that must be there, with a text that they hold, or more about it; `~` for whatever they hold.
    pub headers: Option<Pairs<HeaderLike>>,
    /// A text that the body holds, or more about it.
    pub body: Option<At<BodyLike>>,
    /// An answer that takes longer is slow.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// What comes back from a port.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct TcpExpect {
    /// A text that the first bytes hold, or one thing more about them.
    pub banner: Option<At<Like>>,
    /// A connection that takes longer is slow.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// What a certificate and its connection must be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct TlsExpect {
    /// The certificate lasts at least so many days more.
    #[schemars(with = "Option<words::Whole>")]
    pub cert_days: Option<At<Written>>,
    /// The lowest version of TLS that will do: 1.2 or 1.3. Without this key: 1.2.
    #[schemars(with = "Option<words::TlsVersion>")]
    pub version: Option<At<Written>>,
    /// A handshake that takes longer is slow.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// A text that is held, or one thing more about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename = "$by_shape", rename_all = "lowercase")]
#[schemars(rename = "Like", untagged)]
pub enum Like {
    /// It holds this.
    Text(Word),
    /// What else it is like.
    Map(At<Rules>),
}

/// A text that a header holds, or more about it; `~` for whatever it holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename = "$by_shape", rename_all = "lowercase")]
#[schemars(rename = "HeaderLike", untagged)]
pub enum HeaderLike {
    /// It is there.
    #[schemars(with = "Nothing")]
    Nothing,
    /// It holds this.
    Text(Word),
    /// What else it is like.
    Map(At<Rules>),
}

/// A text that the body holds, or more about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename = "$by_shape", rename_all = "lowercase")]
#[schemars(rename = "BodyLike", untagged)]
pub enum BodyLike {
    /// It holds this.
    Text(Word),
    /// What else it is like.
    Map(BodyRules),
}

/// What a text must be like.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Rules {
    /// It holds this, or all of these.
    pub contains: Option<At<Many<Word>>>,
    /// It is this.
    pub is: Option<Word>,
    /// This regular expression matches it, or all of these do.
    pub matches: Option<At<Many<At<String>>>>,
}

/// What a body must be like.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct BodyRules {
    /// It holds this, or all of these.
    pub contains: Option<At<Many<Word>>>,
    /// It is this.
    pub is: Option<Word>,
    /// This regular expression matches it, or all of these do.
    pub matches: Option<At<Many<At<String>>>>,
    /// What its JSON holds, by paths such as `$.db.state` or `$.list[0]`.
    #[schemars(with = "Option<Pairs<words::Anything>>")]
    pub json: Option<At<Pairs<Value>>>,
}

/// The schema of `~`.
struct Nothing;

impl JsonSchema for Nothing {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Nothing".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": null })
    }
}
