//! The keeper: what works while nobody looks. It knows neither config nor screen: `cli/keeper.rs` hands in what it needs.

mod standing;
pub mod door;
pub mod wakes;

pub use standing::Standing;
