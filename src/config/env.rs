//! What the environment says, gathered in one value, so that nothing else reads it and tests can invent it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::settings::Settings;
use crate::model::host::DEFAULT_SOCKET;

/// What the variables begin with that every callmap may send.
pub const CALLMAP_PREFIX: &str = "CALLMAP_";

/// What is read from the environment.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables, those with a value only.
    pub vars: HashMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder of all programs' settings, by the XDG rules.
    pub config_folder: Option<PathBuf>,
    /// The folder of what all programs remember, by the XDG rules.
    pub state_folder: Option<PathBuf>,
    /// The variables that callmaps may send, beside those that begin with `CALLMAP_`.
    pub callmap_names: Vec<String>,
    /// The sockets of engines of the whole machine, with the names their hosts get.
    pub system_sockets: Vec<(&'static str, PathBuf)>,
}

impl Env {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let vars = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let strategy = etcetera::base_strategy::Xdg::new().ok();
        Env {
            vars,
            home: strategy.as_ref().map(|strategy| strategy.home_dir().to_owned()),
            config_folder: strategy.as_ref().map(BaseStrategy::config_dir),
            state_folder: strategy.and_then(|strategy| strategy.state_dir()),
            system_sockets: vec![
                ("local", PathBuf::from(DEFAULT_SOCKET)),
                ("podman-system", PathBuf::from("/run/podman/podman.sock")),
            ],
            callmap_names: Vec::new(),
        }
    }

    /// The value of a variable, unless it is empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same environment, of which callmaps may send the variables that these settings name.
    #[must_use]
    pub fn for_callmaps(&self, settings: &Settings) -> Env {
        Env { callmap_names: settings.callmap_env.clone(), ..self.clone() }
    }

    /// Whether a callmap may send that variable: it may come from another person, and is not to read out what this account keeps there.
    #[must_use]
    pub fn is_for_callmaps(&self, name: &str) -> bool {
        name.starts_with(CALLMAP_PREFIX) || self.callmap_names.iter().any(|it| it == name)
    }

    /// Where `wakeboard.yaml` is looked for when nobody says where it is.
    #[must_use]
    pub fn config_file(&self) -> Option<PathBuf> {
        self.config_folder.as_ref().map(|folder| folder.join("wakeboard").join("wakeboard.yaml"))
    }

    /// Where the ledger is when nobody says where it is.
    #[must_use]
    pub fn ledger_file(&self) -> Option<PathBuf> {
        self.state_folder.as_ref().map(|folder| folder.join("wakeboard").join("ledger.db"))
    }

    /// The folder of sockets: in the one that the system makes for this account while it is logged in, else where state is.
    #[must_use]
    pub fn runtime_folder(&self) -> Option<PathBuf> {
        let given = self.var("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let state = || Some(self.state_folder.as_ref()?.join("wakeboard").join("run"));
        given.map(|folder| folder.join("wakeboard")).or_else(state)
    }

    /// A path as it is written in `file`: `~/` is the home folder, and a relative one starts at the file's folder.
    #[must_use]
    pub fn path_in(&self, file: &Path, written: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (written.strip_prefix("~/"), &self.home) {
            return home.join(rest);
        }
        file.parent().unwrap_or(Path::new("")).join(written)
    }
}
