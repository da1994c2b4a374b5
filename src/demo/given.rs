//! A container as a client asks for it: the body of `POST /containers/create`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::container::Spec;
use super::sim::Refusal;
use crate::config::scenario::RestartPolicy;
use crate::model::naming::{ROLE_LABEL, TENANT_LABEL, TIER_LABEL};
use crate::model::tier::Tier;

/// The smallest limit that Docker allows.
pub const LEAST_MEMORY: i64 = 6 << 20;

/// The body, in the three parts in which an inspect gives it back.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `Config`
    pub config: Map<String, Value>,
    /// `HostConfig`
    pub host: Map<String, Value>,
    /// `NetworkingConfig.EndpointsConfig`
    pub networks: Map<String, Value>,
}

/// What an image brings to the containers that are made of it.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// Whether it has a health check of its own.
    pub health: bool,
    /// How long after a cold start that passes.
    pub ready: Option<std::time::Duration>,
    /// The exit code of an orderly stop.
    pub stop_exit: i64,
}

impl Given {
    /// Takes a body apart.
    ///
    /// # Errors
    /// Refuses what is no JSON object, as Docker words it.
    pub fn read(body: &[u8]) -> Result<Given, Refusal> {
        if body.is_empty() {
            return Err(Refusal::new(500, "EOF".to_owned()));
        }
        let mut config: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
        let mut take = |name: &str| match config.remove(name) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        let host = take("HostConfig");
        let networks = match take("NetworkingConfig").remove("EndpointsConfig") {
            Some(Value::Object(networks)) => networks,
            _ => Map::new(),
        };
        Ok(Given { config, host, networks })
    }

    /// The image that it asks for.
    #[must_use]
    pub fn image(&self) -> &str {
        self.config.get("Image").and_then(Value::as_str).unwrap_or_default()
    }

    /// A number of the host config, 0 where it has none.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.host.get(name).and_then(Value::as_i64).unwrap_or(0)
    }

    /// Whether the engine removes the container when it ends.
    #[must_use]
    pub fn removed_at_end(&self) -> bool {
        self.host.get("AutoRemove").and_then(Value::as_bool).unwrap_or(false)
    }

    /// What is made of it under that name.
    ///
    /// # Errors
    /// Refuses what Docker refuses of limits and restart policies.
    pub fn spec(self, name: String, image: &Image) -> Result<Spec, Refusal> {
        let memory = self.number("Memory");
        if memory != 0 && memory < LEAST_MEMORY {
            return Err(too_little());
        }
        let (restart, _) = restart(self.host.get("RestartPolicy"))?.unwrap_or_default();
        let labels = texts(self.config.get("Labels"));
        let label = |key| labels.get(key).map(String::as_str);
        let tier = label(TIER_LABEL).and_then(|text| text.parse::<Tier>().ok());
        let health = match self.config.get("Healthcheck").and_then(|check| check["Test"].as_array()) {
            Some(test) if !test.is_empty() => test[0] != "NONE",
            _ => image.health,
        };
        Ok(Spec {
            tenant: label(TENANT_LABEL).unwrap_or(&name).into(),
            role: label(ROLE_LABEL).unwrap_or_default().into(),
            tier: tier.map_or("", Tier::as_str),
            image: self.image().to_owned(),
            memory: u64::try_from(memory).unwrap_or(0),
            health,
            ready: image.ready,
            restart,
            stop_exit: image.stop_exit,
            port: None,
            volume: None,
            labels: Arc::new(labels),
            given: Some(Arc::new(self)),
            name,
        })
    }
}

/// What Docker says of a limit below its least.
#[must_use]
pub fn too_little() -> Refusal {
    Refusal::new(400, "Minimum memory limit allowed is 6MB".to_owned())
}

/// What Docker says of less memory and swap together than memory.
#[must_use]
pub fn too_little_swap() -> Refusal {
    let message = "Minimum memoryswap limit should be larger than memory limit, see usage";
    Refusal::new(400, message.to_owned())
}

/// A restart policy and its bound, as clients write them; nothing where they say nothing.
///
/// # Errors
/// Refuses what Docker refuses.
pub fn restart(value: Option<&Value>) -> Result<Option<(RestartPolicy, i64)>, Refusal> {
    let wrong = |what: String| Err(Refusal::new(400, what));
    let Some(name) = value.and_then(|value| value["Name"].as_str()) else { return Ok(None) };
    let most = value.and_then(|value| value["MaximumRetryCount"].as_i64()).unwrap_or(0);
    let policy = match name {
        "" if most == 0 => return Ok(None),
        "" | "no" => RestartPolicy::No,
        "always" => RestartPolicy::Always,
        "unless-stopped" => RestartPolicy::UnlessStopped,
        "on-failure" => RestartPolicy::OnFailure,
        _ => return wrong(format!("invalid restart policy '{name}'")),
    };
    if most != 0 && policy != RestartPolicy::OnFailure {
        return wrong(format!("maximum retry count cannot be used with restart policy '{name}'"));
    }
    if most < 0 {
        return wrong("maximum retry count cannot be negative".to_owned());
    }
    Ok(Some((policy, most)))
}

fn texts(value: Option<&Value>) -> BTreeMap<String, String> {
    let object = value.and_then(Value::as_object);
    let pair = |(key, value): (&String, &Value)| (key.clone(), value.as_str().unwrap_or_default().to_owned());
    object.map(|object| object.iter().map(pair).collect()).unwrap_or_default()
}
