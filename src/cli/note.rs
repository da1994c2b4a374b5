//! `wakeboard note`: writes what somebody says into the record of changes. Needs no host, and no console.

use jiff::Timestamp;
use serde_json::json;

use super::{Failure, output, who};
use crate::config::Settings;
use crate::grammar::NoteArgs;
use crate::intake::made_up_key;
use crate::ledger::{Ledger, LedgerError};
use crate::model::ask::{Ask, Term, Test};
use crate::model::change::said::Said;

/// Writes a note.
///
/// # Errors
/// What is said cannot be meant, or the ledger cannot be written.
pub async fn run(args: NoteArgs, settings: Settings) -> Result<(), Failure> {
    let nowhere = "there is no state folder for the ledger: say `ledger:` in the config";
    let at = settings.ledger.ok_or_else(|| Failure::Failed(nowhere.to_owned()))?;
    let text = args.text.join(" ");
    let raw =
        json!({ "text": text, "object": args.object, "host": args.host, "actor": args.actor, "id": args.id });
    let said = Said {
        verb: args.verb,
        object: args.object,
        host: args.host,
        actor: Some(args.actor.unwrap_or_else(|| who::who(settings.operator.as_deref()))),
        time: args.time,
        key: args.id.as_deref().map(Said::key_of),
        ..Said::of(text)
    };
    let failed = |error: LedgerError| Failure::Failed(error.to_string());
    let ledger = Ledger::open(&at).await.map_err(failed)?;
    let is_tenant = match &said.object {
        Some(object) => is_tenant(&ledger, object).await.map_err(failed)?,
        None => false,
    };
    let wrong = |wrong: crate::model::change::said::Wrong| match wrong.key {
        Some(key) if key != "text" => Failure::Usage(format!("--{key}: {}", wrong.message)),
        _ => Failure::Usage(wrong.message),
    };
    let record =
        said.record(&raw.to_string(), &made_up_key(), |_| is_tenant, Timestamp::now()).map_err(wrong)?;
    let appended = ledger.append(std::slice::from_ref(&record)).await.map_err(failed)?;
    let conflict = ledger.conflicting(std::slice::from_ref(&record), appended).await.map_err(failed)?;
    ledger.close().await;
    if let Some(before) = conflict {
        return Err(Failure::Failed(format!(
            "--id: a note with this id and another content was kept before ({}): give this one an id of its own",
            before.act
        )));
    }
    let word = if appended.new > 0 { "noted" } else { "was noted before" };
    output::print(|out| writeln!(out, "{word}: {}", record.act))
}

/// Whether the ledger knows a tenant of that name: no host is asked for a note.
async fn is_tenant(ledger: &Ledger, name: &str) -> Result<bool, LedgerError> {
    let test = Test::Tenant(vec![name.to_lowercase().into()]);
    let ask = Ask { range: None, terms: vec![Term { negated: false, test }] };
    let found = ledger.changes(&ask, 1).await?;
    Ok(found.newest_first.iter().any(|change| change.tenant.as_deref() == Some(name)))
}
