//! A rehearsal: a recipe is followed under another name, what came of it is compared with the original, and it is removed.
//! Nothing of it ever runs.

use std::time::Duration;

use serde_json::Value;
use tracing::warn;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::model::recreate::{self, Difference};

/// How long removing what was made may take.
const REMOVED_WITHIN: Duration = Duration::from_secs(60);

impl DockerEngine {
    pub(super) async fn rehearse_recipe(
        &self,
        id: &str,
        recipe: &str,
        name: &str,
        maker: &str,
    ) -> Result<Vec<Difference>, EngineError> {
        let unreadable = |error| EngineError::Unable(format!("the recipe cannot be read: {error}"));
        let recipe: Value = serde_json::from_str(recipe).map_err(unreadable)?;
        let is_podman = self.libpod().await?.is_some();
        let rehearsal = recreate::rehearsal(&recipe, name, maker, !is_podman);
        let made = self.follow_recipe(&rehearsal.to_string()).await?;
        let compared = async {
            let (original, again) =
                tokio::try_join!(self.whole(id, is_podman), self.whole(&made, is_podman))?;
            let volumes = recreate::volumes_made(&original, &again, &recipe);
            Ok::<_, EngineError>((recreate::differences(&original, &again, &recipe), volumes))
        };
        let compared = compared.await;
        // Without `v`: on Podman that would go for the original's volumes too.
        let removed = self.act(Call::delete(format!("/containers/{made}")), REMOVED_WITHIN).await;
        let (differences, volumes) = match (compared, removed) {
            // Whatever was said of it: somebody else has removed it.
            (Err(_), Err(error)) if error.says_removed() => return Err(error),
            (compared, Err(error)) if !error.says_removed() => {
                warn!(name, %error, "a rehearsal could not be removed; the next start tries again");
                compared?
            }
            (compared, _) => compared?,
        };
        for volume in volumes {
            if let Err(error) =
                self.act(Call::delete(format!("/volumes/{}", encoded(&volume))), REMOVED_WITHIN).await
            {
                warn!(volume, %error, "a volume that a rehearsal made could not be removed");
            }
        }
        Ok(differences)
    }

    /// All that the engine tells of a container. Podman tells more in its own words.
    async fn whole(&self, id: &str, is_podman: bool) -> Result<Value, EngineError> {
        let place = if is_podman { "/v4.0.0/libpod/containers" } else { "/containers" };
        Call::get(format!("{place}/{}/json", encoded(id))).read(&self.transport, LONGEST_CALL).await
    }
}
