//! Holders: containers that only sleep, so that a prune finds in use what sleepers need.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::engine::hands::NewHolder;
use crate::model::container::ContainerId;
use crate::model::holding::free_address;
use crate::model::needs::{Needs, Thing};
use crate::model::plain::plain;

/// The machine that the program of holders is for, as images call it.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
/// How long the making or the start may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Where the volumes are mounted.
const PLACE: &str = "/.wakeboard-held";

impl DockerEngine {
    pub(super) async fn make_holder(&self, holder: &NewHolder) -> Result<ContainerId, EngineError> {
        if self.libpod().await?.is_some() {
            return Err(EngineError::Unable(
                "holders are for Docker: a prune of Podman is not kept from anything".to_owned(),
            ));
        }
        let call = Call::get(format!("/images/{}/json", encoded(&holder.image)));
        let image: Image = call.read(&self.transport, LONGEST_CALL).await?;
        if image.architecture != ARCHITECTURE {
            let why =
                format!("the image is for {}, the program of holders for {ARCHITECTURE}", image.architecture);
            return Err(EngineError::Unable(plain(&why).into_owned()));
        }
        // By its name all calls are told from those to tenants.
        let name = encoded(&holder.name);
        let call = Call::post(format!("/containers/create?name={name}")).json(&body(holder, &image.config));
        let created: Created = call.read(&self.transport, DEADLINE).await?;
        let begin = async {
            let upload = format!("/containers/{name}/archive?path=/");
            self.act(Call::put(upload).tar(holder.archive.clone()), DEADLINE).await?;
            self.act(Call::post(format!("/containers/{name}/start")), DEADLINE).await?;
            // A program for another machine starts and ends.
            let call = Call::get(format!("/containers/{name}/json"));
            let inspect: Inspect = call.read(&self.transport, LONGEST_CALL).await?;
            if inspect.state.running {
                Ok(())
            } else {
                Err(EngineError::Unable("the holder does not run".to_owned()))
            }
        };
        if let Err(error) = begin.await {
            let removed = self.act(Call::delete(format!("/containers/{name}?force=1")), DEADLINE).await;
            // An engine has many words for what fails with a container that somebody else removes at that moment.
            return Err(removed.err().filter(EngineError::says_removed).unwrap_or(error));
        }
        Ok(created.id)
    }

    pub(super) async fn holdable_of(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        let there = self.present_of(wanted).await?;
        let volumes = try_join_all(there.volumes.into_iter().map(|it| async move {
            let driver = self.driver(format!("/volumes/{}", encoded(&it.name))).await?;
            Ok::<_, EngineError>(Some(it).filter(|_| driver == "local"))
        }));
        let networks = there.networks.into_iter().filter(|it| wanted.networks.contains(it));
        let networks = try_join_all(networks.map(|it: Thing| async move {
            let driver = self.driver(format!("/networks/{}", encoded(&it.mark))).await?;
            Ok::<_, EngineError>(Some(it).filter(|_| driver == "bridge"))
        }));
        let (volumes, networks) = tokio::try_join!(volumes, networks)?;
        Ok(Needs {
            image: there.image,
            volumes: volumes.into_iter().flatten().collect(),
            networks: networks.into_iter().flatten().collect(),
            taken: None,
        })
    }

    async fn driver(&self, target: String) -> Result<String, EngineError> {
        match Call::get(target).read::<Driven>(&self.transport, LONGEST_CALL).await {
            Ok(found) => Ok(found.driver),
            Err(error) if error.is_not_found() => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn join_network(
        &self,
        id: &str,
        network: &str,
        taken: &BTreeSet<Ipv4Addr>,
    ) -> Result<(), EngineError> {
        let network = encoded(network);
        let found: Network =
            Call::get(format!("/networks/{network}")).read(&self.transport, LONGEST_CALL).await?;
        let mut taken = taken.clone();
        taken.extend(found.addresses());
        let chosen = found.subnet().map(|subnet| free_address(subnet, &taken));
        if chosen == Some(None) {
            return Err(EngineError::Unable("the network has no address to spare".to_owned()));
        }
        let connect = |address: Option<Ipv4Addr>| {
            let settings =
                address.map_or(json!({}), |it| json!({ "IPAMConfig": { "IPv4Address": it.to_string() } }));
            let call = Call::post(format!("/networks/{network}/connect"));
            call.json(&json!({ "Container": id, "EndpointConfig": settings }))
        };
        match self.act(connect(chosen.flatten()), LONGEST_CALL).await {
            // Nobody can choose addresses there, so that no sleeper has chosen one.
            Err(EngineError::Refused { message, .. }) if message.contains("user configured subnet") => {
                self.act(connect(None), LONGEST_CALL).await
            }
            Err(EngineError::Refused { message, .. }) if message.contains("already exists in network") => {
                Ok(())
            }
            other => other,
        }
    }
}

/// The body of the call that creates it. Nothing of the image runs, and nothing that it declares is made or told: no command, no
/// health check, no volume of its own, no label that somebody may act by. The kernel is not to lead packets from one of its
/// networks to another: where the host does that, a new network space begins so too.
fn body(holder: &NewHolder, image: &ImageConfig) -> Value {
    let mut labels: BTreeMap<&str, &str> = BTreeMap::new();
    labels.extend(image.labels.iter().flatten().map(|(key, _)| (key.as_str(), "")));
    labels.extend(holder.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let tmpfs: Map<String, Value> =
        image.volumes.iter().flatten().map(|(place, _)| (place.clone(), json!("size=4k"))).collect();
    let mounts: Vec<Value> = holder
        .volumes
        .iter()
        .enumerate()
        .map(|(at, name)| {
            json!({
                "Type": "volume", "Source": name, "Target": format!("{PLACE}/{at}"), "ReadOnly": true,
                "VolumeOptions": { "NoCopy": true },
            })
        })
        .collect();
    json!({
        "Image": holder.image,
        "Entrypoint": holder.command,
        "Cmd": [],
        "User": "0:0",
        "WorkingDir": "/",
        "Healthcheck": { "Test": ["NONE"] },
        "StopSignal": "SIGKILL",
        "Labels": labels,
        "HostConfig": {
            "NetworkMode": holder.network,
            "RestartPolicy": { "Name": "always" },
            "Mounts": mounts,
            "Tmpfs": tmpfs,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "PidsLimit": 8,
            "Sysctls": { "net.ipv4.ip_forward": "0" },
            "LogConfig": { "Type": "none" },
        },
    })
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: ContainerId,
}

#[derive(Deserialize)]
struct Inspect {
    #[serde(rename = "State")]
    state: State,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "Running", default)]
    running: bool,
}

#[derive(Deserialize)]
struct Driven {
    #[serde(rename = "Driver", default)]
    driver: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "Architecture", default)]
    architecture: String,
    #[serde(rename = "Config", default)]
    config: ImageConfig,
}

