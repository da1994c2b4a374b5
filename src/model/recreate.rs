//! Whether a container that is made from a recipe is the one that was: two inspects compared, one of the original and one of
//! its rehearsal.
//!
//! All that an inspect says is compared but what is listed here as the state of one run. So a setting that nobody here knows,
//! and that no create call brings back, is found all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};

use super::container_path::clean;
use super::internal::{LABEL, MAKER, Purpose};
use super::plain::{plain, plain_to};

/// The parts of an inspect that say what a container is; the others say what became of it.
const PARTS: [&str; 8] =
    ["Path", "Args", "Image", "Platform", "Driver", "Config", "HostConfig", "EffectiveCaps"];
/// What is state of one run within these parts, or is compared in another way below.
const APART: [&str; 14] = [
    "Config.CreateCommand",
    "Config.Image",
    "Config.Labels",
    "Config.Volumes",
    "Config.Annotations.io.container.manager",
    "Config.Annotations.io.podman.annotations.publish-all",
    "Config.Annotations.io.kubernetes.cri-o.Created",
    "Config.Annotations.org.opencontainers.image.stopSignal",
    "HostConfig.Binds",
    "HostConfig.Links",
    "HostConfig.LogConfig.Path",
    "HostConfig.Mounts",
    "HostConfig.RestartPolicy",
    "HostConfig.VolumesFrom",
];
/// Lists whose order says nothing.
const SETS: [&str; 3] = ["Config.Env", "EffectiveCaps", "HostConfig.CapDrop"];
/// Switches that are off where nobody says so. With cgroup v2 Docker writes the first down as false or not at all, by who asks.
const OFF: [&str; 1] = ["HostConfig.OomKillDisable"];
/// Words of Podman for the same thing: a default that was chosen, and one that nobody chose.
const SAME: [(&str, &str, &str); 3] = [
    ("Config.Umask", "0022", "0000"),
    ("Config.sdNotifyMode", "container", ""),
    ("HostConfig.LogConfig.Type", "k8s-file", "json-file"),
];
/// What of a network's settings somebody chose; all else the engine finds anew.
const CHOSEN: [&str; 4] = ["Aliases", "DriverOpts", "GwPriority", "IPAMConfig"];
/// How people call what inspects name otherwise.
const CALLED: [(&str, &str); 7] = [
    ("Config.Annotations", "annotations"),
    ("Config.Secrets", "secrets"),
    ("Config.Timezone", "time zone"),
    ("Config.Umask", "umask"),
    ("HostConfig.Annotations", "annotations"),
    ("HostConfig.LogConfig.Type", "log driver"),
    ("NetworkSettings.Networks", "static address"),
];
/// Texts within these may be secrets: they are never told.
const SECRET: [&str; 5] = ["Config.Env", "Config.Cmd", "Config.Entrypoint", "Args", "Config.Labels"];
/// Longer values are not told.
const LONGEST_VALUE: usize = 40;
/// How many differences are told.
const MOST_TOLD: usize = 6;

/// Something of a container that would not be the same if it were created again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where in the inspect: `HostConfig.LogConfig.Type`.
    pub place: String,
    /// What it is now, where that may be told.
    pub now: Option<String>,
    /// What it would be, where that may be told.
    pub then: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let called = CALLED.iter().find(|(place, _)| is_at(&self.place, place)).map(|(_, called)| *called);
        match called {
            Some(called) => write!(f, "{called} ({})", plain(&self.place))?,
            None => write!(f, "{}", plain(&self.place))?,
        }
        match (&self.now, &self.then) {
            (Some(now), Some(then)) => write!(f, ": {} would be {}", plain(now), plain(then)),
            (Some(now), None) => write!(f, ": {} would be lost", plain(now)),
            (None, Some(then)) => write!(f, ": would be {}", plain(then)),
            (None, None) => Ok(()),
        }
    }
}

