//! What an engine answers, as Docker 20.10 words it.

mod container;
mod host;
mod network;
mod stats;

pub use container::{changes, inspect, list_row};
pub use host::{info, version};
pub use network::{mounted, networks};
pub use stats::stats;

use jiff::Timestamp;

/// A moment as Go writes it; one that never was is its year 1.
fn moment(when: Option<Timestamp>) -> String {
    when.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |when| when.to_string())
}
