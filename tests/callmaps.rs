//! Callmaps, read through the library as the program reads them.

// A test that cannot go on panics; clippy knows tests only by their attribute, not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "callmaps/corpus.rs"]
mod corpus;
#[path = "callmaps/fuzz.rs"]
mod fuzz;
#[path = "callmaps/meaning.rs"]
mod meaning;
#[path = "callmaps/spoil.rs"]
mod spoil;
