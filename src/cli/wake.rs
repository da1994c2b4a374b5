//! `wakeboard wake`: brings tenants back.

use super::Failure;
use super::act::{self, Manner};
use crate::config::Settings;
use crate::grammar::WakeArgs;
use crate::model::ticket::Task;
use crate::model::work::Order;

/// Wakes tenants.
///
/// # Errors
/// As `act::run`.
pub async fn run(args: WakeArgs, settings: Settings) -> Result<(), Failure> {
    let manner = Manner { json: args.json, dry_run: false };
    let order = Order { timeout: args.timeout, ..act::order(Task::Wake, &settings) };
    act::run(&args.tenants, order, manner, settings).await
}
