//! Files to checked settings: the only room that knows YAML.

pub mod error;
pub mod locate;
pub mod printable;
mod sound;
pub mod suggest;
pub mod yaml;
