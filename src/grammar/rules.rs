//! What can be said of the rules by which tenants are put to sleep.

use clap::{Args, Subcommand};

/// How far ahead can be looked, in hours.
const MOST_HOURS: i64 = 48;

/// What of the rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RulesVerb {
    /// Say what the rules will do to a tenant, when, and why. Nothing is done
    Explain(RulesExplainArgs),
    /// Say what the rules will do to all tenants within the next hour, if nobody uses them. Nothing is done
    Plan(RulesPlanArgs),
}

/// `rules explain TENANT`.
#[derive(Clone, Debug, Args)]
pub struct RulesExplainArgs {
    /// The tenant, as `tenant` or, where several hosts have one of that name, `host/tenant`
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// Print JSON: one object
    #[arg(long)]
    pub json: bool,
}

/// `rules plan`.
#[derive(Clone, Debug, Args)]
pub struct RulesPlanArgs {
    /// How many hours ahead, 1 to 48
    #[arg(long, value_name = "HOURS", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=MOST_HOURS))]
    pub hours: i64,
    /// Print JSON: one array with an object for each thing that will be done, and for each tenant of which nothing comes
    #[arg(long)]
    pub json: bool,
}
