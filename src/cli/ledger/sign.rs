//! `ledger sign`: records without a seal are listed, and sealed after somebody has looked at them.

use super::{ask, failed, place, recipe};
use crate::cli::{Failure, output};
use crate::config::Settings;
use crate::grammar::LedgerSignArgs;
use crate::ledger::{Ledger, Unsigned};
use crate::model::plain::plain;

pub(super) async fn run(args: &LedgerSignArgs, settings: Settings) -> Result<(), Failure> {
    let place = place(&settings)?;
    let ledger = Ledger::open_with(&place, &settings.ledger_keys).await.map_err(failed)?;
    let unsigned = ledger.unsigned().await.map_err(failed)?;
    if unsigned.is_empty() {
        return output::print(|out| writeln!(out, "all that sleeps has its seal"));
    }
    // Before anybody is asked: without a key there is nothing to be asked about.
    ledger.seal().await.map_err(failed)?;
    output::print(|out| {
        for Unsigned { sleeper, .. } in &unsigned {
            let (host, tenant, name) = (plain(&sleeper.host), plain(&sleeper.tenant), plain(&sleeper.name));
            writeln!(
                out,
                "{host}  {tenant}  {name}  {} since {}",
                sleeper.method,
                sleeper.since.strftime("%Y-%m-%d %H:%M")
            )?;
            if let Some(recipe) = &sleeper.recipe {
                writeln!(out, "    would be made as: {}", plain(&recipe::in_short(recipe)))?;
            }
        }
        Ok(())
    })?;
    if settings.policy.read_only {
        return Err(Failure::Usage("read-only: nothing is signed".to_owned()));
    }
    if !args.yes {
        let why = "A signed record is woken as it stands there: by its recipe, any container on any host.";
        ask(why, &format!("sign {}", unsigned.len()))?;
    }
    let signed = ledger.sign(&unsigned).await.map_err(failed)?;
    ledger.close().await;
    output::print(|out| writeln!(out, "signed: {signed} of {}", unsigned.len()))?;
    if signed < unsigned.len() as u64 {
        return Err(Failure::Failed("somebody is at work on the others; look again".to_owned()));
    }
    Ok(())
}
