//! Why a dump is refused before anything is touched: what it would break.

use super::container::Phase;
use super::method::Method;
use super::particulars::Particulars;

/// Room on an engine's machine, in bytes; what cannot be known from here is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Free swap.
    pub swap: Option<u64>,
    /// Free disk where the engine keeps checkpoints.
    pub disk: Option<u64>,
}

/// Why this container must not be put to sleep now. `own` is the one that this program runs in.
#[must_use]
pub fn of_container(it: &Particulars, own: Option<&str>) -> Option<String> {
    let name = &it.facts.name;
    if own == Some(&*it.facts.id) {
        return Some(format!("this wakeboard itself runs in {name}"));
    }
    if it.facts.phase == Phase::Paused {
        return Some(format!("{name} is paused, and not by us"));
    }
    if it.facts.phase == Phase::Restarting {
        return Some(format!("{name} is being restarted by its engine"));
    }
    if let Some(session) = it.sessions.first() {
        return Some(format!("somebody has a session open in {name} ({session})"));
    }
    None
}

/// Why none of several methods will do, in a line: once, where it is the same for all.
#[must_use]
pub fn of_all(reasons: &[(Method, String)]) -> String {
    match reasons {
        [(_, first), others @ ..] if !others.is_empty() && others.iter().all(|(_, why)| why == first) => {
            first.clone()
        }
        _ => {
            let told: Vec<String> = reasons.iter().map(|(method, why)| format!("{method}: {why}")).collect();
            told.join("; ")
        }
    }
}

/// Why there is not enough room for so many bytes of memory: they take a fifth more than they are. On a disk they are
/// twice for a while: an engine packs CRIU's images, and has ended the processes by then (see `docs/engine-facts.md`).
#[must_use]
pub fn of_room(method: Method, memory: u64, room: Room) -> Option<String> {
    let once = memory.saturating_add(memory / 5);
    let (what, need, free) = match method {
        Method::Freeze => ("swap", once, room.swap?),
        Method::Checkpoint => ("disk", once.saturating_mul(2), room.disk?),
        Method::Stop | Method::Destroy => return None,
    };
    (free < need).then(|| {
        format!("not enough {what}: {} wanted, {} free", super::cells::bytes(need), super::cells::bytes(free))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::route::tests::particulars;
    use rstest::rstest;

    const MIB: u64 = 1 << 20;

    #[rstest]
    #[case(Method::Freeze, Some(120), None, false)]
    #[case(Method::Freeze, Some(119), None, true)]
    #[case(Method::Freeze, None, Some(0), false)]
    #[case(Method::Checkpoint, Some(0), Some(240), false)]
    #[case(Method::Checkpoint, Some(500), Some(239), true)]
    #[case(Method::Stop, Some(0), Some(0), false)]
    #[case(Method::Destroy, Some(0), Some(0), false)]
    fn a_fifth_more_than_the_memory_must_be_free(
        #[case] method: Method,
        #[case] swap: Option<u64>,
        #[case] disk: Option<u64>,
        #[case] refused: bool,
    ) {
        let room = Room { swap: swap.map(|it| it * MIB), disk: disk.map(|it| it * MIB) };
        assert_eq!(of_room(method, 100 * MIB, room).is_some(), refused);
    }

    #[test]
    fn nobody_puts_the_container_to_sleep_that_it_runs_in() {
        let it = particulars(Phase::Running, 1, 0);
        assert_eq!(of_container(&it, None), None);
        assert_eq!(of_container(&it, Some("other")), None);
        assert!(of_container(&it, Some(&it.facts.id)).unwrap().contains("this wakeboard itself runs in"));
    }
}
