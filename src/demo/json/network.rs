//! A container's networks, ports and mounts.
//!
//! Nobody listens at a simulated address, so all of them are ones of the machine's own loopback: what a client tries to
//! reach there is refused at once, and never leaves the machine.

use serde_json::{Map, Value, json};

use crate::demo::chance::Chance;
use crate::demo::container::Container;

/// Where the ports are published: an address of the loopback that no other program is likely to use.
const PUBLISHED_AT: &str = "127.217.0.1";

/// The name of the way that it is connected.
pub fn mode(container: &Container) -> &str {
    let given = container.spec.given.as_ref().and_then(|given| given.host.get("NetworkMode"));
    given.and_then(Value::as_str).filter(|mode| !mode.is_empty()).unwrap_or("default")
}

/// `NetworkSettings` of an inspect.
pub fn settings(container: &Container) -> Value {
    let networks = networks(container);
    let of_default = networks.get("bridge").map_or("", |it| it["IPAddress"].as_str().unwrap_or_default());
    let ports: Map<String, Value> = if container.phase.is_up() {
        let one = |(private, public): (String, Option<String>)| {
            let bound = public.map(|public| json!([{ "HostIp": PUBLISHED_AT, "HostPort": public }]));
            (private, bound.unwrap_or(Value::Null))
        };
        ports(container).into_iter().map(one).collect()
    } else {
        Map::new()
    };
    json!({ "IPAddress": of_default, "Ports": ports, "Networks": networks })
}

/// The ports of a list's row.
pub fn row(container: &Container) -> Value {
    let one = |(private, public): (String, Option<String>)| {
        let (port, kind) = private.split_once('/').unwrap_or((&private, "tcp"));
        let mut row = json!({ "PrivatePort": port.parse::<u16>().unwrap_or(0), "Type": kind });
        if let Some(public) = public {
            row["IP"] = json!(PUBLISHED_AT);
            row["PublicPort"] = json!(public.parse::<u16>().unwrap_or(0));
        }
        row
    };
    if container.phase.is_up() { ports(container).into_iter().map(one).collect() } else { json!([]) }
}

/// The ports that it declares, each with the one that it is published at.
fn ports(container: &Container) -> Vec<(String, Option<String>)> {
    let spec = &container.spec;
    let Some(given) = &spec.given else {
        return spec
            .port
            .map(|(private, public)| (format!("{private}/tcp"), Some(public.to_string())))
            .into_iter()
            .collect();
    };
    let bindings = given.host.get("PortBindings").and_then(Value::as_object);
    let exposed = given.config.get("ExposedPorts").and_then(Value::as_object);
    let mut all: Vec<(String, Option<String>)> = Vec::new();
    for (private, bound) in bindings.into_iter().flatten() {
        all.push((private.clone(), bound[0]["HostPort"].as_str().map(str::to_owned)));
    }
    for private in exposed.into_iter().flatten().map(|(private, _)| private) {
        if !all.iter().any(|(known, _)| known == private) {
            all.push((private.clone(), None));
        }
    }
    all
}

/// The networks that it is in, by name.
#[must_use]
pub fn networks(container: &Container) -> Map<String, Value> {
    let given = container.spec.given.as_ref();
    let named = given.filter(|given| !given.networks.is_empty());
    match (named, mode(container)) {
        (Some(given), _) => given
            .networks
            .iter()
            .map(|(name, wanted)| (name.clone(), network(container, name, wanted)))
            .collect(),
        (None, "default") => {
            Map::from_iter([("bridge".to_owned(), network(container, "bridge", &Value::Null))])
        }
        (None, mode) => Map::from_iter([(mode.to_owned(), network(container, mode, &Value::Null))]),
    }
}

fn network(container: &Container, name: &str, wanted: &Value) -> Value {
    let reached = container.phase.is_up() && !matches!(name, "none" | "host");
    let mut chance = Chance::new(0, &container.id);
    let (a, b) = (chance.below(254) + 1, chance.below(250) + 2);
    let only = |text: String| if reached { text } else { String::new() };
    json!({
        "IPAMConfig": wanted["IPAMConfig"],
        "Links": wanted["Links"],
        "Aliases": wanted["Aliases"],
        "NetworkID": Chance::new(0, name).hex(64),
        "EndpointID": only(chance.hex(64)),
        "Gateway": only("127.217.0.1".to_owned()),
        "IPAddress": only(format!("127.217.{a}.{b}")),
        "IPPrefixLen": if reached { 16 } else { 0 },
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": only(format!("02:42:7f:d9:{a:02x}:{b:02x}")),
        "DriverOpts": null,
    })
}

/// `Mounts`: what its binds and mounts come to.
pub fn mounts(container: &Container) -> Value {
    let spec = &container.spec;
    let mut all = Vec::new();
    if let Some(place) = &spec.volume {
        all.push(mount(&format!("{}-data", spec.name), place, true));
    }
    let part = |name: &str| spec.given.as_ref().and_then(|given| given.host.get(name)?.as_array());
    for bind in part("Binds").into_iter().flatten().filter_map(Value::as_str) {
        let mut pieces = bind.splitn(3, ':');
        if let (Some(source), Some(place)) = (pieces.next(), pieces.next()) {
            let writable = !pieces.next().is_some_and(|mode| mode.split(',').any(|word| word == "ro"));
            all.push(mount(source, place, writable));
        }
    }
    for wanted in part("Mounts").into_iter().flatten() {
        if let (Some(source), Some(place)) = (wanted["Source"].as_str(), wanted["Target"].as_str()) {
            all.push(mount(source, place, !wanted["ReadOnly"].as_bool().unwrap_or(false)));
        }
    }
    Value::Array(all)
}

/// The names of its volumes.
#[must_use]
pub fn mounted(container: &Container) -> Vec<String> {
    let all = mounts(container);
    let volumes = all.as_array().into_iter().flatten().filter(|mount| mount["Type"] == "volume");
    volumes.filter_map(|mount| mount["Name"].as_str().map(str::to_owned)).collect()
}

fn mount(source: &str, place: &str, writable: bool) -> Value {
    if source.starts_with('/') {
        return json!({
            "Type": "bind", "Source": source, "Destination": place, "Mode": "", "RW": writable,
            "Propagation": "rprivate",
        });
    }
    json!({
        "Type": "volume",
        "Name": source,
        "Source": format!("/var/lib/docker/volumes/{source}/_data"),
        "Destination": place,
        "Driver": "local",
        "Mode": "z",
        "RW": writable,
        "Propagation": "",
    })
}
