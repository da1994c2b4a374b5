//! Where callmaps are: the places of the config, the folder `callmaps/` beside it, and the one in the current folder.

use std::cell::Cell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::limits::MOST_VALUES;
use super::places::Places;
use super::tree::grow;
use crate::config::env::Env;
use crate::config::error::ConfigError;
use crate::config::locate::Step::{Item, Key};
use crate::config::printable::is_unsafe;
use crate::config::yaml::Source;

/// The folder of callmaps beside a config, and in the current folder.
const FOLDER: &str = "callmaps";
/// The most places that a config may name.
const MOST_PLACES: usize = 64;
/// The most callmaps that are listed, and the most entries of one folder that are looked at.
const MOST_FILES: usize = 512;
const MOST_ENTRIES: usize = 10_000;

/// Where callmaps are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallmapPlaces {
    /// The places that the config names: files, and folders of files.
    pub named: Vec<PathBuf>,
    /// The folders where callmaps usually are. They need not be there.
    pub usual: Vec<PathBuf>,
}

impl CallmapPlaces {
    /// The usual places of a config, after those that it names.
    #[must_use]
    pub fn new(config: Option<&Path>, named: Vec<PathBuf>) -> Self {
        let beside = config.map(|config| config.parent().unwrap_or(Path::new("")).join(FOLDER));
        CallmapPlaces { named, usual: beside.into_iter().chain([PathBuf::from(FOLDER)]).collect() }
    }

    /// The places that a config names, checked, and the usual ones.
    ///
    /// # Errors
    /// There are too many, or one cannot be a path.
    pub fn check(source: Source<'_>, written: &[String], env: &Env) -> Result<Self, ConfigError> {
        if written.len() > MOST_PLACES {
            let message = format!("more than {MOST_PLACES} places of callmaps");
            let help = "name a folder: all callmaps in it are found".to_owned();
            return Err(source.fault(&[Key(FOLDER)], message).with_help(Some(help)));
        }
        let mut named = Vec::new();
        for (at, text) in written.iter().enumerate() {
            let fault = |message: &str| source.fault(&[Key(FOLDER), Item(at)], message);
            if text.trim().is_empty() {
                return Err(fault("this place of callmaps has no path"));
            }
            if text.chars().any(is_unsafe) {
                return Err(fault("this path has a character that cannot be shown"));
            }
            named.push(env.path_in(source.file, text));
        }
        Ok(Self::new(Some(source.file), named))
    }

    /// The files at these places: those that are named, there or not, and those with `.yaml` or `.yml` at their ends in
    /// the folders; each once, a folder's in the order of their names.
    #[must_use]
    pub fn find(&self) -> Vec<PathBuf> {
        let named = self
            .named
            .iter()
            .flat_map(|place| if place.is_dir() { inside(place) } else { vec![place.clone()] });
        let usual = self.usual.iter().flat_map(|folder| inside(folder));
        let mut seen = HashSet::new();
        named
            .chain(usual)
            .filter(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())))
            .take(MOST_FILES)
            .collect()
    }

    /// The file that is meant by what somebody wrote: a path, or the name of one of the files, with or without its
    /// ending.
    #[must_use]
    pub fn resolve(&self, written: &str) -> PathBuf {
        let path = PathBuf::from(written);
        if path.is_file() || written.contains('/') {
            return path;
        }
        let is_meant = |file: &PathBuf| {
            file.file_name().is_some_and(|name| name == written)
                || is_yaml(file) && file.file_stem().is_some_and(|stem| stem == written)
        };
        self.find().into_iter().find(is_meant).unwrap_or(path)
    }
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .take(MOST_ENTRIES)
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| is_yaml(path) && path.is_file())
        .collect();
    files.sort();
    files
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Whether a text holds layers for others to include, and no callmap of its own.
#[must_use]
pub fn is_common(file: &Path, text: &str) -> bool {
    let root = grow(file, text, &mut Places::default(), &Cell::new(MOST_VALUES));
    root.is_ok_and(|root| root.get("layers").is_some() && root.get("product").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_once_and_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let maps = folder.path().join(FOLDER);
        std::fs::create_dir_all(maps.join("sub.yaml")).unwrap();
        for name in ["b.yaml", "a.yml", "notes.txt"] {
            std::fs::write(maps.join(name), "layers: []\n").unwrap();
        }
        let single = folder.path().join("one.map");
        std::fs::write(&single, "product: x\n").unwrap();
        let config = folder.path().join("wakeboard.yaml");
        let gone = folder.path().join("gone.yaml");
        let mut all =
            CallmapPlaces::new(Some(&config), vec![single.clone(), maps.join("b.yaml"), gone.clone()]);
        all.usual.pop();
        assert_eq!(all.find(), [single, maps.join("b.yaml"), gone, maps.join("a.yml")]);
        assert_eq!(all.resolve("a"), maps.join("a.yml"));
        assert_eq!(all.resolve("b.yaml"), maps.join("b.yaml"));
        assert_eq!(all.resolve("./b.yaml"), PathBuf::from("./b.yaml"));
        assert_eq!(all.resolve("none"), PathBuf::from("none"));
    }

    #[test]
    fn layers_to_include_are_no_callmap() {
        let file = Path::new("f.yaml");
        assert!(is_common(file, "layers: [{name: a, probes: [{tcp: 1}]}]"));
        assert!(!is_common(file, "product: p\nlayers: []"));
        assert!(!is_common(file, "layers: ["));
        assert!(!is_common(file, "prodct: p\n"), "a slip is shown, not hidden");
    }
}
