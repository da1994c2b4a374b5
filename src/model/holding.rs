//! Holders: containers that only sleep, so that an engine's prune finds the volumes, images and networks of sleepers in use.
//! What each is to hold, and which of them are not needed any more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::container::{ContainerId, Phase};
use super::internal::{Internal, Purpose};
use super::method::Method;
use super::needs::PREDEFINED;
use super::sleeper::Sleeper;

/// The label with the id of the image that a holder holds; empty for the one that holds networks.
pub const IMAGE: &str = "wakeboard.holds-image";
/// The label with the volumes that a holder holds, each with the time since when it is held without a gap (JSON, milliseconds).
pub const VOLUMES: &str = "wakeboard.holds-volumes";
/// The label with the number of the ledger that the sleepers are in: several wakeboards may watch one host.
pub const LEDGER: &str = "wakeboard.ledger";
/// So many addresses are tried from the end of a network.
const MOST_ADDRESSES: usize = 4096;

/// What sleepers need to have held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Volumes by the id of the image of those that have them.
    pub images: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Ids of networks.
    pub networks: BTreeSet<Arc<str>>,
}

/// A holder, as its labels tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its container.
    pub id: ContainerId,
    /// The number of the ledger that it is for.
    pub ledger: Arc<str>,
    /// The id of its image; empty for the holder of networks.
    pub image: Arc<str>,
    /// Since when it holds which volumes, in milliseconds.
    pub volumes: BTreeMap<Arc<str>, i64>,
    /// Whether it runs: only then does it hold anything.
    pub runs: bool,
}

impl Wanted {
    /// What these need: those that are removed for their sleep. What another container has is in use.
    #[must_use]
    pub fn of<'a>(sleepers: impl IntoIterator<Item = &'a Sleeper>) -> Wanted {
        let mut wanted = Wanted::default();
        for sleeper in sleepers {
            let Some(needs) = sleeper.needs.as_ref().filter(|_| sleeper.method == Method::Destroy) else {
                continue;
            };
            let Some(image) = &needs.image else { continue };
            let volumes = wanted.images.entry(image.mark.as_str().into()).or_default();
            volumes.extend(needs.volumes.iter().map(|it| it.name.clone()));
            let networks = needs.networks.iter().filter(|it| !PREDEFINED.contains(&&*it.name));
            wanted.networks.extend(networks.map(|it| it.mark.as_str().into()));
        }
        wanted
    }
}

impl Held {
    /// Reads a holder's labels; nothing for another container of ours.
    #[must_use]
    pub fn read(it: &Internal) -> Option<Held> {
        let volumes = it.labels.get(VOLUMES).and_then(|text| serde_json::from_str(text).ok());
        (it.purpose == Purpose::Holder).then(|| Held {
            id: it.id.clone(),
            ledger: it.labels.get(LEDGER).cloned().unwrap_or_default(),
            image: it.labels.get(IMAGE).cloned().unwrap_or_default(),
            volumes: volumes.unwrap_or_default(),
            runs: matches!(it.phase, Phase::Running | Phase::Paused),
        })
    }

    /// Whether it holds all of these.
    #[must_use]
    pub fn covers(&self, image: &str, volumes: &BTreeSet<Arc<str>>) -> bool {
        self.runs && &*self.image == image && volumes.iter().all(|it| self.volumes.contains_key(it))
    }

    /// Whether it holds nothing else than these.
    #[must_use]
    pub fn is_within(&self, image: &str, volumes: &BTreeSet<Arc<str>>) -> bool {
        &*self.image == image && self.volumes.keys().all(|it| volumes.contains(it))
    }
}

/// Since when each of these volumes is held without a gap, for a holder that takes over from those that are there.
#[must_use]
pub fn since(volumes: &BTreeSet<Arc<str>>, held: &[Held], now: i64) -> BTreeMap<Arc<str>, i64> {
    let first = |name: &Arc<str>| {
        held.iter().filter(|it| it.runs).filter_map(|it| it.volumes.get(name)).min().copied().unwrap_or(now)
    };
    volumes.iter().map(|name| (name.clone(), first(name))).collect()
}

