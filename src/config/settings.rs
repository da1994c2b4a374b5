//! All settings together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use super::env::Env;
use super::error::ConfigError;
use super::keeper::{self, Keeper};
use super::keymap::{self, Keymap};
use super::locate::Step::Key;
use super::notes::{self, Notes};
use super::printable::is_unsafe;
use super::theme::{self, Theme};
use super::yaml::{self, Source};
use super::{callmaps, changes, discover, faults, hosts, ledger, naming, policy, rules, shape};
use crate::model::change::Retention;
use crate::model::host::HostSpec;
use crate::model::keeper::Rules;
use crate::model::ledger::{KeyPlaces, Where};
use crate::model::naming::Naming;
use crate::model::policy::Policy;

/// The checked settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The hosts, in the order of the file.
    pub hosts: Vec<HostSpec>,
    /// The rules of naming.
    pub naming: Naming,
    /// The operator, if the file names one.
    pub operator: Option<String>,
    /// Where the ledger is; nothing where the file does not say it, and the account has no folder for such things.
    pub ledger: Option<Where>,
    /// Where the ledger's keys are, where the file names any.
    pub ledger_keys: KeyPlaces,
    /// Callmaps, and folders of them, that the file names.
    pub callmaps: Vec<PathBuf>,
    /// The variables of the environment that callmaps may send.
    pub callmap_env: Vec<String>,
    /// How long the record of changes is kept.
    pub retention: Retention,
    /// Where notes are taken by HTTP, if they are.
    pub notes: Option<Notes>,
    /// The keeper's wake door, where the file says anything of it.
    pub keeper: Option<Keeper>,
    /// The rules of dumping and waking.
    pub policy: Policy,
    /// By which tenants are put to sleep while nobody looks.
    pub rules: Rules,
    /// The folder for copies of checkpoints, where there is a state folder at all.
    pub copies: Option<PathBuf>,
    /// The theme.
    pub theme: Theme,
    /// The file of the theme, where it is none of those that come with us.
    pub theme_file: Option<PathBuf>,
    /// Which key does what.
    pub keymap: Keymap,
    /// The file that all this was read from, if there is one.
    pub file: Option<PathBuf>,
    /// The parts that it has: its keys, and the tiers as `tiers.low`. All else is by default.
    pub written: BTreeSet<String>,
}

/// Loads the settings: from the file that the operator names, else from the one in the config folder, else defaults.
///
/// # Errors
/// A file has a fault, or the environment names an engine that cannot be.
pub fn load(explicit: Option<&Path>, env: &Env) -> Result<Settings, ConfigError> {
    let found = env.config_file().filter(|file| file.exists());
    let Some(file) = explicit.map(Path::to_owned).or(found) else {
        let ledger = default_ledger(env);
        let hosts = discover::hosts(env)?;
        return Ok(Settings { hosts, ledger, copies: copies(env), ..Settings::default() });
    };
    read(&file, &yaml::open(&file)?, env)
}

/// The settings that `text`, the text of `file`, says.
///
/// # Errors
/// The file has a fault, or it names no hosts and the environment names an engine that cannot be.
pub fn read(file: &Path, text: &str, env: &Env) -> Result<Settings, ConfigError> {
    let source = Source { file, text };
    let shape: shape::File = yaml::read(file, text)?;
    let mut settings = looks(source, &shape, env)?;
    settings.written = written(file, text, &shape);
    settings.hosts = match &shape.hosts {
        Some(written) => hosts::check(source, written, env)?,
        None => discover::hosts(env)?,
    };
    Ok(settings)
}

/// Loads the settings as `load` does, and finds all faults of the file, not only the first.
///
/// # Errors
/// All that is wrong, in the order of the file.
pub fn check_all(explicit: Option<&Path>, env: &Env) -> Result<Settings, Vec<ConfigError>> {
    load(explicit, env).map_err(|first| {
        let file = explicit.map(Path::to_owned).or_else(|| env.config_file());
        let text = file.as_deref().and_then(|file| yaml::open(file).ok());
        let all = file.zip(text).map(|(file, text)| faults::of(&file, &text, env)).unwrap_or_default();
        if all.is_empty() { vec![first] } else { all }
    })
}

