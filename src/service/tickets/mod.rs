//! Tickets: dumps and wakes, from the order to the outcome.
//!
//! The *desk* (`desk.rs`) takes orders, lets so many at once go to work on each host, and publishes how they fare. A
//! *job* (`job.rs`) is one ticket at work: `dump.rs` or `wake.rs`, or one after the other (`deepen.rs`), by the `ways/`. What was cut off, by a kill of ours or
//! by the loss of a host, is finished or undone by `recover.rs`; records
//! that have become void, since somebody else started what slept, are dropped by `tidy.rs`.

mod again;
mod back;
mod deepen;
mod desk;
mod dump;
mod holders;
mod job;
mod lane;
mod lease;
mod leftovers;
mod needs;
mod neighbours;
mod numbers;
mod ready;
mod recover;
mod removal;
mod shift;
mod tidy;
mod told;
mod trouble;
mod unwritten;
mod wake;
mod ways;

pub use desk::Rules;
pub(super) use desk::{Asked, Command, Start, keep};
pub(super) use numbers::Numbers;
pub(super) use removal::written;
pub(super) use told::tickets;
