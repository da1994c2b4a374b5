//! `wakeboard config`: proves a config, or prints its schema.

use std::path::Path;

use super::intake::Intake;
use super::{Failure, door, output};
use crate::config::{self, ConfigError, Env, Settings};
use crate::grammar::ConfigVerb;
use crate::keeper::door::Door;
use crate::model::ledger::Where;
use crate::model::plain::plain;

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
            let env = Env::from_process();
            let settings = config::check_all(file.as_deref().or(given), &env).map_err(|all| told(&all))?;
            let wrong = beyond(&settings, &env);
            if !wrong.is_empty() {
                return Err(Failure::Files(wrong.join("\n")));
            }
            let from = match &settings.file {
                Some(file) => file.display().to_string(),
                None => "no config file; found by itself".to_owned(),
            };
            output::print(|out| {
                writeln!(out, "{from}: good")?;
                for host in &settings.hosts {
                    writeln!(out, "  host {}  {}", host.name, host.endpoint)?;
                    if let Some(warning) = host.warning() {
                        writeln!(out, "  warning: {warning}")?;
                    }
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
                    writeln!(
                        out,
                        "  read-only: a keeper says what it would do (`--dry-run`), and does not start else"
                    )?;
                }
                writeln!(out, "  theme {}", settings.theme.name)
            })
        }
    }
}

/// All faults of the file, each with its place.
fn told(all: &[ConfigError]) -> Failure {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    Failure::Files(all.join("\n"))
}

/// What a keeper with this config would refuse at its start, beside the faults of the file: tokens that are not there, certificates that do
/// not go together, a ledger that cannot be where it is said to be.
fn beyond(settings: &Settings, env: &Env) -> Vec<String> {
    let mut wrong = Vec::new();
    match door::settings(settings, env) {
        Err(fault) => wrong.push(fault.to_string()),
        Ok(Some(settings)) => wrong.extend(Door::check(&settings).err().map(|error| error.to_string())),
        Ok(None) => {}
    }
    wrong.extend(Intake::of(settings, env).err().map(|fault| fault.to_string()));
    let is_for_a_keeper = ["keeper", "tiers", "rules"].iter().any(|part| settings.written.contains(*part));
    match &settings.ledger {
        None if is_for_a_keeper => wrong.push(
            "a keeper needs a ledger, and this account has no folder for one: name it in the config (`ledger`)".to_owned(),
        ),
        Some(Where::Sqlite(file)) => wrong.extend(no_place(file)),
        _ => {}
    }
    wrong
}

/// Why a ledger cannot be in that file. Nothing is made or opened to find out.
fn no_place(file: &Path) -> Option<String> {
    let shown = plain(&file.to_string_lossy()).into_owned();
    if file.is_dir() {
        return Some(format!("{shown}: the ledger is a file, and this is a folder"));
    }
    let above = file.ancestors().skip(1).find(|above| above.exists())?;
    (!above.is_dir()).then(|| {
        format!("{shown}: the ledger cannot be there: {} is no folder", plain(&above.to_string_lossy()))
    })
}
