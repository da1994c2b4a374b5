//! What a container needs to be made again, and whether that is still there: its image, volumes and networks.

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::model::needs::{Needs, Thing};

impl DockerEngine {
    /// What the container needs, as it is now.
    pub(super) async fn needs_of(&self, id: &str) -> Result<Needs, EngineError> {
        let call = Call::get(format!("/containers/{}/json", encoded(id)));
        let inspect: Inspect = call.read(&self.transport, LONGEST_CALL).await?;
        let wanted = inspect.into_needs();
        let volumes = try_join_all(wanted.volumes.iter().map(|volume| self.volume(&volume.name))).await?;
        // One that its engine does not know is there all the same: the container has it.
        let volumes = volumes.into_iter().zip(&wanted.volumes);
        let volumes = volumes.map(|(found, wanted)| found.unwrap_or_else(|| wanted.clone())).collect();
        Ok(Needs { volumes, ..wanted })
    }

    /// What of `wanted` is there now.
    pub(super) async fn present_of(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        let volumes = try_join_all(wanted.volumes.iter().map(|it| self.volume(&it.name)));
        let networks = try_join_all(wanted.networks.iter().map(|it| self.network(it)));
        let image = async {
            match &wanted.image {
                Some(image) => self.image(image).await,
                None => Ok(None),
            }
        };
        let (volumes, networks, image) = tokio::try_join!(volumes, networks, image)?;
        Ok(Needs {
            image,
            volumes: volumes.into_iter().flatten().collect(),
            networks: networks.into_iter().flatten().collect(),
            taken: None,
        })
    }

    async fn volume(&self, name: &str) -> Result<Option<Thing>, EngineError> {
        let found: Option<Volume> = self.look_up(format!("/volumes/{}", encoded(name))).await?;
        Ok(found.map(|found| Thing { name: name.into(), mark: found.created.unwrap_or_default() }))
    }

    /// By its id, since several may have one name; else by its name.
    async fn network(&self, wanted: &Thing) -> Result<Option<Thing>, EngineError> {
        for key in [wanted.mark.as_str(), &wanted.name] {
            if key.is_empty() {
                continue;
            }
            let found: Option<Identified> = self.look_up(format!("/networks/{}", encoded(key))).await?;
            if let Some(found) = found {
                return Ok(Some(Thing { name: wanted.name.clone(), mark: found.id }));
            }
        }
        Ok(None)
    }

    /// By its id, since its name may have gone to another one; else by its name.
    async fn image(&self, wanted: &Thing) -> Result<Option<Thing>, EngineError> {
        if !wanted.mark.is_empty() && self.image_id(&wanted.mark).await?.is_some() {
            return Ok(Some(wanted.clone()));
        }
        let found = self.image_id(&wanted.name).await?;
        Ok(found.map(|id| Thing { name: wanted.name.clone(), mark: id }))
    }

    async fn look_up<T: DeserializeOwned>(&self, target: String) -> Result<Option<T>, EngineError> {
        match Call::get(target).read(&self.transport, LONGEST_CALL).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a volume that no container has. One that is gone is no error.
    pub(super) async fn delete_volume(&self, name: &str) -> Result<(), EngineError> {
        match self.act(Call::delete(format!("/volumes/{}", encoded(name))), LONGEST_CALL).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }
}

#[derive(Deserialize)]
struct Volume {
    #[serde(rename = "CreatedAt", default)]
    created: Option<String>,
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "Id", alias = "id", default)]
    id: String,
}

/// What of an inspect is asked for here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    #[serde(default)]
    image: String,
    #[serde(default)]
    config: Config,
    #[serde(default)]
    mounts: Option<Vec<Mount>>,
    #[serde(default)]
    network_settings: Settings,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(rename = "Image", default)]
    image: String,
}

#[derive(Deserialize)]
struct Mount {
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(rename = "Name", default)]
    name: String,
}

#[derive(Default, Deserialize)]
struct Settings {
    #[serde(rename = "Networks", default)]
    networks: Option<std::collections::BTreeMap<String, Endpoint>>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "NetworkID", default)]
    network: String,
}

impl Inspect {
    fn into_needs(self) -> Needs {
        let image = Thing { name: self.config.image.into(), mark: self.image };
        let mounts = self.mounts.into_iter().flatten();
        let volumes = mounts.filter(|mount| mount.kind == "volume" && !mount.name.is_empty());
        let mut volumes: Vec<Thing> =
            volumes.map(|mount| Thing { name: mount.name.into(), mark: String::new() }).collect();
        volumes.sort();
        volumes.dedup();
        let networks = self.network_settings.networks.into_iter().flatten();
        let networks = networks.map(|(name, it)| Thing { name: name.into(), mark: it.network }).collect();
        Needs { image: Some(image).filter(|image| !image.mark.is_empty()), volumes, networks, taken: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspect_says_what_the_container_needs() {
        let inspect: Inspect = serde_json::from_str(
            r#"{"Image": "sha256:1", "Config": {"Image": "tomcat:10"}, "Mounts": [
                {"Type": "volume", "Name": "b"}, {"Type": "bind", "Source": "/x"}, {"Type": "volume", "Name": "a"},
                {"Type": "volume", "Name": "b"}],
                "NetworkSettings": {"Networks": {"acme": {"NetworkID": "n1"}}}}"#,
        )
        .unwrap();
        let needs = inspect.into_needs();
        let names: Vec<&str> = needs.volumes.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(needs.image, Some(Thing { name: "tomcat:10".into(), mark: "sha256:1".to_owned() }));
        assert_eq!(needs.networks, [Thing { name: "acme".into(), mark: "n1".to_owned() }]);
        let bare: Inspect =
            serde_json::from_str(r#"{"Mounts": null, "NetworkSettings": {"Networks": null}}"#).unwrap();
        assert_eq!(bare.into_needs(), Needs::default());
    }
}
