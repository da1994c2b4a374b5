//! A container's recipe: what an inspect tells of it, turned into the body of the call that creates it again.
//!
//! It stays in the engine's own words, so that a setting which nobody here knows goes along too.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::model::container::ContainerId;
use crate::model::container_path::clean;
use crate::model::recreate::is_derived;

/// How long the creation may take.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);
/// What of a network's settings somebody chose; all else the engine finds anew.
const CHOSEN: [&str; 5] = ["IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority"];
/// The key of the image's id in a recipe: under its name there may be another one by then.
const IMAGE_ID: &str = "ImageID";

impl DockerEngine {
    pub(super) async fn write_recipe(&self, id: &str) -> Result<String, EngineError> {
        let call = Call::get(format!("/containers/{}/json", encoded(id)));
        let inspect: Value = call.read(&self.transport, LONGEST_CALL).await?;
        let is_podman = self.libpod().await?.is_some();
        of_inspect(inspect, is_podman).map(|recipe| recipe.to_string()).map_err(EngineError::Unable)
    }

    pub(super) async fn follow_recipe(&self, recipe: &str) -> Result<ContainerId, EngineError> {
        let unreadable = |error| EngineError::Unable(format!("the recipe cannot be read: {error}"));
        let mut body: Map<String, Value> = serde_json::from_str(recipe).map_err(unreadable)?;
        let name = body.remove("name").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        if let Some(Value::String(id)) = body.remove(IMAGE_ID) {
            let image = body.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
            if self.image_id(&image).await?.as_ref() != Some(&id) && self.image_id(&id).await?.is_some() {
                body.insert("Image".to_owned(), id.into());
            }
        }
        let in_all = Value::Object(body.clone());
        let others = other_networks(&mut body);
        let create = async |body: &Value| {
            let call = Call::post(format!("/containers/create?name={}", encoded(&name))).json(body);
            call.read::<Created>(&self.transport, DEADLINE).await
        };
        // Docker 26.1 takes the MAC address of a second network with the call that creates, and drops that of a later connection.
        // Before API 1.44 a container is created in one network at most, and more are refused.
        if !others.is_empty() && self.libpod().await?.is_none() {
            match create(&in_all).await {
                Err(EngineError::Refused { status: 400, .. }) => {}
                other => return other.map(|created| created.id),
            }
        }
        let created = create(&Value::Object(body)).await?;
        for (network, settings) in others {
            let call = Call::post(format!("/networks/{}/connect", encoded(&network)))
                .json(&json!({ "Container": created.id, "EndpointConfig": settings }));
            if let Err(error) = self.act(call, LONGEST_CALL).await {
                // Half a container would keep its name from the next attempt.
                let _ = self.act(Call::delete(format!("/containers/{}", created.id)), LONGEST_CALL).await;
                return Err(error);
            }
        }
        Ok(created.id)
    }
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: ContainerId,
}

/// Takes all networks but the container's first out of a recipe.
fn other_networks(body: &mut Map<String, Value>) -> Vec<(String, Value)> {
    let mode = body.get("HostConfig").and_then(|config| config["NetworkMode"].as_str()).unwrap_or_default();
    let mode = if mode == "default" { "bridge" } else { mode }.to_owned();
    let endpoints = body.get_mut("NetworkingConfig").and_then(|config| config.get_mut("EndpointsConfig"));
    let Some(endpoints) = endpoints.and_then(Value::as_object_mut) else { return Vec::new() };
    let first = if endpoints.contains_key(&mode) { Some(mode) } else { endpoints.keys().next().cloned() };
    let (first, others) = std::mem::take(endpoints)
        .into_iter()
        .partition::<Map<_, _>, _>(|(name, _)| Some(name) == first.as_ref());
    *endpoints = first;
    others.into_iter().collect()
}

/// Makes a recipe of an inspect, or says why there can be none.
fn of_inspect(inspect: Value, is_podman: bool) -> Result<Value, String> {
    let Value::Object(mut inspect) = inspect else { return Err("an inspect that is none".to_owned()) };
    let id = inspect.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let name =
        inspect.get("Name").and_then(Value::as_str).unwrap_or_default().trim_start_matches('/').to_owned();
    let (Some(Value::Object(mut config)), Some(Value::Object(mut host))) =
        (inspect.remove("Config"), inspect.remove("HostConfig"))
    else {
        return Err("an inspect without config".to_owned());
    };
    for key in ["NetworkMode", "IpcMode", "PidMode"] {
        let mode = host.get(key).and_then(Value::as_str).unwrap_or_default();
        // That other container may be removed too, and then there is no such id any more.
        if mode.starts_with("container:") {
            return Err(format!("it shares parts of another container ({key} {mode})"));
        }
    }
    if host.get("UTSMode").and_then(Value::as_str) == Some("host") {
        config.remove("Hostname");
    }
    keep_volumes(&mut host, inspect.get("Mounts").and_then(Value::as_array).map_or(&[], Vec::as_slice));
    if is_podman {
        translate(&mut host);
    }
    let networks = inspect.get("NetworkSettings").and_then(|settings| settings["Networks"].as_object());
    let endpoints: Map<_, _> = networks
        .into_iter()
        .flatten()
        .map(|(name, endpoint)| (name.clone(), chosen(endpoint, &id)))
        .collect();
    config.insert("name".to_owned(), name.into());
    config.insert(IMAGE_ID.to_owned(), inspect.remove("Image").unwrap_or_default());
    config.insert("HostConfig".to_owned(), host.into());
    config.insert("NetworkingConfig".to_owned(), json!({ "EndpointsConfig": endpoints }));
    Ok(config.into())
}

