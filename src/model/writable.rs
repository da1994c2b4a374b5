//! What a container has written outside of its mounts: it goes with the container.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::container_path::{clean, is_within};
use super::plain::plain_to;
use super::tier::Tier;

/// Folders whose changes are no loss, where the config does not say which.
pub const IGNORED: [&str; 5] = ["/tmp", "/run", "/var/tmp", "/var/cache", "/var/log"];
/// What engines and their runtimes put into containers. wakeboard itself puts nothing into a tenant's container.
const ENGINES: [&str; 11] = [
    "/.dockerenv",
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run/.containerenv",
    "/run/secrets",
    "/sbin/docker-init",
    "/sys",
];
/// How many paths of one container are named.
const MOST_NAMED: usize = 5;
/// Longer paths are cut.
const LONGEST_PATH: usize = 120;

/// What the keeper does where a container has written outside of its mounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Writable {
    /// It takes `stop` instead of `destroy`.
    #[default]
    Stop,
    /// What was written is lost.
    Discard,
}

/// The rules of what `destroy` may lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Folders and files whose changes are no loss.
    pub ignore: Vec<String>,
    /// What is done by rule where there is a loss; a tier that is not named is put to sleep by `stop`.
    pub writable: BTreeMap<Tier, Writable>,
}

impl Default for Losses {
    fn default() -> Self {
        Losses { ignore: IGNORED.map(str::to_owned).into(), writable: BTreeMap::new() }
    }
}

impl Losses {
    /// What is done by rule for a tenant of that tier.
    #[must_use]
    pub fn of(&self, tier: Option<Tier>) -> Writable {
        tier.and_then(|tier| self.writable.get(&tier)).copied().unwrap_or_default()
    }
}

/// What engines say of a changed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, or a folder in which something changed.
    Modified,
    /// New.
    Added,
    /// Gone.
    Deleted,
}

/// What was written, counted, the first paths by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The first paths, harmless and short.
    pub first: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// There may be more: the engine's answer was read only so far.
    pub is_cut: bool,
}

impl Written {
    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0 && !self.is_cut
    }
}

/// `/a, /b and 3 more`.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        let more = self.count.saturating_sub(self.first.len());
        match (more, self.is_cut) {
            (0, false) => Ok(()),
            (0, true) if self.first.is_empty() => f.write_str("more files than were looked at"),
            (0, true) => f.write_str(" and more"),
            (more, true) => write!(f, " and at least {more} more"),
            (more, false) => write!(f, " and {more} more"),
        }
    }
}

/// What of these changes is lost with the container. `mounts` are the places where something is mounted, `ignore` the rules'.
///
/// A folder is told as changed by everything that changes in it: where that is told too, it decides; and one that has a mount
/// or an ignored path in it is changed by that alone.
#[must_use]
pub fn lost(
    changes: impl IntoIterator<Item = (String, Kind)>,
    mounts: &[String],
    ignore: &[String],
    is_cut: bool,
) -> Written {
    let mut changes: Vec<(String, Kind)> =
        changes.into_iter().map(|(path, kind)| (clean(&path), kind)).collect();
    changes.sort_unstable_by(|(one, _), (other, _)| by_parts(one, other));
    let apart: Vec<String> = ENGINES
        .iter()
        .map(|it| (*it).to_owned())
        .chain(mounts.iter().chain(ignore).map(|it| clean(it)))
        .collect();
    let mut written = Written { is_cut, ..Written::default() };
    for (at, (path, kind)) in changes.iter().enumerate() {
        let next = changes.get(at + 1);
        let is_told_by_more = next.is_some_and(|(next, _)| next != path && is_within(next, path));
        let is_apart = apart.iter().any(|it| is_within(path, it));
        let holds_apart = *kind != Kind::Deleted && apart.iter().any(|it| is_within(it, path));
        if is_told_by_more || is_apart || holds_apart || path == "/" {
            continue;
        }
        written.count += 1;
        if written.first.len() < MOST_NAMED {
            written.first.push(plain_to(path, LONGEST_PATH).into_owned());
        }
    }
    written
}

/// A folder goes right before all that is in it.
fn by_parts(one: &str, other: &str) -> Ordering {
    one.split('/').cmp(other.split('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn of(changes: &[(&str, Kind)]) -> Written {
        let mounts = ["/data/".to_owned(), "/srv/a/b".to_owned()];
        let changes = changes.iter().map(|(path, kind)| ((*path).to_owned(), *kind));
        lost(changes, &mounts, &Losses::default().ignore, false)
    }

    #[rstest]
    #[case::mount_points(&[("/data", Kind::Added), ("/srv", Kind::Added), ("/srv/a", Kind::Added), ("/srv/a/b", Kind::Added)])]
    #[case::folders_of_mounts(&[("/srv/a", Kind::Modified)])]
    #[case::ignored(&[("/var", Kind::Modified), ("/var/cache", Kind::Modified), ("/var/cache/x", Kind::Added), ("/tmp/x", Kind::Deleted)])]
    #[case::folder_of_ignored(&[("/var", Kind::Modified)])]
    #[case::the_engines(&[("/etc", Kind::Modified), ("/sbin", Kind::Modified), ("/sbin/docker-init", Kind::Added), ("/dev/console", Kind::Added)])]
    #[case::nothing(&[])]
    fn what_is_no_loss(#[case] changes: &[(&str, Kind)]) {
        assert_eq!(of(changes), Written::default());
        assert!(of(changes).is_empty());
    }

    #[test]
    fn what_is_lost_is_counted_and_the_first_are_named() {
        let changes = [
            ("/opt", Kind::Modified),
            ("/opt/x-y", Kind::Added),
            ("/opt/x", Kind::Added),
            ("/opt/x/file", Kind::Added),
            ("/etc/passwd", Kind::Modified),
            ("/etc/hosts", Kind::Modified),
            ("/srv/a", Kind::Deleted),
            ("/database", Kind::Added),
            ("/root/a\u{1b}b", Kind::Added),
            ("/var/lib/a", Kind::Added),
            ("/var/lib/b", Kind::Added),
        ];
        let lost = of(&changes);
        assert_eq!(lost.count, 8);
        assert_eq!(lost.first, ["/database", "/etc/passwd", "/opt/x/file", "/opt/x-y", "/root/a␛b"]);
        assert_eq!(lost.to_string(), "/database, /etc/passwd, /opt/x/file, /opt/x-y, /root/a␛b and 3 more");
    }

    #[test]
    fn more_than_was_looked_at_is_never_nothing() {
        let cut = lost([], &[], &[], true);
        assert!(!cut.is_empty());
        assert_eq!(cut.to_string(), "more files than were looked at");
        let cut = lost([("/a".to_owned(), Kind::Added)], &[], &[], true);
        assert_eq!(cut.to_string(), "/a and more");
    }

    proptest! {
        /// A file that is neither mounted nor ignored is always told, whatever else changed.
        #[test]
        fn a_written_file_is_never_overlooked(
            others in prop::collection::vec(("(/[a-c]{1,2}){1,3}", any::<bool>()), 0..20),
            file in "/zz(/[a-c]{1,2}){0,3}"
        ) {
            let others = others.into_iter().map(|(path, new)| (path, if new { Kind::Added } else { Kind::Modified }));
            let all: Vec<_> = others.chain([(file, Kind::Added)]).collect();
            let written = lost(all.clone(), &["/a/b".to_owned()], &[], false);
            prop_assert!(written.count >= 1);
            prop_assert!(written.count <= all.len());
        }
    }
}
