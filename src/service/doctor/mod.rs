//! What a host can really do, found out by dumping and waking throw-away containers there.

mod attempt;
mod criu;
mod patient;
mod round;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::canary;
use crate::engine::Engine;
use crate::model::ability::{Ability, Fault};
use crate::model::diagnosis::{Step, Trouble, diagnose};
use crate::model::fleet::EngineAbout;
use crate::model::host::HostName;
use crate::model::method::Method;

pub use round::{EngineError, Round, round};

/// A canary older than this is nobody's any more: no examination keeps one for half as long.
const LEFT_OVER: SignedDuration = SignedDuration::from_mins(10);
/// How many left over canaries are removed in one go.
const MOST_LEFT_OVER: usize = 32;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// Getting image and container ready, a dump, a wake: each.
    step: Duration,
    /// Until the canary is seen alive.
    life: Duration,
    /// Removing what was made.
    cleaning: Duration,
}

const PATIENCE: Patience = Patience {
    step: Duration::from_secs(60),
    life: Duration::from_secs(10),
    cleaning: Duration::from_secs(30),
};

/// Why an attempt ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// The method does not work there.
    Trouble(Trouble),
    /// The engine itself was lost, which says nothing about the method.
    Lost(EngineError),
}

impl Failure {
    fn new(step: Step, words: impl Into<String>) -> Failure {
        Failure::Trouble(Trouble { step, words: words.into() })
    }

    fn of(step: Step, error: EngineError) -> Failure {
        if matches!(error, EngineError::Unreachable(_) | EngineError::Tls(_) | EngineError::Ssh(_)) {
            Failure::Lost(error)
        } else {
            Failure::new(step, error.to_string())
        }
    }
}

/// How long a dump and a wake took.
#[derive(Clone, Copy, Debug)]
struct Times {
    dump: Duration,
    wake: Duration,
}

/// Tries these methods on one host, one after the other, each with a canary of its own that is removed afterwards
/// whatever happens. Whoever wants to show progress asks for one method at a time.
///
/// Dropped in the middle, it leaves a canary behind; a later examination removes it.
///
/// # Errors
/// The engine was lost meanwhile: nothing was found out about the method under way, and nothing should be kept.
pub async fn examine(
    engine: &dyn Engine,
    host: &HostName,
    about: &EngineAbout,
    methods: &[Method],
    now: impl Fn() -> Timestamp + Send,
) -> Result<Vec<Ability>, EngineError> {
    examine_within(engine, host, about, methods, now, PATIENCE).await
}

async fn examine_within(
    engine: &dyn Engine,
    host: &HostName,
    about: &EngineAbout,
    methods: &[Method],
    now: impl Fn() -> Timestamp + Send,
    patience: Patience,
) -> Result<Vec<Ability>, EngineError> {
    remove_left_over(engine, now()).await?;
    let label: Arc<str> = about.label().into();
    let mut abilities = Vec::new();
    for &method in methods {
        let result = match hopeless(about, method) {
            Some(fault) => Err(fault),
            None => match attempt::attempt(engine, method, about.local, now(), patience).await {
                Ok(times) => Ok(times),
                Err(Failure::Lost(error)) => return Err(error),
                Err(Failure::Trouble(trouble)) => {
                    info!(%host, %method, step = %trouble.step, words = trouble.words, "canary");
                    Err(diagnose(&about.kind, &about.version, method, &trouble))
                }
            },
        };
        let times = result.as_ref().ok();
        abilities.push(Ability {
            host: host.clone(),
            engine: label.clone(),
            method,
            dump_seconds: times.map(|times| times.dump.as_secs_f64()),
            wake_seconds: times.map(|times| times.wake.as_secs_f64()),
            fault: result.err(),
            tried: now(),
        });
    }
    Ok(abilities)
}

/// What is known without trying.
fn hopeless(about: &EngineAbout, method: Method) -> Option<Fault> {
    if canary::PROGRAM.is_empty() {
        return Some(Fault {
            reason: format!(
                "this wakeboard was built for {} on {} and carries no canary to try hosts with",
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            mend: Some("ask from a wakeboard built for Linux on x86_64 or aarch64".to_owned()),
            cause: None,
        });
    }
    // Podman says of itself that they are on, always; they mean nothing there.
    if method == Method::Checkpoint && &*about.kind == "Docker" && !about.experimental {
        let trouble = Trouble { step: Step::Dump, words: "experimental features are off".to_owned() };
        return Some(diagnose(&about.kind, &about.version, method, &trouble));
    }
    None
}

/// Removes canaries of examinations that were cut off. Those of other consoles that are at it now are younger.
async fn remove_left_over(engine: &dyn Engine, now: Timestamp) -> Result<(), EngineError> {
    let old = |name: &str| canary::made_at(name).is_some_and(|made| now.duration_since(made) > LEFT_OVER);
    let list = engine.list().await?;
    let left_over =
        list.iter().filter(|facts| canary::is_canary(&facts.name, &facts.image) && old(&facts.name));
    for facts in left_over.take(MOST_LEFT_OVER) {
        info!(name = %facts.name, "removing a canary that was left over");
        if let Err(error) = patient::remove(engine, &facts.id).await {
            warn!(name = %facts.name, %error, "a canary that was left over stays");
        }
    }
    Ok(())
}
