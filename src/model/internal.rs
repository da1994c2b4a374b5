//! Containers that wakeboard makes for its own work: they carry the canary's label, are no tenants, and appear in no list,
//! count or feed. The canaries themselves are known by name and image (`canary::is_canary`); these may be of any image.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::container::{ContainerId, Phase};

/// The label of every container that wakeboard makes for itself; its value says what for.
pub const LABEL: &str = "wakeboard.canary";
/// The label that names the process which made the container (`holder::Holder`): once that is dead, it is left over.
pub const MAKER: &str = "wakeboard.maker";

const PREFIX: &str = "wakeboard-canary-";

/// What such a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Made from a recipe to see whether the engine can, never started, and removed at once.
    Rehearsal,
    /// Keeps what sleepers need from being pruned.
    Holder,
}

impl Purpose {
    const ALL: [Purpose; 2] = [Purpose::Rehearsal, Purpose::Holder];

    /// The word in the container's name and the value of its label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Rehearsal => "rehearsal",
            Purpose::Holder => "holder",
        }
    }
}

/// A name for a new container. `chance` makes it differ from those of other consoles.
#[must_use]
pub fn name(purpose: Purpose, now: Timestamp, chance: u64) -> String {
    format!("{PREFIX}{}-{}-{chance:016x}", purpose.as_str(), now.as_second())
}

/// What a container is for, and when it was made, by its name and its label `LABEL`; nothing where it is none of ours.
///
/// Both must fit, so that nothing else is ever hidden or removed.
#[must_use]
pub fn read(name: &str, label: Option<&str>) -> Option<(Purpose, Timestamp)> {
    let rest = name.strip_prefix(PREFIX)?;
    let label = label?;
    let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == label)?;
    let (seconds, chance) = rest.strip_prefix(purpose.as_str())?.strip_prefix('-')?.split_once('-')?;
    let is_chance = chance.len() == 16 && chance.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((purpose, Timestamp::from_second(seconds.parse().ok().filter(|_| is_chance)?).ok()?))
}

/// Such a container, as its engine lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internal {
    /// The whole id.
    pub id: ContainerId,
    /// The container's name.
    pub name: Arc<str>,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was made, by the clock of whoever made it.
    pub made: Timestamp,
    /// What it is doing.
    pub phase: Phase,
    /// All of its labels, made harmless.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_name_says_what_for_and_when() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let rehearsal = name(Purpose::Rehearsal, now, 7);
        assert_eq!(rehearsal, "wakeboard-canary-rehearsal-1700000000-0000000000000007");
        assert_eq!(read(&rehearsal, Some("rehearsal")), Some((Purpose::Rehearsal, now)));
        assert_eq!(read(&name(Purpose::Holder, now, u64::MAX), Some("holder")), Some((Purpose::Holder, now)));
    }

    #[rstest]
    #[case("wakeboard-canary-rehearsal-1700000000-0000000000000007", None)]
    #[case("wakeboard-canary-rehearsal-1700000000-0000000000000007", Some("holder"))]
    #[case("wakeboard-canary-rehearsal-1700000000-0000000000000007", Some("1"))]
    #[case("wakeboard-canary-rehearsal-1700000000-000000000000007", Some("rehearsal"))]
    #[case("wakeboard-canary-rehearsal-1700000000-00000000000000g7", Some("rehearsal"))]
    #[case("wakeboard-canary-rehearsal-x-0000000000000007", Some("rehearsal"))]
    #[case("wakeboard-canary-rehearsal", Some("rehearsal"))]
    #[case("wakeboard-canary-freeze-1700000000-0000000000000007", Some("rehearsal"))]
    #[case("acme-app", Some("rehearsal"))]
    fn other_containers_are_none(#[case] name: &str, #[case] label: Option<&str>) {
        assert_eq!(read(name, label), None);
    }
}
