//! wakeboard: the operations console for platforms that give every customer containers of its own.

pub mod engine;
pub mod model;
pub mod service;
