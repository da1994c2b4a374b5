//! What a container needs of its host to be made again: its image, its volumes and its networks, and whether they are still
//! the same ones. An engine makes a volume that is missing silently, and empty.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Networks that an engine makes anew at each of its starts, under another id: their name alone counts.
pub(super) const PREDEFINED: [&str; 4] = ["bridge", "host", "none", "podman"];

/// What a container needs, as it was when the container was put to sleep; or what of that is there now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Its image.
    #[serde(default)]
    pub image: Option<Thing>,
    /// Its volumes, those without a name of somebody's choice too. The mark is the time of their making.
    #[serde(default)]
    pub volumes: Vec<Thing>,
    /// Its networks. The mark is their id.
    #[serde(default)]
    pub networks: Vec<Thing>,
    /// When that was seen: a volume that is held since before is the same, whatever its engine says of its making.
    #[serde(default)]
    pub taken: Option<Timestamp>,
}

/// One thing that a container needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Thing {
    /// The name by which the container asks for it.
    pub name: Arc<str>,
    /// What tells it from another one of that name, in the engine's own words; empty where the engine does not say.
    #[serde(default)]
    pub mark: String,
}

/// The kind of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image.
    Image,
    /// A volume.
    Volume,
    /// A network.
    Network,
}

/// A thing that is not there any more as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Its kind.
    pub kind: Kind,
    /// What was needed.
    pub was: Thing,
    /// What is there under its name now; nothing where there is none.
    pub is: Option<Thing>,
}

impl Needs {
    /// What of these is not there any more as it was. `now` holds what is found under the same names.
    #[must_use]
    pub fn lost(&self, now: &Needs) -> Vec<Loss> {
        let images = (self.image.as_slice(), now.image.as_slice());
        let all = [
            (Kind::Volume, self.volumes.as_slice(), now.volumes.as_slice()),
            (Kind::Image, images.0, images.1),
            (Kind::Network, self.networks.as_slice(), now.networks.as_slice()),
        ];
        let mut lost = Vec::new();
        for (kind, before, now) in all {
            for was in before {
                let is = now.iter().find(|it| it.name == was.name);
                if is.is_none_or(|is| !is_same(kind, was, is)) {
                    lost.push(Loss { kind, was: was.clone(), is: is.cloned() });
                }
            }
        }
        lost
    }
}

fn is_same(kind: Kind, was: &Thing, is: &Thing) -> bool {
    let by_name = kind == Kind::Network && PREDEFINED.contains(&&*was.name);
    // An engine that does not say tells nothing; a volume of a plugin may have no time of its making.
    by_name || was.mark.is_empty() || is.mark.is_empty() || was.mark == is.mark
}

/// The losses but those that the operator accepts.
#[must_use]
pub fn unaccepted(lost: Vec<Loss>, accepted: &[Accepted]) -> Vec<Loss> {
    lost.into_iter().filter(|loss| !accepted.iter().any(|it| it.fits(loss))).collect()
}

/// Why an acceptance makes no sense, where one names a thing that is not lost: another one is meant.
#[must_use]
pub fn pointless(lost: &[Loss], accepted: &[Accepted]) -> Option<String> {
    let it = accepted.iter().find(|it| !lost.iter().any(|loss| it.fits(loss)))?;
    let kind = if it.volume { "volume" } else { "image or network" };
    Some(format!("no {kind} {} is lost that could be replaced", it.name))
}

/// A loss that somebody accepts for one wake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The name of the thing.
    pub name: Arc<str>,
    /// Whether it is a volume, which is empty then; else an image or a network.
    pub volume: bool,
}

impl Accepted {
    fn fits(&self, loss: &Loss) -> bool {
        // An engine makes a volume that is missing; nothing makes an image or a network.
        let can_be = self.volume || loss.is.is_some();
        self.name == loss.was.name && self.volume == (loss.kind == Kind::Volume) && can_be
    }
}

/// The losses as one text, with the ways out.
#[must_use]
pub fn told(lost: &[Loss]) -> String {
    let mut told: Vec<String> = lost.iter().map(ToString::to_string).collect();
    told.dedup();
    let mut text = told.join("; ");
    let names = |wanted: fn(&Loss) -> bool| {
        let mut names: Vec<&str> =
            lost.iter().filter(|loss| wanted(loss)).map(|loss| &*loss.was.name).collect();
        names.dedup();
        names.join(" ")
    };
    let volumes = names(|loss| loss.kind == Kind::Volume);
    if !volumes.is_empty() {
        text += " (restore it; or, to start without its data: wakeboard wake TENANT --with-empty-volume ";
        text += &volumes;
        text.push(')');
    }
    let others = names(|loss| loss.kind != Kind::Volume && loss.is.is_some());
    if !others.is_empty() {
        text += " (to start with the one that is there: wakeboard wake TENANT --with-replaced ";
        text += &others;
        text.push(')');
    }
    text
}

