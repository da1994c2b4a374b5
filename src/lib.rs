//! wakeboard: the operations console for platforms that give every customer containers of its own.

/// Files to checked settings: the only room that knows YAML.
pub mod config;
pub mod model;