/// The first of the differences in one line.
#[must_use]
pub fn told(differences: &[Difference]) -> String {
    let mut words: Vec<String> = differences.iter().take(MOST_TOLD).map(ToString::to_string).collect();
    if let Some(more) = differences.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// The recipe for a rehearsal: another name, none of the tenant's labels, nothing that could start it or write to its
/// volumes. `maker` is the process that makes it. `copies` says that the engine copies an image's files into empty volumes
/// when it creates a container.
#[must_use]
pub fn rehearsal(recipe: &Value, name: &str, maker: &str, copies: bool) -> Value {
    let mut recipe = recipe.clone();
    recipe["name"] = name.into();
    recipe["Labels"] = json!({ LABEL: Purpose::Rehearsal.as_str(), MAKER: maker });
    if let Some(host) = recipe.get_mut("HostConfig").filter(|host| host.is_object()) {
        // An engine that starts anew starts what has a policy, also what never ran.
        host["RestartPolicy"] = json!({ "Name": "", "MaximumRetryCount": 0 });
        if copies {
            copy_nothing(host);
        }
    }
    recipe
}

fn copy_nothing(host: &mut Value) {
    for bind in host.get_mut("Binds").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(text) = bind.as_str().filter(|text| !text.starts_with('/')) else { continue };
        let mut parts = text.splitn(3, ':');
        let (Some(name), Some(place)) = (parts.next(), parts.next()) else { continue };
        let mode = parts.next().unwrap_or_default();
        let words = mode.split(',').filter(|word| !word.is_empty() && *word != "nocopy");
        let words: Vec<&str> = words.chain(["nocopy"]).collect();
        *bind = format!("{name}:{place}:{}", words.join(",")).into();
    }
    for mount in host.get_mut("Mounts").and_then(Value::as_array_mut).into_iter().flatten() {
        if mount["Type"] == "volume" {
            if !mount["VolumeOptions"].is_object() {
                mount["VolumeOptions"] = json!({});
            }
            mount["VolumeOptions"]["NoCopy"] = true.into();
        }
    }
}

/// The volumes that the create call of a rehearsal made: those that it has, and neither the original nor its recipe names.
#[must_use]
pub fn volumes_made(original: &Value, rehearsal: &Value, recipe: &Value) -> Vec<String> {
    let theirs = volumes(original);
    let named = recipe.to_string();
    volumes(rehearsal).into_iter().filter(|name| !theirs.contains(name) && !named.contains(name)).collect()
}

fn volumes(inspect: &Value) -> BTreeSet<String> {
    let mounts = inspect["Mounts"].as_array().into_iter().flatten();
    let volumes = mounts.filter(|mount| mount["Type"] == "volume");
    volumes.filter_map(|mount| mount["Name"].as_str()).map(str::to_owned).collect()
}

/// What would not be the same. `recipe` says what the rehearsal did not try: labels and restart policy.
#[must_use]
pub fn differences(original: &Value, rehearsal: &Value, recipe: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    for part in PARTS {
        compare(part, &original[part], &rehearsal[part], &mut found);
    }
    // In the machine's own names nobody can choose one, and the engine writes down whatever it likes.
    if original["HostConfig"]["UTSMode"] == "host" && rehearsal["HostConfig"]["UTSMode"] == "host" {
        found.retain(|it| it.place != "Config.Hostname");
    }
    let (config, host) = (&original["Config"], &original["HostConfig"]);
    // The image may have lost its name to a newer one. Then it is created by its id.
    if rehearsal["Config"]["Image"] != original["Image"] {
        compare("Image name", &config["Image"], &rehearsal["Config"]["Image"], &mut found);
    }
    compare("Labels", &config["Labels"], &recipe["Labels"], &mut found);
    let policy = |host: &Value| {
        let name = host["RestartPolicy"]["Name"].as_str().filter(|name| *name != "no").unwrap_or_default();
        json!([name, host["RestartPolicy"]["MaximumRetryCount"].as_i64().unwrap_or(0)])
    };
    compare("HostConfig.RestartPolicy", &policy(host), &policy(&recipe["HostConfig"]), &mut found);
    let again = &rehearsal["HostConfig"];
    compare("HostConfig.Links", &links(host), &links(again), &mut found);
    compare("HostConfig.Mounts", &asked_mounts(host), &asked_mounts(again), &mut found);
    compare("Mounts", &mounts(original), &mounts(rehearsal), &mut found);
    compare("Networks", &networks(original, recipe), &networks(rehearsal, recipe), &mut found);
    // Podman tells neither of these but by the command that made the container.
    let options = options(config);
    if config["Umask"] == "0000" && options.iter().any(|word| is_option(word, "--umask")) {
        found.push(Difference { place: "Config.Umask".to_owned(), now: Some("0000".to_owned()), then: None });
    }
    let is_address = |word: &&str| {
        ["--ip", "--ip6"].iter().any(|option| is_option(word, option))
            || word.split([':', ',']).skip(1).any(|part| part.starts_with("ip=") || part.starts_with("ip6="))
    };
    if options.iter().any(is_address) {
        found.push(Difference { place: "NetworkSettings.Networks".to_owned(), now: None, then: None });
    }
    found
}