/// An address at the end of a network that nobody has: addresses that an engine gives by itself come from its beginning, and one
/// that a sleeper chose is in `taken`.
#[must_use]
pub fn free_address(subnet: &str, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    let (address, bits) = subnet.split_once('/')?;
    let (address, bits): (Ipv4Addr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let size = 1_u32.checked_shl(32_u32.checked_sub(bits)?)?;
    let first = address.to_bits() & !(size.wrapping_sub(1));
    // Neither the network's own address nor that for everybody in it, nor the first, which is a gateway's by custom.
    (2..size.saturating_sub(1))
        .rev()
        .take(MOST_ADDRESSES)
        .map(|at| Ipv4Addr::from_bits(first + at))
        .find(|address| !taken.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::needs::{Needs, Thing};
    use crate::model::route::tests::sleeper;
    use crate::model::sleeper::Stage;
    use rstest::rstest;

    fn set(names: &[&str]) -> BTreeSet<Arc<str>> {
        names.iter().map(|name| (*name).into()).collect()
    }

    fn held(image: &str, volumes: &[(&str, i64)]) -> Held {
        let volumes = volumes.iter().map(|(name, since)| ((*name).into(), *since)).collect();
        Held { id: "h".into(), ledger: "1".into(), image: image.into(), volumes, runs: true }
    }

    fn asleep(method: Method, image: &str, volume: &str) -> Sleeper {
        let thing = |name: &str, mark: &str| Thing { name: name.into(), mark: mark.to_owned() };
        let needs = Needs {
            image: Some(thing("x", image)),
            volumes: vec![thing(volume, "")],
            networks: vec![thing("bridge", "b"), thing("own", &format!("net-{volume}"))],
            taken: None,
        };
        Sleeper { needs: Some(needs), ..sleeper(method, Stage::Asleep) }
    }

    #[test]
    fn what_removed_sleepers_need_is_wanted_by_image() {
        let all = [
            asleep(Method::Destroy, "i1", "a"),
            asleep(Method::Destroy, "i1", "b"),
            asleep(Method::Destroy, "i2", "c"),
            asleep(Method::Stop, "i3", "d"),
            sleeper(Method::Destroy, Stage::Asleep),
        ];
        let wanted = Wanted::of(&all);
        assert_eq!(wanted.images, [("i1".into(), set(&["a", "b"])), ("i2".into(), set(&["c"]))].into());
        assert_eq!(wanted.networks, set(&["net-a", "net-b", "net-c"]));
    }

    #[test]
    fn a_holder_that_runs_covers_what_it_has() {
        let one = held("i1", &[("a", 1), ("b", 2)]);
        assert!(
            one.covers("i1", &set(&["a"])) && !one.covers("i1", &set(&["c"])) && !one.covers("i2", &set(&[]))
        );
        assert!(!Held { runs: false, ..one.clone() }.covers("i1", &set(&["a"])));
        assert!(one.is_within("i1", &set(&["a", "b", "c"])) && !one.is_within("i1", &set(&["a"])));
        assert_eq!(
            since(&set(&["a", "c"]), &[one, held("i1", &[("a", 5)])], 9),
            [("a".into(), 1), ("c".into(), 9)].into()
        );
    }

    #[rstest]
    #[case("10.1.2.0/24", &[], Some("10.1.2.254"))]
    #[case("10.1.2.0/24", &["10.1.2.254", "10.1.2.253"], Some("10.1.2.252"))]
    #[case("10.1.2.0/29", &["10.1.2.6", "10.1.2.5", "10.1.2.4", "10.1.2.3", "10.1.2.2"], None)]
    #[case("10.1.2.0/30", &[], Some("10.1.2.2"))]
    #[case("10.1.2.0/31", &[], None)]
    #[case("10.1.2.3/32", &[], None)]
    #[case("10.0.0.0/8", &[], Some("10.255.255.254"))]
    #[case("fd00::/64", &[], None)]
    #[case("nonsense", &[], None)]
    #[case("10.0.0.0/99", &[], None)]
    fn an_address_from_the_end_is_free(
        #[case] subnet: &str,
        #[case] taken: &[&str],
        #[case] free: Option<&str>,
    ) {
        let taken = taken.iter().map(|it| it.parse().unwrap()).collect();
        assert_eq!(free_address(subnet, &taken), free.map(|it| it.parse().unwrap()));
    }
}
