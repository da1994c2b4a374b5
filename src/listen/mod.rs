//! What all listeners share that take requests from outside.

pub mod connections;
