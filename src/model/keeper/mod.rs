//! When tenants are put to sleep by rule: what each tier allows, what counts as use, and what follows from both.
//!
//! The rule (`judge`) is a pure function of the time, a tenant, its activity and the rules. Which of those that are due go
//! now is another (`pace`); what will come, if nobody uses anything, is told by running both ahead (`forecast`, `outlook`).

pub mod activities;
pub mod activity;
pub mod calendar;
pub mod decision;
pub mod forecast;
pub mod judge;
pub mod kept;
pub mod last_look;
pub mod measured;
pub mod outlook;
pub mod pace;
pub mod patience;
pub mod rules;
pub mod sight;
pub mod subject;
pub mod suspect;
pub mod tell;
pub mod window;
pub mod woken_again;

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod measured_tests;
#[cfg(test)]
mod tell_tests;

pub use activities::Activities;
pub use activity::{Activity, Measure, Measures};
pub use calendar::Calendar;
pub use decision::{Decision, Due, Hold, Leave, Verdict};
pub use judge::{Answer, Case, judge};
pub use kept::Kept;
pub use rules::Rules;
pub use sight::Sight;
pub use subject::Subject;