/// The words of the command that made a container, up to its image.
fn options(config: &Value) -> Vec<&str> {
    let image = config["Image"].as_str().unwrap_or_default();
    let is_image =
        |word: &&str| *word == image || image.strip_suffix(*word).is_some_and(|rest| rest.ends_with('/'));
    let words = config["CreateCommand"].as_array().into_iter().flatten().filter_map(Value::as_str);
    words.take_while(|word| !is_image(word)).collect()
}

fn is_option(word: &str, option: &str) -> bool {
    word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

fn compare(place: &str, now: &Value, then: &Value, found: &mut Vec<Difference>) {
    if is_same(place, now, then) {
        return;
    }
    if let (Some(now), Some(then)) = (as_object(now), as_object(then)) {
        let keys: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
        for key in keys {
            let (now, then) = (now.get(key).unwrap_or(&Value::Null), then.get(key).unwrap_or(&Value::Null));
            let place = format!("{place}.{key}");
            if !APART.contains(&place.as_str()) {
                compare(&place, now, then, found);
            }
        }
        return;
    }
    let told = |value: &Value| {
        let text = match value {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        let is_secret = SECRET.iter().any(|secret| is_at(place, secret));
        (!is_secret).then(|| plain_to(&text, LONGEST_VALUE).into_owned())
    };
    found.push(Difference { place: place.to_owned(), now: told(now), then: told(then) });
}

/// Whether `place` is that one or within it.
fn is_at(place: &str, whole: &str) -> bool {
    place.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// An object; nothing is one without keys.
fn as_object(value: &Value) -> Option<std::borrow::Cow<'_, Map<String, Value>>> {
    match value {
        Value::Object(object) => Some(std::borrow::Cow::Borrowed(object)),
        Value::Null => Some(std::borrow::Cow::Owned(Map::new())),
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_same(place: &str, now: &Value, then: &Value) -> bool {
    if now == then || (is_nothing(now) && is_nothing(then)) {
        return true;
    }
    if let Some((_, one, other)) = SAME.iter().find(|(same, ..)| *same == place) {
        let is_either = |value: &Value| [*one, *other].contains(&value.as_str().unwrap_or_default());
        return is_either(now) && is_either(then);
    }
    let is_off = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    if OFF.contains(&place) && is_off(now) && is_off(then) {
        return true;
    }
    match (now, then) {
        (Value::Array(now), Value::Array(then)) if SETS.contains(&place) => sorted(now) == sorted(then),
        _ => false,
    }
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts
}

/// Links by their source and alias: between these an inspect has the container's own name.
fn links(host: &Value) -> Value {
    let short = |link: &str| {
        let (source, alias) = link.split_once(':').unwrap_or((link, link));
        let alias = alias.rsplit('/').next().unwrap_or_default();
        format!("{}:{alias}", source.trim_start_matches('/'))
    };
    let links: BTreeSet<String> =
        host["Links"].as_array().into_iter().flatten().filter_map(Value::as_str).map(short).collect();
    json!(links)
}

/// Mounts as they were asked for, by place. A volume that nobody named has a name in the recipe.
fn asked_mounts(host: &Value) -> Value {
    let mut asked = BTreeMap::new();
    for mount in host["Mounts"].as_array().into_iter().flatten() {
        let mut mount = mount.clone();
        let place = clean(mount["Target"].as_str().unwrap_or_default());
        let is_volume = mount["Type"] == "volume";
        if let Some(mount) = mount.as_object_mut() {
            mount.remove("Target");
            if is_volume {
                mount.remove("Source");
            }
            let options = mount.get_mut("VolumeOptions").and_then(Value::as_object_mut);
            if let Some(options) = options {
                options.remove("NoCopy");
            }
        }
        asked.insert(place, mount);
    }
    json!(asked)
}

/// What is mounted where.
fn mounts(inspect: &Value) -> Value {
    let mut all = BTreeMap::new();
    for mount in inspect["Mounts"].as_array().into_iter().flatten() {
        let mut mount = mount.clone();
        let place = clean(mount["Destination"].as_str().unwrap_or_default());
        let is_volume = mount["Type"] == "volume";
        // A named volume is relabelled where one without a name is not; and a rehearsal copies nothing.
        let is_left_out = |word: &str| matches!(word, "" | "rw" | "nocopy") || (is_volume && word == "z");
        let is_kept = |word: &&str| !is_left_out(word);
        let mode: BTreeSet<String> = mount["Mode"]
            .as_str()
            .unwrap_or_default()
            .split(',')
            .filter(is_kept)
            .map(str::to_owned)
            .collect();
        // Podman's word for how it was mounted.
        let options = sorted(mount["Options"].as_array().map_or(&[], Vec::as_slice));
        if let Some(mount) = mount.as_object_mut() {
            mount.remove("Destination");
            mount.insert("Mode".to_owned(), json!(mode));
            mount.insert("Options".to_owned(), json!(options));
        }
        all.insert(place, mount);
    }
    json!(all)
}

/// What somebody chose of each network. A container that never ran has no addresses yet: which of the original's are kept is
/// said by the recipe.
fn networks(inspect: &Value, recipe: &Value) -> Value {
    let id = inspect["Id"].as_str().unwrap_or_default();
    let kept = &recipe["NetworkingConfig"]["EndpointsConfig"];
    let mut all = BTreeMap::new();
    for (name, network) in inspect["NetworkSettings"]["Networks"].as_object().into_iter().flatten() {
        let mut chosen: Map<String, Value> = CHOSEN
            .iter()
            .filter(|key| !is_nothing(&network[**key]) && network[**key] != 0)
            .map(|key| ((*key).to_owned(), network[*key].clone()))
            .collect();
        if let Some(aliases) = chosen.get_mut("Aliases").and_then(Value::as_array_mut) {
            aliases.retain(|alias| {
                alias.as_str().is_none_or(|alias| alias.is_empty() || !id.starts_with(alias))
            });
            let set: BTreeSet<&str> = aliases.iter().filter_map(Value::as_str).collect();
            let set = json!(set);
            chosen.insert("Aliases".to_owned(), set);
        }
        chosen.insert("Links".to_owned(), links(network));
        let mac = network["MacAddress"].as_str().unwrap_or_default();
        if !mac.is_empty() && !is_derived(mac, network) && kept[name]["MacAddress"] != mac {
            chosen.insert("MacAddress".to_owned(), mac.into());
        }
        all.insert(name.clone(), Value::Object(chosen));
    }
    json!(all)
}

/// Whether an engine made that MAC address of the network's IPv4 address, as Docker does where nobody chose one.
#[must_use]
pub fn is_derived(mac: &str, network: &Value) -> bool {
    let address: Option<std::net::Ipv4Addr> =
        network["IPAddress"].as_str().and_then(|address| address.parse().ok());
    address.is_some_and(|address| {
        let [a, b, c, d] = address.octets();
        mac.eq_ignore_ascii_case(&format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}"))
    })
}

#[cfg(test)]
#[path = "recreate_tests.rs"]
mod tests;