/// What of a network's settings somebody chose. The engine gives each container its short id as a name.
fn chosen(endpoint: &Value, id: &str) -> Value {
    let mut kept = Map::new();
    for key in CHOSEN {
        let mut value = endpoint[key].clone();
        if let Some(aliases) = value.as_array_mut().filter(|_| key == "Aliases") {
            aliases.retain(|alias| alias.as_str() != id.get(..12));
        }
        let is_empty = value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty);
        if !is_empty {
            kept.insert(key.to_owned(), value);
        }
    }
    // One that the engine made of the address is made again.
    let mac = endpoint["MacAddress"].as_str().unwrap_or_default();
    if !mac.is_empty() && !is_derived(mac, endpoint) {
        kept.insert("MacAddress".to_owned(), mac.into());
    }
    kept.into()
}

/// Names the volumes that nobody named, so that the new container gets the same ones. Places are compared as paths: `/data/` is
/// `/data`, and each is mounted once.
fn keep_volumes(host: &mut Map<String, Value>, mounts: &[Value]) {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let place = |mount: &Value, key: &str| clean(&text(mount, key));
    for mount in host.get_mut("Mounts").and_then(Value::as_array_mut).into_iter().flatten() {
        let target = place(mount, "Target");
        let known = mounts.iter().find(|known| place(known, "Destination") == target);
        if let Some(known) =
            known.filter(|_| text(mount, "Type") == "volume" && text(mount, "Source").is_empty())
        {
            mount["Source"] = known["Name"].clone();
        }
    }
    // Their mounts are in the list too, and the container that they came from may be gone by then.
    host.remove("VolumesFrom");
    // A bind without a source is a volume that nobody named: it is in the list as well.
    if let Some(binds) = host.get_mut("Binds").and_then(Value::as_array_mut) {
        binds.retain(|bind| bind.as_str().is_some_and(|bind| bind.contains(':')));
    }
    let mut covered: BTreeSet<String> = BTreeSet::new();
    let list = |key: &str| host.get(key).and_then(Value::as_array).into_iter().flatten();
    let binds = list("Binds").filter_map(Value::as_str).filter_map(|bind| bind.split(':').nth(1));
    covered.extend(binds.map(clean));
    covered.extend(list("Mounts").map(|mount| place(mount, "Target")));
    covered.extend(
        host.get("Tmpfs").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(|it| clean(it)),
    );
    let mut added = Vec::new();
    for mount in mounts {
        let source = match text(mount, "Type").as_str() {
            "volume" => text(mount, "Name"),
            "bind" => text(mount, "Source"),
            _ => continue,
        };
        let place = place(mount, "Destination");
        if source.is_empty() || !covered.insert(place.clone()) {
            continue;
        }
        added.push(Value::from(format!("{source}:{place}{}", mode(mount))));
    }
    if added.is_empty() {
        return;
    }
    match host.entry("Binds").or_insert(Value::Null) {
        Value::Array(binds) => binds.extend(added),
        binds => *binds = added.into(),
    }
}

/// How a mount was made, as a bind says it.
fn mode(mount: &Value) -> String {
    let mut words = Vec::new();
    if mount["RW"] == false {
        words.push("ro");
    }
    let is_bind = mount["Type"] == "bind";
    let given = mount["Mode"].as_str().unwrap_or_default();
    // Volumes are relabelled by themselves.
    words.extend(given.split(',').filter(|word| is_bind && matches!(*word, "z" | "Z")));
    words.extend(mount["Propagation"].as_str().filter(|word| is_bind && !matches!(*word, "" | "rprivate")));
    if words.is_empty() { String::new() } else { format!(":{}", words.join(",")) }
}

/// Podman's inspect has words that its create call does not take.
fn translate(host: &mut Map<String, Value>) {
    // It says 0 for "not set", and would set it.
    if host.get("MemorySwappiness") == Some(&json!(0)) {
        host.remove("MemorySwappiness");
    }
    for limit in host.get_mut("Ulimits").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(name) = limit["Name"].as_str().and_then(|name| name.strip_prefix("RLIMIT_")) {
            limit["Name"] = name.to_ascii_lowercase().into();
        }
    }
    // It counts them together from the other two, and takes no more than either.
    if ["CpuQuota", "CpuPeriod"].iter().any(|key| host.get(*key).and_then(Value::as_i64).unwrap_or(0) != 0) {
        host.remove("NanoCpus");
    }
    // What it was created with is not in the inspect: "oci" stands for the engine's own.
    host.remove("Runtime");
}

#[cfg(test)]
#[path = "recipe_tests.rs"]
mod tests;
