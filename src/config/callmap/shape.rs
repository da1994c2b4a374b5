//! What a callmap looks like, before anything of it is checked. The JSON Schema comes from these types.

mod expect;
mod probe;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::words;
use super::written::{At, Written};

pub use expect::{BodyLike, DnsExpect, HeaderLike, HttpExpect, Like, Rules};
pub use probe::{DnsProbe, HttpProbe, Method, Probe, RecordKind, TcpProbe, TlsProbe, Transport};

/// The call chain of one product, from the outside in. Texts may hold `${VAR}` and `${env:NAME}`; `$$` is a dollar. Keys
/// that begin with `x-` are yours: a place for anchors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
#[schemars(title = "A callmap", extend("patternProperties" = { "^x-": true }))]
pub struct File {
    /// The product's name.
    #[schemars(length(min = 1, max = 128))]
    pub product: At<String>,
    /// What `${VAR}` stands for. A var may use those above it; `--var NAME=VALUE` goes before all of them.
    #[allow(dead_code, reason = "filled in before; here for the schema")]
    #[schemars(with = "Option<words::Vars>")]
    pub vars: Option<IgnoredAny>,
    /// The layers, from the outside in.
    #[schemars(with = "Vec<Entry>", length(min = 1, max = 100))]
    pub layers: At<Vec<Layer>>,
    /// How long one attempt of a probe may take. Without this key: 5s.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often a probe that fails is asked again, at most 10. Without this key: 0.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
    /// How long a whole run may take, at most 1h. Without this key: 30s.
    #[schemars(with = "Option<words::Span>")]
    pub deadline: Option<At<Written>>,
    /// How many probes run at once, 1 to 1024. Without this key: 256.
    #[schemars(with = "Option<words::Whole>")]
    pub parallel: Option<At<Written>>,
}

/// An entry of `layers`: a layer, or a file that holds some.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "includes are followed before; here for the schema")]
enum Entry {
    Layer(Box<Layer>),
    Include(Include),
}

/// A file whose layers stand here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Include {
    /// Its path, relative to this file and below this file's folder. It holds `layers`, and `vars` if it likes; those of
    /// this file go before them.
    #[schemars(length(min = 1, max = 512))]
    pub include: At<String>,
}

/// What a file holds that others include.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a map with `layers`, and `vars` if you like")]
pub struct Common {
    /// What `${VAR}` stands for where the including file does not say it.
    #[allow(dead_code, reason = "filled in before")]
    pub vars: Option<IgnoredAny>,
    /// The layers.
    #[allow(dead_code, reason = "read by the file that includes them")]
    pub layers: IgnoredAny,
}

/// One step of the chain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct Layer {
    /// Its name.
    #[schemars(length(min = 1, max = 128))]
    pub name: At<String>,
    /// How many of its targets must be well: `all`, `any`, a number or a share such as `50%`. Where it has no targets, each
    /// probe counts as one. Without this key: all.
    #[schemars(with = "Option<words::Need>")]
    pub need: Option<At<Written>>,
    /// Whom each probe is put to: addresses, with a port if it is another one than the probe's (`10.1.0.2:8080`,
    /// `"[2001:db8::7]:8080"`), or the containers of a tenant. Without this key each probe goes where it says itself.
    pub targets: Option<At<Targets>>,
    /// What becomes of the layers behind it while it is broken: `go_on` (they are asked and judged) or `skip`. Without
    /// this key: `go_on`.
    pub on_broken: Option<OnBroken>,
    /// What is asked of each target.
    #[schemars(length(min = 1, max = 200))]
    pub probes: At<Vec<Probe>>,
    /// How long one attempt of a probe may take. Without this key: as the file says.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often a probe that fails is asked again, at most 10. Without this key: as the file says.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow. Without this key: as the file says.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// What becomes of the layers behind a broken one.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBroken {
    /// They are asked and judged all the same.
    GoOn,
    /// They count as skipped.
    Skip,
}

/// Whom the probes of a layer are put to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename = "$by_shape", rename_all = "lowercase")]
#[schemars(rename = "Targets", untagged)]
pub enum Targets {
    /// One address.
    Text(At<String>),
    /// Addresses.
    List(Vec<At<String>>),
    /// The containers of a tenant.
    Map(OfTenant),
}

/// The containers of a tenant, where they are when the callmap runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct OfTenant {
    /// The tenant; on one host where it is written `host/tenant`.
    #[schemars(length(min = 1, max = 128))]
    pub tenant: At<String>,
    /// Only containers of this role.
    #[schemars(length(min = 1, max = 128))]
    pub role: Option<At<String>>,
    /// The port within the container. Without this key: each probe's own.
    #[schemars(with = "Option<words::Whole>")]
    pub port: Option<At<Written>>,
}
