//! What changed near a layer that is broken: whoever looks for the cause begins there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::map::Targets;
use super::report::{LayerReport, Report, Verdict};
use super::words::distance;
use crate::model::change::{Change, Verb};
use crate::model::container::ContainerId;
use crate::model::host::HostName;
use crate::model::plain::plain;
use crate::model::ticket::TicketId;

/// How far back is looked where no run is known that was well.
pub const AS_A_RULE: SignedDuration = SignedDuration::from_mins(30);

/// The most that are told.
const MOST: usize = 8;

/// One change near a broken layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// When.
    pub time: Timestamp,
    /// Who, where that is known.
    pub actor: Option<Arc<str>>,
    /// What was done, and to what: `restarted nginx-2 (web-3)`. Harmless for a terminal.
    pub what: String,
    /// Under which ticket, where it was one of ours.
    pub ticket: Option<TicketId>,
    /// How near it is.
    pub touch: Touch,
}

/// How near a change is, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Touch {
    /// It happened to a target that is not well.
    Target,
    /// It happened to another target of the layer, to its tenant, or to the callmap's own files.
    Layer,
    /// It happened on the machine of a target.
    Host,
    /// It happened to something that is called like the layer.
    Name,
}

/// Where something is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The address.
    pub address: IpAddr,
    /// The port; nothing where all of them, or whichever is asked, are meant.
    pub port: Option<u16>,
}

/// What is known of who is where, for as many as could be asked.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// Where containers are reached.
    pub containers: HashMap<ContainerId, Vec<Spot>>,
    /// Addresses of hosts' machines.
    pub hosts: BTreeMap<HostName, Vec<IpAddr>>,
    /// The callmap's files, and when each was last changed.
    pub files: Vec<(PathBuf, Timestamp)>,
}

/// The layer that changes are looked for at: the first that is broken, else the first with losses or late answers.
#[must_use]
pub fn scene(report: &Report) -> Option<usize> {
    let broken = report.layers.iter().position(|layer| layer.verdict == Verdict::Fail);
    broken.or_else(|| {
        report.layers.iter().position(|layer| layer.verdict == Verdict::Slow || layer.ok < layer.total)
    })
}

/// From when on changes count: from the last run that was well, else for half an hour.
#[must_use]
pub fn since(report: &Report, last_good: Option<Timestamp>) -> Timestamp {
    last_good.unwrap_or_else(|| report.began.checked_sub(AS_A_RULE).unwrap_or(Timestamp::MIN))
}

/// The changes near a layer, the nearest first: by what they touch, then by how short they were before the run, then by
/// how much they can break. `last_good` is when the last run began that was well.
#[must_use]
pub fn near(
    report: &Report,
    targets: &Targets,
    changes: &[Arc<Change>],
    whereabouts: &Whereabouts,
    last_good: Option<Timestamp>,
) -> Vec<Near> {
    let Some(layer) = scene(report).and_then(|at| report.layers.get(at)) else { return Vec::new() };
    let scene = Scene::new(layer, targets, whereabouts);
    let took = SignedDuration::from_millis(i64::try_from(report.milliseconds).unwrap_or(0));
    let end = report.began.checked_add(took).unwrap_or(Timestamp::MAX);
    let since = since(report, last_good);
    let is_in_time = |time: Timestamp| since <= time && time <= end;
    let mut found: Vec<(Touch, i64, u8, Near)> = Vec::new();
    let mut keep = |near: Near, risk: u8| {
        // Within a minute it is no matter which came first.
        let minutes = report.began.duration_since(near.time).as_mins();
        found.push((near.touch, minutes, u8::MAX - risk, near));
    };
    let mut tickets = HashSet::new();
    for change in changes.iter().filter(|change| is_in_time(change.time)) {
        // A ticket may be told by the feed and by the ledger.
        if change.ticket.is_some_and(|ticket| !tickets.insert(ticket)) {
            continue;
        }
        if let Some(touch) = scene.touch(change) {
            keep(of_change(change, touch), change.verb.risk());
        }
    }
    for (file, time) in whereabouts.files.iter().filter(|(_, time)| is_in_time(*time)) {
        let what = format!("edited {}", plain(&file.to_string_lossy()));
        let near = Near { time: *time, actor: None, what, ticket: None, touch: Touch::Layer };
        keep(near, Verb::Updated.risk());
    }
    found.sort_by_key(|(touch, minutes, safety, near)| {
        (*touch, *minutes, *safety, std::cmp::Reverse(near.time))
    });
    found.truncate(MOST);
    found.into_iter().map(|(.., near)| near).collect()
}

impl Spot {
    /// Whether that may be the same place.
    fn meets(self, other: Spot) -> bool {
        let is_same_port = |port: u16| other.port.is_none_or(|other| other == port);
        self.address == other.address && self.port.is_none_or(is_same_port)
    }
}

impl Near {
    /// The sentence: `13:58:02 op2 restarted nginx-2 (web-3), 5 minutes before`.
    #[must_use]
    pub fn told(&self, run: Timestamp, zone: &TimeZone) -> String {
        let clock = self.time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
        let seconds = run.duration_since(self.time).as_secs();
        let when = match seconds {
            ..0 => ", while it ran".to_owned(),
            0 => String::new(),
            _ => format!(", {} before", distance(seconds)),
        };
        let ticket = self.ticket.map(|ticket| format!(" ‹{ticket}›")).unwrap_or_default();
        let actor = match &self.actor {
            Some(actor) => format!("{} ", plain(actor)),
            // A host is lost, and nobody did it.
            None if happens_by_itself(&self.what) => String::new(),
            None => "somebody ".to_owned(),
        };
        format!("{clock} {actor}{}{when}{ticket}", self.what)
    }
}

