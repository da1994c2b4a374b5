//! Callmaps' files and written reports on the disk.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::chooser::Listed;
use crate::config::callmaps::Shelf;
use crate::config::{Env, callmap, yaml};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::report::Report;
use crate::model::callmap::tell::fingerprint;
use crate::model::plain::plain;

/// The most characters of a product in a file's name.
const LONGEST_NAME: usize = 80;

/// Where callmaps come from, and where reports go.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Where callmaps are looked for.
    pub shelf: Shelf,
    /// What `${env:NAME}` is.
    pub env: Env,
    /// The folder of written reports, where there is a state folder at all.
    pub reports: Option<PathBuf>,
}

/// A callmap's file and those that it includes, as they were when they were read.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) file: PathBuf,
    pub(super) vars: Vec<(String, String)>,
    pub(super) all: Vec<(PathBuf, Print)>,
}

/// How a file is told from what it was: first by its time and length, then by what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) stamp: Option<(SystemTime, u64)>,
    pub(super) hash: String,
}

/// The callmaps that there are, with what they hold or what is wrong with them.
pub(super) fn list(files: &Files) -> Vec<Listed> {
    let found = files.shelf.files().into_iter().map(|file| {
        let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let holds = callmap::load(&file, &[], &files.env)
            .map(|callmap| (callmap.product, callmap.layers.len()))
            .map_err(|error| first_line(error.to_string()));
        let shown = plain(&file.to_string_lossy()).into_owned();
        Listed { file, shown, holds }
    });
    found.collect()
}

/// Reads a callmap, and keeps how its files are now.
pub(super) fn load(
    file: &Path,
    vars: &[(String, String)],
    env: &Env,
) -> (Result<Arc<Callmap>, String>, Known) {
    // Looked at before it is read: what changes meanwhile is then seen as a change.
    let mut all = vec![(file.to_owned(), print(file))];
    let (callmap, included) = callmap::load_and_name(file, vars, env);
    for other in included {
        if !all.iter().any(|(file, _)| *file == other) {
            let print = print(&other);
            all.push((other, print));
        }
    }
    let callmap = callmap.map(Arc::new).map_err(|error| error.to_string());
    (callmap, Known { file: file.to_owned(), vars: vars.to_vec(), all })
}

/// When a file was changed last, and how long it is.
pub(super) fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// What a file is told by.
pub(super) fn print(file: &Path) -> Print {
    let stamp = stamp(file);
    let hash = yaml::open(file).map_or_else(|error| error.to_string(), |text| fingerprint(text.as_bytes()));
    Print { stamp, hash }
}

/// Writes a report; the file's path.
pub(super) fn write(folder: Option<PathBuf>, report: &Report) -> Result<PathBuf, String> {
    let folder = folder.ok_or("this account has no state folder (XDG_STATE_HOME, or HOME)")?;
    let ticket = report.ticket.map(|ticket| format!("-{ticket}")).unwrap_or_default();
    let file = folder.join(format!("{}{ticket}.json", file_name(&report.product)));
    let fault = |error: std::io::Error| format!("{} cannot be written: {error}", file.display());
    let mut json = serde_json::to_vec_pretty(report).map_err(|error| error.to_string())?;
    json.push(b'\n');
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fault)?;
    // Answers of servers may be nobody else's business.
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&file).and_then(|mut out| out.write_all(&json)).map_err(fault)?;
    Ok(file)
}

/// The product as a file may be called.
fn file_name(product: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = product.chars().take(LONGEST_NAME).map(kept).collect();
    // No hidden file, and no way up.
    name.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lead_nowhere() {
        assert_eq!(file_name("www.example.com"), "www.example.com");
        assert_eq!(file_name("../../etc/x y"), "_.._etc_x_y");
        assert_eq!(file_name(&"商".repeat(200)).chars().count(), LONGEST_NAME);
    }
}
