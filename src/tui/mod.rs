//! The console: one loop, one state, and a file a pane under `view/`.

pub mod change_list;
mod command;
mod keys;
pub mod layout;
pub mod messages;
mod pace;
pub mod palette;
pub mod prompt;
mod run;
pub mod state;
pub mod tenant_list;
pub mod terminal;
pub mod update;
pub mod view;

pub use run::run;
