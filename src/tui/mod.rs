//! The console: one loop, one state, and a file a pane under `view/`.

pub mod callmap;
pub mod changes;
mod command;
pub mod confirm;
pub mod history;
mod keys;
pub mod layer;
pub mod layout;
pub mod losses;
pub mod marks;
pub mod messages;
mod mouse;
mod orders;
mod pace;
pub mod palette;
pub mod past;
pub mod prompt;
mod run;
pub mod sought;
pub mod state;
pub mod tenant_list;
pub mod terminal;
pub mod ticket_list;
pub mod update;
pub mod view;

pub use run::run;
