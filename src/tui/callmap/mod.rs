//! The callmap pane: which run it shows and what is selected in it (`pane`), the list of callmaps (`chooser`), what keys
//! and lines do (`act`), and files (`files`), which are read and written beside the loop (`desk`, `wire`).

pub mod act;
pub mod chooser;
pub mod desk;
pub mod files;
pub mod order;
pub mod pane;
pub mod places;
pub mod strips;
pub mod wire;

pub use act::CallmapOrder;
pub use chooser::{Chooser, Listed};
pub use pane::{CallmapPane, Side};
