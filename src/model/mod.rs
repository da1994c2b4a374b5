//! The pure vocabulary and rules: types, states, folding, filters. No I/O, no clock, no tokio: time is passed in.

pub mod ability;
pub mod action;
pub mod backoff;
pub mod cells;
pub mod change;
pub mod container;
pub mod diagnosis;
pub mod event;
pub mod filter;
pub mod fleet;
pub mod fold;
pub mod host;
pub mod key;
pub mod method;
pub mod naming;
pub mod particulars;
pub mod picture;
pub mod plain;
pub mod policy;
pub mod sleeper;
pub mod sort;
pub mod state;
pub mod ticket;
pub mod tier;
pub mod usage;
mod wording;
pub mod work;
