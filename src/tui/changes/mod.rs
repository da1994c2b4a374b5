//! The changes pane: the list and its question, the box of one change, and the timeline.

pub mod act;
pub mod list;
pub mod sheet;
pub mod timeline;
mod ways;

pub use list::{ChangeList, Posed, Row};
pub use sheet::ChangeSheet;
pub use timeline::Timeline;
