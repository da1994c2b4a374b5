//! Where callmaps are: the files and folders that the config names, and the folders `callmaps` here and beside the config.

use std::path::{Path, PathBuf};

use super::callmap::is_env_name;
use super::env::{CALLMAP_PREFIX, Env};
use super::error::ConfigError;
use super::locate::Step::{self, Item, Key};
use super::locate::locate;
use super::printable::is_unsafe;
use super::settings::Settings;
use super::yaml::Source;

/// The folder that is looked for.
const FOLDER: &str = "callmaps";
/// The most files and folders that a config names.
const MOST_NAMED: usize = 100;
/// The most files that are found.
const MOST_FOUND: usize = 1000;

/// The files and folders that the config names.
///
/// # Errors
/// A path that leads nowhere for sure, or more of them than anybody has.
pub fn check(source: Source<'_>, written: &[String], env: &Env) -> Result<Vec<PathBuf>, ConfigError> {
    if written.len() > MOST_NAMED {
        return Err(source.fault(&[Key("callmaps")], format!("more than {MOST_NAMED}: name their folder")));
    }
    let one = |(at, path): (usize, &String)| {
        let fault = |message: &str| Err(source.fault(&[Key("callmaps"), Item(at)], message));
        if path.trim().is_empty() {
            return fault("a callmap has no path");
        }
        if path.chars().any(is_unsafe) {
            return fault("the path has a character that cannot be shown");
        }
        Ok(env.path_in(source.file, path))
    };
    written.iter().enumerate().map(one).collect()
}

/// The variables that callmaps may send.
///
/// # Errors
/// One that is none, or that this file uses for itself.
pub fn check_env(source: Source<'_>, names: &[String]) -> Result<(), ConfigError> {
    if uses(source.text, &format!("${{env:{CALLMAP_PREFIX}")) {
        let message = format!(
            "every callmap may send variables that begin with {CALLMAP_PREFIX}: a secret of this file needs another name"
        );
        let secrets: [&[Step<'_>]; 4] = [
            &[Key("ledger_key")],
            &[Key("ledger")],
            &[Key("notes"), Key("token")],
            &[Key("keeper"), Key("token")],
        ];
        let of = |path: &&[Step<'_>]| {
            let line = locate(source.text, path).and_then(|place| source.text.lines().nth(place.line - 1));
            line.is_some_and(|line| uses(line, CALLMAP_PREFIX))
        };
        return Err(source.fault(secrets.into_iter().find(of).unwrap_or_default(), message));
    }
    for (at, name) in names.iter().enumerate() {
        let fault = |message: String| Err(source.fault(&[Key("callmap_env"), Item(at)], message));
        if !is_env_name(name) {
            return fault(format!("`{name}` is no name of a variable of the environment"));
        }
        if uses(source.text, &format!("${{env:{name}}}")) {
            return fault(format!("{name} is a secret of this file, and none for callmaps"));
        }
    }
    Ok(())
}

/// Whether these words stand in the file, not only in a comment.
fn uses(text: &str, words: &str) -> bool {
    let code = |line: &str| -> bool {
        let (code, _) = line.split_once(" #").unwrap_or((line, ""));
        !line.trim_start().starts_with('#') && code.contains(words)
    };
    text.lines().any(code)
}

/// All places of callmaps.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    places: Vec<PathBuf>,
}

impl Shelf {
    /// The places of these settings.
    #[must_use]
    pub fn of(settings: &Settings, env: &Env) -> Self {
        let mut places = settings.callmaps.clone();
        places.push(FOLDER.into());
        let config = settings.file.clone().or_else(|| env.config_file());
        places.extend(config.as_deref().and_then(Path::parent).map(|folder| folder.join(FOLDER)));
        Shelf { places }
    }

    /// These places, and no folder that is looked for.
    #[must_use]
    pub fn only(places: Vec<PathBuf>) -> Self {
        Shelf { places }
    }

    /// Every callmap of these places, by name. Files of a folder count where they end in `.yaml` or `.yml`; folders
    /// within folders do not, so that what is only included can be kept there.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        for place in &self.places {
            match std::fs::read_dir(place) {
                Ok(entries) => {
                    let files = entries.flatten().map(|entry| entry.path());
                    found.extend(files.filter(|file| is_callmap(file)).take(MOST_FOUND));
                }
                // A file; or nothing, which is for whoever reads it to tell. Only a folder may be missing unnoticed.
                Err(_) if place.is_file() || is_callmap(place) => found.push(place.clone()),
                Err(_) => {}
            }
        }
        let by_name = |file: &PathBuf| (file.file_name().map(ToOwned::to_owned), file.clone());
        found.sort_by_cached_key(by_name);
        // The same folder may be meant twice.
        let mut seen = std::collections::HashSet::new();
        found.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
        found.truncate(MOST_FOUND);
        found
    }

    /// Those places that are folders.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        self.places.iter().filter(|place| place.is_dir()).cloned().collect()
    }

    /// The file that is meant: a path, or the name of one of these, its ending left out if wanted.
    #[must_use]
    pub fn find(&self, said: &Path) -> PathBuf {
        if said.components().count() != 1 || said.is_file() {
            return said.to_owned();
        }
        let is_it = |file: &PathBuf| {
            let name = file.file_name().map(Path::new);
            name == Some(said) || (is_callmap(file) && file.file_stem().map(Path::new) == Some(said))
        };
        self.files().into_iter().find(is_it).unwrap_or_else(|| said.to_owned())
    }
}

fn is_callmap(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") && !file.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callmaps_are_found_by_name_in_folders_and_as_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            file
        };
        let www = file("callmaps/www.example.com.yaml");
        let shop = file("elsewhere/shop.yml");
        let (_, _) = (file("callmaps/notes.txt"), file("callmaps/common/tls.yaml"));
        let config = file("wakeboard.yaml");
        let settings = Settings {
            callmaps: vec![shop.clone(), folder.path().join("callmaps")],
            file: Some(config),
            ..Settings::default()
        };
        let shelf = Shelf { places: Shelf::of(&settings, &Env::default()).places };
        let found: Vec<PathBuf> =
            shelf.files().into_iter().filter(|file| file.starts_with(folder.path())).collect();
        assert_eq!(found, [shop.clone(), www.clone()], "each once");
        assert_eq!(shelf.find(Path::new("shop")), shop);
        assert_eq!(shelf.find(Path::new("www.example.com.yaml")).file_name(), www.file_name());
        for none in ["shp", "./shop", "common"] {
            assert_eq!(shelf.find(Path::new(none)), Path::new(none));
        }
    }
}
