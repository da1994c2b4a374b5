//! The names of canaries: they say what a container is, whose method it tries, and when it was made.

use jiff::Timestamp;

use super::IMAGE;
use crate::model::method::Method;

const PREFIX: &str = "wakeboard-canary-";
/// Stands in the place of the method in the names of the engines' helpers, which are of the same image.
const RECLAIM: &str = "reclaim";

/// A name for a new canary. `chance` makes it differ from those of other consoles.
#[must_use]
pub fn name(method: Method, now: Timestamp, chance: u64) -> String {
    format!("{PREFIX}{method}-{}-{chance:016x}", now.as_second())
}

/// Whether a container of that name and image is a canary, or an engine's helper: no tenant, and nothing that anybody misses.
///
/// Both must fit, so that nothing else is ever hidden or removed. Podman writes a registry before the image's name.
#[must_use]
pub fn is_canary(name: &str, image: &str) -> bool {
    made_at(name).is_some()
        && image.strip_suffix(IMAGE).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// When the canary of that name was made; nothing where the name is no canary's.
#[must_use]
pub fn made_at(name: &str) -> Option<Timestamp> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let what = parts.next()?;
    if what != RECLAIM {
        let _: Method = what.parse().ok()?;
    }
    let seconds = parts.next()?.parse().ok()?;
    let chance = parts.next()?;
    let whole = parts.next().is_none() && chance.len() == 16 && u64::from_str_radix(chance, 16).is_ok();
    if whole { Timestamp::from_second(seconds).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_name_says_when_it_was_made() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let name = name(Method::Freeze, now, 7);
        assert_eq!(name, "wakeboard-canary-freeze-1700000000-0000000000000007");
        assert_eq!(made_at(&name), Some(now));
        assert!(is_canary(&name, IMAGE) && is_canary(&name, "localhost/wakeboard/canary:1"));
        assert!(!is_canary(&name, "tomcat:10") && !is_canary(&name, "evilwakeboard/canary:1"));
    }

    #[test]
    fn an_engines_helper_is_no_tenant_either() {
        let name = "wakeboard-canary-reclaim-1700000000-0123456789abcdef";
        assert!(made_at(name).is_some() && is_canary(name, IMAGE));
        assert!(!is_canary(name, "tomcat:10"));
    }

    #[rstest]
    #[case("acme-app")]
    #[case("wakeboard-canary")]
    #[case("wakeboard-canary-acme-1700000000-0000000000000007")]
    #[case("wakeboard-canary-freeze-1700000000")]
    #[case("wakeboard-canary-freeze-1700000000-acme")]
    #[case("wakeboard-canary-freeze-1700000000-0000000000000007-1")]
    fn other_containers_are_none(#[case] name: &str) {
        assert_eq!(made_at(name), None);
        assert!(!is_canary(name, IMAGE));
    }
}
