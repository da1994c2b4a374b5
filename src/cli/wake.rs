//! `wakeboard wake`: brings tenants back.

use std::io::{self, BufRead, IsTerminal, Write};

use super::Failure;
use super::act::{self, Manner};
use crate::config::Settings;
use crate::grammar::WakeArgs;
use crate::model::needs::Accepted;
use crate::model::plain::plain;
use crate::model::ticket::Task;
use crate::model::work::Order;

/// Wakes tenants.
///
/// # Errors
/// As `act::run`. Losses are accepted for several tenants, not at a terminal, or the answer is no.
pub async fn run(args: WakeArgs, settings: Settings) -> Result<(), Failure> {
    let accepted = accepted(&args);
    if !accepted.is_empty() {
        confirm(&args.tenants, &accepted)?;
    }
    let manner = Manner { json: args.json, dry_run: false };
    let order = Order { timeout: args.timeout, ..act::order(Task::Wake, &settings) };
    act::run_accepting(&args.tenants, order, &accepted, manner, settings).await
}

fn accepted(args: &WakeArgs) -> Vec<Accepted> {
    let of = |name: &String, volume| Accepted { name: name.as_str().into(), volume };
    let volumes = args.with_empty_volume.iter().map(|name| of(name, true));
    volumes.chain(args.with_replaced.iter().map(|name| of(name, false))).collect()
}

/// Data is given up only by a person, for one tenant, with each volume named.
fn confirm(tenants: &[String], accepted: &[Accepted]) -> Result<(), Failure> {
    let [tenant] = tenants else {
        return Err(Failure::Usage("what is lost is accepted for one tenant at a time".to_owned()));
    };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::Usage("what is lost is accepted at a terminal only".to_owned()));
    }
    let mut err = io::stderr();
    write!(err, "{} [y/N] ", question(tenant, accepted))?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::Failed("nothing was done".to_owned()))
}

fn question(tenant: &str, accepted: &[Accepted]) -> String {
    let tenant = plain(tenant);
    let line = |it: &Accepted| {
        let name = plain(&it.name);
        if it.volume {
            format!(
                "The data of the volume {name} is given up: {tenant} starts with what is there now, or empty.\n"
            )
        } else {
            format!("{tenant} starts with the image or network that is called {name} now.\n")
        }
    };
    let lines: Vec<String> = accepted.iter().map(line).collect();
    lines.concat() + "Go on?"
}
