//! The record of changes.

mod appending;
mod asking;
mod crash;
mod keeping;
mod own;
pub mod samples;