/// Whether what is told begins with a verb that nobody does: a host is lost, a container crashes.
fn happens_by_itself(what: &str) -> bool {
    let by_itself = [
        Verb::Ended,
        Verb::Crashed,
        Verb::Healthy,
        Verb::Unhealthy,
        Verb::Observed,
        Verb::Connected,
        Verb::Lost,
        Verb::Gap,
    ];
    let first = what.split(' ').next().unwrap_or_default();
    by_itself.iter().any(|verb| verb.to_string() == first)
}

/// The layer, as changes are looked at.
struct Scene<'a> {
    name: String,
    /// Targets that are not well, and the others.
    bad: Vec<Spot>,
    good: Vec<Spot>,
    /// The targets as they are shown, those that are not well: a container's name may stand before the address.
    shown: Vec<&'a str>,
    targets: &'a Targets,
    whereabouts: &'a Whereabouts,
}

impl<'a> Scene<'a> {
    fn new(layer: &'a LayerReport, targets: &'a Targets, whereabouts: &'a Whereabouts) -> Self {
        let (mut bad, mut good, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for probe in &layer.probes {
            let is_well = probe.verdict == Verdict::Ok;
            let peer = probe.detail.as_ref().and_then(|detail| detail.peer.as_deref());
            let peer = peer.and_then(|peer| peer.parse::<SocketAddr>().ok());
            let peer = peer.map(|peer| Spot { address: peer.ip(), port: Some(peer.port()) });
            let bare = || Some(Spot { address: probe.target.parse().ok()?, port: None });
            if let Some(spot) = peer.or_else(bare) {
                if is_well { &mut good } else { &mut bad }.push(spot);
            }
            if !is_well {
                shown.push(&*probe.target);
            }
        }
        Scene { name: layer.name.to_lowercase(), bad, good, shown, targets, whereabouts }
    }

    fn touch(&self, change: &Change) -> Option<Touch> {
        let own = change.id.as_ref().and_then(|id| self.whereabouts.containers.get(id));
        let is_at = |targets: &[Spot]| {
            own.is_some_and(|own| own.iter().any(|own| targets.iter().any(|target| own.meets(*target))))
        };
        let is_named = change
            .container
            .as_ref()
            .is_some_and(|name| self.shown.iter().any(|shown| shown.split(' ').next() == Some(&**name)));
        if is_at(&self.bad) || (is_named && self.is_of_tenant(change)) {
            return Some(Touch::Target);
        }
        if is_at(&self.good) || self.is_of_tenant(change) || self.is_of_file(change) {
            return Some(Touch::Layer);
        }
        let machine = change.host.as_ref().and_then(|host| self.whereabouts.hosts.get(host));
        let is_there = |target: &Spot| machine.is_some_and(|machine| machine.contains(&target.address));
        if self.bad.iter().chain(&self.good).any(is_there) || self.is_of_tenants_host(change) {
            return Some(Touch::Host);
        }
        let is_called = |name: &Arc<str>| has_word(&name.to_lowercase(), &self.name);
        let names = [&change.thing, &change.container, &change.tenant, &change.host];
        names.into_iter().filter_map(Option::as_ref).any(is_called).then_some(Touch::Name)
    }

    /// The layer's tenant, and the host that the file names for it.
    fn tenant(&self) -> Option<(Option<&str>, &str)> {
        match self.targets {
            Targets::Tenant { tenant, .. } => Some(match tenant.split_once('/') {
                Some((host, tenant)) => (Some(host), tenant),
                None => (None, tenant),
            }),
            Targets::OfProbes | Targets::Addresses(_) => None,
        }
    }

    fn is_of_tenant(&self, change: &Change) -> bool {
        self.tenant().is_some_and(|(host, tenant)| {
            change.tenant.as_deref() == Some(tenant)
                && host.is_none_or(|host| change.host.as_deref() == Some(host))
        })
    }

    /// What happens to a host itself happens to all that is on it. Where the file does not say which host that is, any.
    fn is_of_tenants_host(&self, change: &Change) -> bool {
        let is_host_itself = change.tenant.is_none() && change.container.is_none();
        is_host_itself
            && matches!(change.verb, Verb::Lost | Verb::Gap | Verb::Connected)
            && self
                .tenant()
                .is_some_and(|(host, _)| host.is_none_or(|host| change.host.as_deref() == Some(host)))
    }

    /// Whether a change names one of the callmap's files.
    fn is_of_file(&self, change: &Change) -> bool {
        let name = |file: &Path| file.file_name().map(|name| name.to_string_lossy().into_owned());
        let files = self.whereabouts.files.iter().filter_map(|(file, _)| name(file));
        let texts = [change.detail.as_deref(), change.thing.as_deref(), change.container.as_deref()];
        files.into_iter().any(|file| texts.iter().flatten().any(|text| text.contains(&file)))
    }
}

/// Whether `word` stands in `text` with no letter or digit right beside it: `nginx` in `edge-nginx-2`.
fn has_word(text: &str, word: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    // A word of two letters stands in many names.
    word.chars().count() > 2
        && text.match_indices(word).any(|(at, _)| {
            is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
        })
}

fn of_change(change: &Change, touch: Touch) -> Near {
    let object = change.object();
    let host = change.host.as_deref().filter(|host| *host != object);
    let host = host.map(|host| format!(" ({})", plain(host))).unwrap_or_default();
    let times = if change.count > 1 { format!(" {} times", change.count) } else { String::new() };
    let detail = change.detail.as_ref().map(|detail| format!(": {}", plain(detail))).unwrap_or_default();
    let what = format!("{} {}{host}{times}{detail}", change.verb, plain(&object));
    Near { time: change.time, actor: change.actor.clone(), what, ticket: change.ticket, touch }
}

#[cfg(test)]
#[path = "near_tests.rs"]
mod tests;
