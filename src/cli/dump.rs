//! `wakeboard dump`: puts tenants to sleep.

use super::Failure;
use super::act::{self, Manner};
use crate::config::Settings;
use crate::grammar::DumpArgs;
use crate::model::ticket::Task;
use crate::model::work::Order;

/// Dumps tenants.
///
/// # Errors
/// As `act::run`.
pub async fn run(args: DumpArgs, settings: Settings) -> Result<(), Failure> {
    let manner = Manner { json: args.json, dry_run: args.dry_run };
    let order = Order { method: args.by, force: args.force, ..act::order(Task::Dump, &settings) };
    act::run(&args.tenants, order, manner, settings).await
}