/// Gives each of these the latest mark of the volumes that they share, in the order in which they were looked at: whoever ended
/// last may have written to them until then, and some engines tell that as the time of their making.
pub fn align(all: &mut [&mut Needs]) {
    for last in (1..all.len()).rev() {
        let (earlier, later) = all.split_at_mut(last);
        for volume in &later[0].volumes {
            let same = |it: &&mut Thing| it.name == volume.name;
            earlier.iter_mut().flat_map(|it| it.volumes.iter_mut()).filter(same).for_each(|it| {
                it.mark.clone_from(&volume.mark);
            });
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, was) = (&self.was.name, &self.was.mark);
        match (self.kind, &self.is) {
            (Kind::Volume, None) => {
                write!(f, "the volume {name} is gone: it was removed after the dump")
            }
            (Kind::Volume, Some(is)) => write!(
                f,
                "the volume {name} is not the one that was dumped: that was of {was}, this one is of {}",
                is.mark
            ),
            (Kind::Image, None) => {
                write!(f, "the image {name} is gone: {was} was removed after the dump")
            }
            (Kind::Image, Some(is)) => write!(
                f,
                "the image {name} is not the one that was dumped: that was {was} and is gone, this one is {}",
                is.mark
            ),
            (Kind::Network, None) => {
                write!(f, "the network {name} is gone: it was removed after the dump")
            }
            (Kind::Network, Some(is)) => write!(
                f,
                "the network {name} is not the one that was dumped: that was {was:.12}, this one is {:.12}",
                is.mark
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn thing(name: &str, mark: &str) -> Thing {
        Thing { name: name.into(), mark: mark.to_owned() }
    }

    fn needs() -> Needs {
        Needs {
            image: Some(thing("tomcat:10", "sha256:1")),
            volumes: vec![thing("acme-data", "2026-01-01T00:00:00Z"), thing("0f0f", "")],
            networks: vec![thing("bridge", "b1"), thing("acme", "n1")],
            taken: None,
        }
    }

    fn losses(now: &Needs) -> Vec<String> {
        needs().lost(now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_as_it_was_is_not_lost() {
        assert_eq!(needs().lost(&needs()), []);
        // An engine that was started anew has another bridge; what has no mark is known by its name.
        let now = Needs {
            networks: vec![thing("acme", "n1"), thing("bridge", "b2")],
            volumes: vec![thing("0f0f", "2026-02-02T00:00:00Z"), thing("acme-data", "2026-01-01T00:00:00Z")],
            ..needs()
        };
        assert_eq!(needs().lost(&now), []);
    }

    #[test]
    fn what_is_gone_is_named() {
        assert_eq!(
            losses(&Needs::default()),
            [
                "the volume acme-data is gone: it was removed after the dump",
                "the volume 0f0f is gone: it was removed after the dump",
                "the image tomcat:10 is gone: sha256:1 was removed after the dump",
                "the network bridge is gone: it was removed after the dump",
                "the network acme is gone: it was removed after the dump",
            ]
        );
    }

    #[test]
    fn another_one_of_the_same_name_is_not_the_same() {
        let now = Needs {
            image: Some(thing("tomcat:10", "sha256:2")),
            volumes: vec![thing("acme-data", "2026-01-02T00:00:00Z"), thing("0f0f", "")],
            networks: vec![thing("bridge", "b1"), thing("acme", "n2")],
            taken: None,
        };
        assert_eq!(
            losses(&now),
            [
                "the volume acme-data is not the one that was dumped: that was of 2026-01-01T00:00:00Z, this one is of \
                 2026-01-02T00:00:00Z",
                "the image tomcat:10 is not the one that was dumped: that was sha256:1 and is gone, this one is sha256:2",
                "the network acme is not the one that was dumped: that was n1, this one is n2",
            ]
        );
        let told = told(&needs().lost(&now));
        assert!(told.contains("--with-empty-volume acme-data)"), "{told}");
        assert!(told.contains("--with-replaced tomcat:10 acme)"), "{told}");
    }

    #[rstest]
    #[case(&[("acme-data", true)], Ok(3))]
    #[case(&[("acme-data", true), ("acme", false)], Ok(2))]
    #[case(&[("acme", true)], Err("no volume acme is lost"))]
    #[case(&[("acme-data", false)], Err("no image or network acme-data is lost"))]
    // Nothing makes one.
    #[case(&[("tomcat:10", false)], Err("no image or network tomcat:10 is lost"))]
    #[case(&[("beta-data", true)], Err("no volume beta-data is lost"))]
    fn only_what_is_lost_can_be_accepted(
        #[case] accepted: &[(&str, bool)],
        #[case] left: Result<usize, &str>,
    ) {
        let now = Needs { networks: vec![thing("bridge", "b1"), thing("acme", "n2")], ..Needs::default() };
        let accepted: Vec<Accepted> = accepted
            .iter()
            .map(|(name, volume)| Accepted { name: (*name).into(), volume: *volume })
            .collect();
        let lost = needs().lost(&now);
        match (pointless(&lost, &accepted), left) {
            (None, Ok(left)) => assert_eq!(unaccepted(lost, &accepted).len(), left),
            (Some(told), Err(beginning)) => assert!(told.starts_with(beginning), "{told}"),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_ended_last_says_how_a_shared_volume_was_left() {
        let of = |mark: &str| Needs { volumes: vec![thing("shared", mark)], ..Needs::default() };
        let (mut a, mut b, mut c) = (of("1"), Needs::default(), of("3"));
        align(&mut [&mut a, &mut b, &mut c]);
        assert_eq!((a, b, c.clone()), (c, Needs::default(), of("3")));
    }

    #[test]
    fn a_record_without_them_can_still_be_read() {
        assert_eq!(serde_json::from_str::<Needs>("{}").unwrap(), Needs::default());
    }
}