/// The parts that a file has.
#[expect(clippy::zero_sized_map_values, reason = "only the keys matter")]
fn written(file: &Path, text: &str, shape: &shape::File) -> BTreeSet<String> {
    let keys = yaml::read::<BTreeMap<String, IgnoredAny>>(file, text).unwrap_or_default();
    let mut written: BTreeSet<String> = keys.into_keys().collect();
    let tiers = &shape.tiers;
    for (tier, rule) in [("vip", &tiers.vip), ("high", &tiers.high), ("mid", &tiers.mid), ("low", &tiers.low)]
    {
        if rule.is_some() {
            written.insert(format!("tiers.{tier}"));
        }
    }
    written
}

/// Loads what a file says of everything but the hosts: for the demo, which has its own. No host is looked for.
///
/// # Errors
/// The file has a fault.
pub fn load_looks(file: &Path, env: &Env) -> Result<Settings, ConfigError> {
    let text = yaml::open(file)?;
    looks(Source { file, text: &text }, &yaml::read(file, &text)?, env)
}

fn looks(source: Source<'_>, shape: &shape::File, env: &Env) -> Result<Settings, ConfigError> {
    if let Some(operator) = &shape.operator {
        check_operator(source, operator)?;
    }
    let naming = naming::check(source, &shape.tenants)?;
    let keymap = keymap::check(source, &shape.keys)?;
    let policy = policy::check(source, shape)?;
    let rules = rules::check(source, shape)?;
    let ledger = match &shape.ledger {
        Some(written) => Some(ledger::check(source, written, env)?),
        None => default_ledger(env),
    };
    let ledger_keys = match &shape.ledger_key {
        Some(written) => ledger::keys(source, written, env)?,
        None => KeyPlaces::default(),
    };
    let callmaps = callmaps::check(source, &shape.callmaps, env)?;
    callmaps::check_env(source, &shape.callmap_env)?;
    let notes = notes::check(source, &shape.notes, env)?;
    let keeper = keeper::check(source, shape.keeper.as_ref(), env)?;
    let retention = changes::check(source, &shape.changes)?;
    let theme_file = shape.theme.as_deref().and_then(|written| theme::file(source.file, written, env));
    let theme = match &shape.theme {
        Some(written) => theme::check(source, written, env)?,
        None => Theme::default(),
    };
    let (operator, file) = (shape.operator.clone(), Some(source.file.to_owned()));
    let (hosts, copies) = (Vec::new(), copies(env));
    Ok(Settings {
        hosts,
        naming,
        operator,
        ledger,
        ledger_keys,
        callmaps,
        callmap_env: shape.callmap_env.clone(),
        retention,
        notes,
        keeper,
        policy,
        rules,
        copies,
        theme,
        theme_file,
        keymap,
        file,
        written: BTreeSet::new(),
    })
}

fn copies(env: &Env) -> Option<PathBuf> {
    env.state_folder.as_ref().map(|folder| folder.join("wakeboard").join("checkpoints"))
}

fn default_ledger(env: &Env) -> Option<Where> {
    env.ledger_file().map(Where::Sqlite)
}

/// The operator's name stands in every change and on every screen.
fn check_operator(source: Source<'_>, operator: &str) -> Result<(), ConfigError> {
    let message = if operator.trim().is_empty() {
        "the operator has no name"
    } else if operator.chars().count() > 64 {
        "the operator's name is longer than 64 characters"
    } else if operator.chars().any(is_unsafe) {
        "the operator's name has a character that cannot be shown"
    } else {
        return Ok(());
    };
    Err(source.fault(&[Key("operator")], message))
}
