//! How long the record of changes is kept.

use std::time::Duration;

use super::error::ConfigError;
use super::locate::Step::Key;
use super::policy::bounded;
use super::shape;
use super::yaml::Source;
use crate::model::change::Retention;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LEAST: Duration = Duration::from_secs(60 * 60);
const MOST: Duration = Duration::from_secs(3650 * DAY.as_secs());

/// The times that the file says, else the default ones.
///
/// # Errors
/// One is no duration, too short or too long, or changes would go before their parts.
pub fn check(source: Source<'_>, written: &shape::Changes) -> Result<Retention, ConfigError> {
    let mut keep = Retention::default();
    if let Some(raw) = &written.raw {
        keep.raw = bounded(source, &[Key("changes"), Key("raw")], raw, LEAST, MOST)?;
    }
    if let Some(folded) = &written.folded {
        keep.folded = bounded(source, &[Key("changes"), Key("folded")], folded, DAY, MOST)?;
    }
    if keep.folded < keep.raw {
        let key = if written.folded.is_some() { "folded" } else { "raw" };
        let told = "changes would go before their parts".to_owned();
        let help = Some("`folded` must be at least as long as `raw`".to_owned());
        return Err(source.fault(&[Key("changes"), Key(key)], told).with_help(help));
    }
    Ok(keep)
}
