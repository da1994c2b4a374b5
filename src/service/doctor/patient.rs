//! One canary: made, watched, removed.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Failure;
use crate::canary::{self, TICKS_FILE, Ticks};
use crate::engine::EngineError;
use crate::engine::hands::Hands;
use crate::model::container::{ContainerId, Phase};
use crate::model::diagnosis::Step;
use crate::model::particulars::Particulars;

/// Between two looks at its ticks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The name of a canary's checkpoint.
pub(super) const CHECKPOINT: &str = "wakeboard-canary";

/// Sees to it that there is an image, which is imported `anew` or only where it is missing; and creates a canary, not
/// started yet.
pub(super) async fn create(hands: &dyn Hands, recipe: &str, anew: bool) -> Result<ContainerId, Failure> {
    let failed = |error| Failure::of(Step::Prepare, error);
    if anew || !hands.has_image(canary::IMAGE).await.map_err(failed)? {
        hands.import_image(canary::IMAGE, canary::image()).await.map_err(failed)?;
    }
    hands.create(recipe).await.map_err(failed)
}

/// Waits until its ticks are as wanted, and gives them. Ticks that can never become so end it at once.
pub(super) async fn watch(
    hands: &dyn Hands,
    id: &str,
    (step, longest): (Step, Duration),
    wanted: impl Fn(&Ticks) -> Result<bool, &'static str> + Send,
) -> Result<Ticks, Failure> {
    let deadline = Instant::now() + longest;
    loop {
        let seen = match hands.read_file(id, TICKS_FILE).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).parse::<Ticks>().map_err(|error| error.to_string()),
            Err(error) => match Failure::of(step, error) {
                Failure::Trouble(trouble) => Err(trouble.words),
                lost @ Failure::Lost(_) => return Err(lost),
            },
        };
        let missing = match seen {
            Ok(ticks) if !ticks.right => return Err(Failure::new(step, "its memory is not as it was")),
            Ok(ticks) => match wanted(&ticks) {
                Ok(true) => return Ok(ticks),
                Ok(false) => "it does not tick".to_owned(),
                Err(why) => return Err(Failure::new(step, why)),
            },
            Err(words) => words,
        };
        if let Some(Phase::Exited(Some(code))) = phase(hands, id, step).await? {
            return Err(Failure::new(step, format!("it ended with exit code {code}: {missing}")));
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(step, format!("{missing} after {} s", longest.as_secs())));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// All about it, which must be there.
pub(super) async fn particulars(hands: &dyn Hands, id: &str, step: Step) -> Result<Particulars, Failure> {
    let found = hands.particulars(id).await.map_err(|error| Failure::of(step, error))?;
    found.ok_or_else(|| Failure::new(step, "the canary's container is gone"))
}

/// Where it is in its life; nothing where it is gone.
pub(super) async fn phase(hands: &dyn Hands, id: &str, step: Step) -> Result<Option<Phase>, Failure> {
    let found = hands.particulars(id).await.map_err(|error| Failure::of(step, error))?;
    Ok(found.map(|particulars| particulars.facts.phase))
}

/// Removes it, in whatever state it is.
pub(super) async fn remove(hands: &dyn Hands, id: &str) -> Result<(), EngineError> {
    // What is not so is refused, which is no matter: the removal says whether all is well.
    let _ = hands.unpause(id).await;
    let _ = hands.stop(id, Duration::from_secs(1)).await;
    let _ = hands.forget_checkpoint(id, CHECKPOINT).await;
    hands.remove(id).await
}
