//! Files to checked settings: the only room that knows YAML.
//!
//! A file is read into plain shapes first (`shape`), and each part is then checked where it belongs (`hosts`, `naming`,
//! `keymap`, `theme`, `policy`, `rules`, `ledger`). Every fault stops the program, with file, line and column, and what was
//! probably meant.

pub mod callmap;
pub mod callmaps;
mod changes;
mod colour;
pub mod discover;
mod docker_context;
pub mod env;
pub mod error;
mod faults;
mod hosts;
mod hush;
pub mod keeper;
pub mod keymap;
mod ledger;
pub mod locate;
mod naming;
pub mod notes;
mod ordered;
mod policy;
pub mod printable;
mod rules;
pub mod scenario;
mod schema;
mod secret;
mod settings;
mod shape;
pub mod slot;
mod sound;
pub mod theme;
mod token;
pub mod watched;
pub mod yaml;

use crate::model::suggest;

pub use env::Env;
pub use error::ConfigError;
pub use hosts::is_name;
pub use keymap::Keymap;
pub use schema::{callmap_schema, schema, theme_schema};
pub use settings::{Settings, check_all, load, load_looks, read};
pub use theme::Theme;
