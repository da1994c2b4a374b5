//! The keeper: what works while nobody looks. It knows neither config nor screen: `cli/keeper.rs` hands in what it needs.

mod standing;

pub use standing::Standing;
