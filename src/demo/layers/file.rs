//! The callmap with the vars of this chain in it.

use super::LayersError;

/// The text of a callmap in which each of these vars has this value. The rest, with its comments, stays.
///
/// # Errors
/// The file has no such var.
pub fn filled(text: &str, vars: &[(&'static str, String)]) -> Result<String, LayersError> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (name, value) in vars {
        let begins = format!("  {name}: ");
        let line = lines.iter_mut().find(|line| line.starts_with(&begins)).ok_or(LayersError::Var(name))?;
        *line = format!("{begins}{value}");
    }
    Ok(lines.join("\n") + "\n")
}
