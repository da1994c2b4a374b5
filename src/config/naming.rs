//! The rules of naming, checked.

use regex::Regex;

use super::error::ConfigError;
use super::locate::Step::{Key, Name};
use super::shape::Tenants;
use super::yaml::Source;
use crate::model::naming::Naming;

/// The rules of naming that `tenants` says.
///
/// # Errors
/// The label or a tier's tenant is empty, or the pattern is none or has no group `tenant`.
pub fn check(source: Source<'_>, tenants: &Tenants) -> Result<Naming, ConfigError> {
    if tenants.label.as_deref().is_some_and(|label| label.trim().is_empty()) {
        return Err(source.fault(&[Key("tenants"), Key("label")], "the label has no name"));
    }
    let pattern = match &tenants.pattern {
        Some(text) => Some(pattern(text).map_err(|(message, help)| {
            source.fault(&[Key("tenants"), Key("pattern")], message).with_help(help)
        })?),
        None => None,
    };
    if tenants.tiers.0.iter().any(|(tenant, _)| tenant.trim().is_empty()) {
        let path = [Key("tenants"), Key("tiers"), Name("")];
        return Err(source.fault(&path, "a tenant without a name"));
    }
    Ok(Naming {
        label: tenants.label.clone(),
        pattern,
        tiers: tenants.tiers.0.clone(),
        default_tier: tenants.default_tier,
    })
}

fn pattern(text: &str) -> Result<Regex, (String, Option<String>)> {
    let help = || Some("example: '^(?<tenant>.+)-(?<role>app|db)$'".to_owned());
    // A regular expression's error draws a picture of several lines; its last line says what is wrong.
    let pattern = Regex::new(text).map_err(|error| {
        let error = error.to_string();
        let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        (format!("the pattern is no regular expression: {last}"), help())
    })?;
    let groups: Vec<&str> = pattern.capture_names().flatten().collect();
    if !groups.contains(&"tenant") {
        return Err(("the pattern has no group `tenant`".to_owned(), help()));
    }
    // A group that nobody reads is a typing error: the tenants would all lose their roles.
    if let Some(other) = groups.iter().find(|group| !["tenant", "role"].contains(group)) {
        return Err((format!("the pattern has a group `{other}`; only `tenant` and `role` are read"), None));
    }
    Ok(pattern)
}
