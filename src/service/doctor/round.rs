//! The doctor's round: every host at once, each on a connection of its own, and the results kept.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::timeout;

use super::examine;
use crate::canary;
use crate::engine;
pub use crate::engine::EngineError;
use crate::ledger::Ledger;
use crate::model::ability::Ability;
use crate::model::host::{HostName, HostSpec};
use crate::model::ledger::Where;
use crate::model::method::Method;
use crate::model::naming::Naming;
use crate::model::policy::Helper;

/// How long a way to an engine may take to open.
const CONNECT_DEADLINE: Duration = Duration::from_secs(15);

/// What came of a round.
#[derive(Debug, Default)]
pub struct Round {
    /// What the hosts can do.
    pub abilities: Vec<Ability>,
    /// Hosts that could not be examined, and why.
    pub missed: Vec<(HostName, EngineError)>,
    /// Why the results could not be kept.
    pub not_kept: Option<String>,
}

/// Examines these hosts by every method, and keeps what is found out for later dumps.
pub async fn round(hosts: &[HostSpec], naming: Naming, helper: Helper, ledger: Option<&Where>) -> Round {
    let naming = Arc::new(naming);
    let all = hosts.iter().map(|host| async { (host.name.clone(), one(host, naming.clone(), helper).await) });
    let mut round = Round::default();
    for (host, result) in join_all(all).await {
        match result {
            Ok(abilities) => round.abilities.extend(abilities),
            Err(error) => round.missed.push((host, error)),
        }
    }
    if let Some(place) = ledger {
        round.not_kept = keep(place, &round.abilities).await.err().map(|error| error.to_string());
    }
    round
}

async fn one(host: &HostSpec, naming: Arc<Naming>, helper: Helper) -> Result<Vec<Ability>, EngineError> {
    let silent = |_| EngineError::Silent(CONNECT_DEADLINE);
    let options = engine::Options { helper: canary::helper(helper), ..engine::Options::default() };
    let engine =
        timeout(CONNECT_DEADLINE, engine::connect_with(host, naming, options)).await.map_err(silent)??;
    engine.ping().await?;
    let about = engine.about().await?;
    examine(&*engine, &host.name, &about, &Method::ALL, Timestamp::now).await
}

async fn keep(place: &Where, abilities: &[Ability]) -> Result<(), crate::ledger::LedgerError> {
    let ledger = Ledger::open(place).await?;
    for ability in abilities {
        ledger.put_ability(ability).await?;
    }
    Ok(())
}
