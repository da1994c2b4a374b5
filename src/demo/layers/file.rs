//! The callmap with the vars and the authority of this chain in it.

use super::LayersError;

/// The line that names the authority. In the file that comes with wakeboard it is a comment: there is no such file beside
/// it.
const NAMED: &str = "# ca: ";

/// The text of a callmap in which each of these vars has this value, and which trusts the authority in that file. The
/// rest, with its comments, stays.
///
/// # Errors
/// The file has no such var, or names no authority.
pub fn filled(text: &str, vars: &[(&'static str, String)], authority: &str) -> Result<String, LayersError> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (name, value) in vars {
        let begins = format!("  {name}: ");
        let line = lines.iter_mut().find(|line| line.starts_with(&begins)).ok_or(LayersError::Var(name))?;
        *line = format!("{begins}{value}");
    }
    let named = lines.iter_mut().find(|line| line.trim_start().starts_with(NAMED));
    let named = named.ok_or(LayersError::Var("ca"))?;
    *named = format!("{}ca: {authority}", &named[..named.len() - named.trim_start().len()]);
    Ok(lines.join("\n") + "\n")
}
