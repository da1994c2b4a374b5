//! The record of changes.

mod appending;
pub mod samples;
