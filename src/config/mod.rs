//! Files to checked settings: the only room that knows YAML.

pub mod scenario;
pub mod yaml;

pub use yaml::ConfigError;
