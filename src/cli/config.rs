//! `wakeboard config`: proves a config, or prints its schema.

use std::path::Path;

use super::{Failure, output};
use crate::config::{self, Env};
use crate::grammar::ConfigVerb;

/// Checks a config or prints the schema.
///
/// # Errors
/// What is wrong with the config, and where.
pub fn run(verb: &ConfigVerb, given: Option<&Path>) -> Result<(), Failure> {
    match verb {
        ConfigVerb::Schema => {
            let text = serde_json::to_string_pretty(&config::schema())
                .map_err(|error| Failure::Failed(error.to_string()))?;
            output::print(|out| writeln!(out, "{text}"))
        }
        ConfigVerb::Check { file } => {
            let settings = config::load(file.as_deref().or(given), &Env::from_process())?;
            let from = match &settings.file {
                Some(file) => file.display().to_string(),
                None => "no config file; found by itself".to_owned(),
            };
            output::print(|out| {
                writeln!(out, "{from}: good")?;
                for host in &settings.hosts {
                    writeln!(out, "  host {}  {}", host.name, host.endpoint)?;
                }
                if let Some(ledger) = &settings.ledger {
                    writeln!(out, "  ledger {ledger}")?;
                    if let Some(warning) = ledger.warning() {
                        writeln!(out, "  warning: {warning}")?;
                    }
                }
                if let Some(notes) = &settings.notes {
                    writeln!(out, "  notes http://{}/notes", notes.listen)?;
                }
                if settings.policy.read_only {
                    writeln!(out, "  read-only")?;
                }
                writeln!(out, "  theme {}", settings.theme.name)
            })
        }
    }
}
