//! The record of changes.

mod appending;
mod own;
pub mod samples;
