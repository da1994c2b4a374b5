//! The pure vocabulary and rules: types, states, folding, filters. No I/O, no clock, no tokio: time is passed in.

pub mod action;
pub mod host;
pub mod key;
pub mod naming;
pub mod tier;
