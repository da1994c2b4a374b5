//! wakeboard: the operations console for platforms that give every customer containers of its own.
//!
//! Imports point inward: `tui`, `cli`, `demo` -> `service` -> `engine` -> `model` (see `docs/architecture.md`).

/// Asks the call chain of a product, layer by layer: one file a kind of probe.
pub mod callmap;
/// The throw-away container that shows what a host can do: its program, image, name and recipe.
pub mod canary;
/// The command line: one file a subcommand.
pub mod cli;
/// Files turned into checked settings: the config, themes, keymap and scenarios; the only room that knows YAML.
pub mod config;
/// Simulated engines that speak the engine API on unix sockets: the demo, and a tool of the tests.
pub mod demo;
/// What a container engine can do, and the engines that do it; the only room with bollard.
pub mod engine;
/// The one grammar of the shell and of the console's `:` line.
pub mod grammar;
/// What is told from outside, and edits of our own files: a door for notes, and a watch.
pub mod intake;
/// The headless half: puts idle tenants to sleep by the rules, one keeper of those on a ledger at a time.
pub mod keeper;
/// The durable record of tickets, sleepers, leases and abilities; the only room with SQL.
pub mod ledger;
/// What all listeners share that take requests from outside: how many connections are open.
pub mod listen;
/// The pure vocabulary and rules: no I/O, no clock, no tokio.
pub mod model;
/// What the console and the command line call: the live fleet, the changes, usage.
pub mod service;
/// The console: one loop, one state, a file a pane; the only room with ratatui.
pub mod tui;
