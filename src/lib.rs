//! wakeboard: the operations console for platforms that give every customer containers of its own.

/// Files to checked settings; the only room that knows YAML.
pub mod config;
/// Simulated engines that speak the engine API on unix sockets: the demo, and a tool for tests and load.
pub mod demo;
pub mod model;