#[derive(Default, Deserialize)]
struct ImageConfig {
    #[serde(rename = "Volumes", default)]
    volumes: Option<Map<String, Value>>,
    #[serde(rename = "Labels", default)]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Network {
    #[serde(rename = "IPAM", default)]
    ipam: Ipam,
    #[serde(rename = "Containers", default)]
    containers: Option<BTreeMap<String, Endpoint>>,
}

#[derive(Default, Deserialize)]
struct Ipam {
    #[serde(rename = "Config", default)]
    config: Option<Vec<Pool>>,
}

#[derive(Deserialize)]
struct Pool {
    #[serde(rename = "Subnet", default)]
    subnet: String,
    #[serde(rename = "Gateway", default)]
    gateway: String,
    #[serde(rename = "AuxiliaryAddresses", default)]
    others: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "IPv4Address", default)]
    address: String,
}

impl Network {
    /// Its first IPv4 subnet.
    fn subnet(&self) -> Option<&str> {
        let pools = self.ipam.config.iter().flatten();
        pools.map(|pool| pool.subnet.as_str()).find(|subnet| subnet.contains('.') && subnet.contains('/'))
    }

    /// All addresses that somebody has.
    fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let pools = self.ipam.config.iter().flatten();
        let own = pools.flat_map(|pool| {
            std::iter::once(&pool.gateway).chain(pool.others.iter().flat_map(BTreeMap::values))
        });
        let theirs = self.containers.iter().flat_map(BTreeMap::values).map(|it| &it.address);
        own.chain(theirs).filter_map(|text| text.split('/').next()?.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_image_is_made_or_told() {
        let image: Image = serde_json::from_str(
            r#"{"Config": {"Volumes": {"/var/lib/data": {}}, "Labels": {"traefik.enable": "true"}}}"#,
        )
        .unwrap();
        let holder = NewHolder {
            name: "h".to_owned(),
            image: "sha256:1".to_owned(),
            labels: [("wakeboard.canary".to_owned(), "holder".to_owned())].into(),
            volumes: vec!["acme-data".into()],
            archive: Vec::new(),
            command: vec!["/x".to_owned(), "hold".to_owned()],
            network: "none".to_owned(),
        };
        let body = body(&holder, &image.config);
        assert_eq!(body["Labels"], json!({ "traefik.enable": "", "wakeboard.canary": "holder" }));
        assert_eq!(body["HostConfig"]["Tmpfs"], json!({ "/var/lib/data": "size=4k" }));
        let mount = &body["HostConfig"]["Mounts"][0];
        assert_eq!((&mount["Source"], &mount["ReadOnly"]), (&json!("acme-data"), &json!(true)));
        assert_eq!(body["HostConfig"]["Sysctls"]["net.ipv4.ip_forward"], "0");
    }

    #[test]
    fn addresses_that_somebody_has_are_known() {
        let network: Network = serde_json::from_str(
            r#"{"IPAM": {"Config": [{"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}]},
                "Containers": {"a": {"IPv4Address": "10.1.0.254/24"}, "b": {"IPv4Address": ""}}}"#,
        )
        .unwrap();
        let taken: BTreeSet<Ipv4Addr> = network.addresses().collect();
        assert_eq!(taken.len(), 2);
        let free = network.subnet().and_then(|subnet| free_address(subnet, &taken));
        assert_eq!(free.map(|it| it.to_string()).as_deref(), Some("10.1.0.253"));
        let bare: Network =
            serde_json::from_str(r#"{"IPAM": {"Config": null}, "Containers": null}"#).unwrap();
        assert_eq!((bare.subnet(), bare.addresses().count()), (None, 0));
    }
}
