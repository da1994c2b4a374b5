//! `wakeboard rules`: what the rules will do to tenants, and why. Nothing is done here.

mod explain;
mod known;
mod plan;
mod said;

use super::Failure;
use crate::config::Settings;
use crate::grammar::RulesVerb;

/// Says it.
///
/// # Errors
/// A name that is not known, or is on several hosts; no host that answers.
pub async fn run(verb: &RulesVerb, settings: Settings) -> Result<(), Failure> {
    match verb {
        RulesVerb::Explain(args) => explain::run(args, settings).await,
        RulesVerb::Plan(args) => plan::run(args, settings).await,
    }
}
