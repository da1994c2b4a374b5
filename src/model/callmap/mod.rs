//! Callmaps: the call chain of one product, layer by layer; what was seen when it was asked, and what that means.

pub mod answer;
pub mod compare;
pub mod drift;
pub mod json_path;
pub mod judge;
pub mod kept;
pub mod layer;
pub mod map;
pub mod near;
pub mod progress;
pub mod report;
pub mod tell;
pub mod text;
pub mod words;
