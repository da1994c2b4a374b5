//! Questions to the ledger. What the screen shows of the past is asked for beside the loop, and the newest question of each
//! place is the one that counts.

mod asked;
pub mod desk;
pub mod wire;

pub use asked::Asked;
