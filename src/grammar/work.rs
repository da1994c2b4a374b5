//! Dump, wake, tickets and doctor: what can be said of them at every door.

use std::time::Duration;

use clap::Args;

use crate::model::method::Method;
use crate::model::ticket::TicketId;

/// `dump TENANT...`.
#[derive(Clone, Debug, Args)]
pub struct DumpArgs {
    /// The tenants; HOST/TENANT where several hosts have one of that name
    #[arg(value_name = "TENANT")]
    pub tenants: Vec<String>,
    /// The method: freeze, checkpoint, stop or destroy
    #[arg(long, value_name = "METHOD")]
    pub by: Option<Method>,
    /// Also tenants of tier vip
    #[arg(long)]
    pub force: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON: one object on each line
    #[arg(long)]
    pub json: bool,
}

/// `wake TENANT...`.
#[derive(Clone, Debug, Args)]
pub struct WakeArgs {
    /// The tenants; HOST/TENANT where several hosts have one of that name
    #[arg(value_name = "TENANT")]
    pub tenants: Vec<String>,
    /// How long a tenant may take to answer: 30s, 2m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Print JSON: one object on each line
    #[arg(long)]
    pub json: bool,
}

/// `tickets [ID]`.
#[derive(Clone, Debug, Args)]
pub struct TicketsArgs {
    /// One ticket with its steps
    pub id: Option<TicketId>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `doctor [HOST]`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// The hosts, else all
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(number) if !text.ends_with("ms") => (number, 60),
        _ => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds: u64 = number.parse().map_err(|_| "write it like 30s or 2m".to_owned())?;
    match seconds.saturating_mul(unit) {
        seconds @ 1..=3600 => Ok(Duration::from_secs(seconds)),
        _ => Err("1s to 60m".to_owned()),
    }
}
