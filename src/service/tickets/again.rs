//! What a host could not do is tried again when it matters: once the cause is seen to be gone, and for a person's order that
//! would be refused for it. Its canary tries it, so that no tenant is touched for what still does not work.

use jiff::Timestamp;

use super::job::{Job, Note};
use super::trouble::Trouble;
use crate::model::ability::{Ability, Cause, Fault, Seen};
use crate::model::method::Method;
use crate::model::refusal::Room;
use crate::service::doctor;

/// What the host can do, after what did not work of these methods was tried again, if it is to be. Without that, the order `is_refused`.
pub(super) async fn abilities(
    job: &mut Job,
    known: Vec<Ability>,
    wanted: &[Method],
    room: Room,
    is_refused: bool,
) -> Result<Vec<Ability>, Trouble> {
    let faults = || known.iter().filter(|it| it.fault.is_some() && wanted.contains(&it.method));
    let Some(label) = faults().next().map(|it| it.engine.clone()) else { return Ok(known) };
    let comes_from = |cause| faults().any(|it| it.fault.as_ref().and_then(Fault::cause) == Some(cause));
    let experimental = if comes_from(Cause::Experimental) {
        job.engine.about().await.ok().map(|about| about.experimental)
    } else {
        None
    };
    let (asked, door, seen) = (job.ticket.asked, job.ticket.door, Seen { room, experimental });
    let to_be_tried = |all: &[Ability]| -> Vec<Method> {
        let is =
            |it: &&Ability| wanted.contains(&it.method) && it.is_to_be_tried(asked, door, is_refused, seen);
        all.iter().filter(is).map(|it| it.method).collect()
    };
    if to_be_tried(&known).is_empty() {
        return Ok(known);
    }
    let canary = job.canary.clone();
    let _one_at_a_time = canary.lock().await;
    // Whoever was first has found out meanwhile.
    let mut known = remembered(job, &label).await?;
    let methods = to_be_tried(&known);
    if methods.is_empty() {
        return Ok(known);
    }
    let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    let what = format!("find out whether it can be done now: {}", names.join(", "));
    let found = examine(job, &what, &methods).await?;
    known.retain(|it| !found.iter().any(|new| new.method == it.method));
    known.extend(found);
    Ok(known)
}

/// What is remembered of this host and engine.
pub(super) async fn remembered(job: &Job, label: &str) -> Result<Vec<Ability>, Trouble> {
    let all = job.tools.ledger.abilities().await?;
    Ok(all.into_iter().filter(|it| it.host == job.ticket.host && *it.engine == *label).collect())
}

/// Sends a canary by each of these methods, and remembers what it shows. Whoever calls this has the host's canary for himself.
pub(super) async fn examine(job: &mut Job, what: &str, methods: &[Method]) -> Result<Vec<Ability>, Trouble> {
    let (engine, ledger, host) = (job.engine.clone(), job.tools.ledger.clone(), job.ticket.host.clone());
    let examine = async {
        let trouble = |error| Trouble::Engine { what: "send a canary".to_owned(), error };
        let about = engine.about().await.map_err(trouble)?;
        let found = doctor::examine(&*engine, &host, &about, methods, Timestamp::now).await;
        let found = found.map_err(trouble)?;
        for ability in &found {
            ledger.put_ability(ability).await?;
        }
        Ok(found)
    };
    let found = job.told_step(what, None, examine).await?;
    job.note(Note::Abilities).await;
    Ok(found)
}
