//! The files that make us what we are: config, theme, and callmaps with what they include.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::callmap;
use super::callmaps::Shelf;
use super::env::Env;
use super::hush::hushed;
use super::settings::Settings;

/// The most files that are watched.
const MOST: usize = 2000;

/// When a file was changed last, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

/// Says which files there are.
#[derive(Clone, Debug)]
pub struct WatchedFiles {
    shelf: Shelf,
    env: Env,
    config: Option<PathBuf>,
    theme: Option<PathBuf>,
    /// What each callmap includes, as it was when it was read.
    included: HashMap<PathBuf, (Stamp, Vec<PathBuf>)>,
}

impl WatchedFiles {
    /// The files of these settings.
    #[must_use]
    pub fn of(settings: &Settings, env: &Env) -> Self {
        WatchedFiles {
            shelf: Shelf::of(settings, env),
            config: settings.file.clone().or_else(|| env.config_file()),
            theme: settings.theme_file.clone(),
            env: env.for_callmaps(settings),
            included: HashMap::new(),
        }
    }

    /// The files that there are now, with what they are called, and folders in which more may appear. A file that is missing is
    /// not told of here.
    pub fn list(&mut self) -> (Vec<(PathBuf, String)>, Vec<PathBuf>) {
        let own = self.config.iter().chain(&self.theme).filter(|file| file.is_file()).cloned();
        let mut files: Vec<PathBuf> = own.collect();
        let callmaps = self.shelf.files();
        self.included.retain(|file, _| callmaps.contains(file));
        // A pipe has no end to read to.
        for file in callmaps.into_iter().filter(|file| file.is_file()) {
            let included = self.includes(&file);
            files.push(file);
            files.extend(included);
        }
        let mut by_path = BTreeMap::new();
        for file in files.into_iter().take(MOST) {
            let path = std::path::absolute(&file).unwrap_or(file);
            let name = self.name(&path);
            by_path.insert(path, name);
        }
        let config_folder = self.config.as_deref().and_then(Path::parent).map(Path::to_owned);
        let folders = self.shelf.folders().into_iter().chain(config_folder);
        let folders = folders.map(|folder| std::path::absolute(&folder).unwrap_or(folder));
        (by_path.into_iter().collect(), folders.collect())
    }

    /// What a callmap includes. Of one that cannot be read now, what it included before.
    fn includes(&mut self, file: &Path) -> Vec<PathBuf> {
        let about = std::fs::metadata(file).ok();
        let stamp = about.and_then(|about| Some((about.modified().ok()?, about.len())));
        if let Some((known, included)) = self.included.get(file)
            && *known == stamp
        {
            return included.clone();
        }
        let read = callmap::load(file, &[], &self.env).map(|callmap| callmap.files);
        let before = || self.included.get(file).map(|(_, included)| included.clone()).unwrap_or_default();
        let mut included = read.unwrap_or_else(|_| before());
        included.retain(|other| other != file);
        self.included.insert(file.to_owned(), (stamp, included.clone()));
        included
    }

    /// The path from the config's folder on, where it is in there; else the file's name.
    fn name(&self, path: &Path) -> String {
        let folder = self.config.as_deref().and_then(Path::parent);
        let folder = folder.and_then(|folder| std::path::absolute(folder).ok());
        let within = folder.as_deref().and_then(|folder| path.strip_prefix(folder).ok());
        let name = within.or(path.file_name().map(Path::new)).unwrap_or(path);
        name.to_string_lossy().into_owned()
    }
}

/// The lines of such a file as they may be shown. Values of variables that it names as secrets are hidden wherever they stand.
#[must_use]
pub fn shown(text: &str, env: &Env) -> Vec<String> {
    let names = text.split("${env:").skip(1).filter_map(|rest| rest.split_once('}'));
    let known: Vec<&str> = names.filter_map(|(name, _)| env.var(name)).collect();
    hushed(text, &known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::theme;

    #[test]
    fn config_theme_callmaps_and_what_they_include_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            file
        };
        let config = file("wakeboard.yaml", "theme: own.yaml\n");
        file("own.yaml", "{}\n");
        let map = file("callmaps/shop.yaml", "product: p\nlayers: [{include: parts/tls.yaml}]\n");
        file("callmaps/parts/tls.yaml", "layers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n");
        let settings = Settings {
            file: Some(config.clone()),
            theme_file: theme::file(&config, "own.yaml", &Env::default()),
            ..Settings::default()
        };
        let mut files = WatchedFiles::of(&settings, &Env::default());
        let names = |files: &mut WatchedFiles| {
            let (listed, _) = files.list();
            let ours = listed.into_iter().filter(|(path, _)| path.starts_with(folder.path()));
            ours.map(|(_, name)| name).collect::<Vec<_>>()
        };
        let all = ["callmaps/parts/tls.yaml", "callmaps/shop.yaml", "own.yaml", "wakeboard.yaml"];
        assert_eq!(names(&mut files), all);
        std::fs::write(&map, "product: [").unwrap();
        assert_eq!(names(&mut files), all, "what it included before stays watched");
        std::fs::remove_file(&map).unwrap();
        assert_eq!(names(&mut files), ["own.yaml", "wakeboard.yaml"]);
        assert!(files.list().1.contains(&folder.path().join("callmaps")));
        assert_eq!(theme::file(&config, "dark", &Env::default()), None);
    }

    #[test]
    fn values_of_named_variables_are_hidden_everywhere() {
        let env = Env { vars: [("WORD".to_owned(), "geheim".to_owned())].into(), ..Env::default() };
        assert_eq!(shown("a: ${env:WORD}\nb: geheim", &env), ["a: ${env:WORD}", "b: ******"]);
    }
}
