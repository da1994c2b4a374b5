//! Programs beside wakeboard that keep a container as they want it: swarm, Kubernetes, systemd, autoheal. They say so in its
//! labels.

use std::sync::Arc;

use super::method::Method;
use super::plain::plain;

const SWARM_SERVICE: &str = "com.docker.swarm.service.name";
const SWARM_TASK: &str = "com.docker.swarm.task.id";
const KUBERNETES_POD: &str = "io.kubernetes.pod.name";
const NOMAD_ALLOCATION: &str = "com.hashicorp.nomad.alloc_id";
const SYSTEMD_UNIT: &str = "PODMAN_SYSTEMD_UNIT";
const AUTOHEAL: &str = "autoheal";

/// A program beside wakeboard that keeps a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervisor {
    /// A task of this service of a Docker swarm.
    Swarm(Arc<str>),
    /// Part of this pod of Kubernetes.
    Kubernetes(Arc<str>),
    /// Part of this allocation of Nomad.
    Nomad(Arc<str>),
    /// Run by this unit of systemd.
    Systemd(Arc<str>),
    /// Restarted by autoheal while its health check fails.
    Autoheal,
}

impl Supervisor {
    /// What a container's labels say of it.
    pub fn of_labels<'a>(label: &impl Fn(&str) -> Option<&'a str>) -> Option<Supervisor> {
        let text =
            |key: &str| label(key).filter(|it| !it.trim().is_empty()).map(|it| plain(it).as_ref().into());
        if let Some(service) = text(SWARM_SERVICE).or_else(|| text(SWARM_TASK)) {
            return Some(Supervisor::Swarm(service));
        }
        let others = [
            text(KUBERNETES_POD).map(Supervisor::Kubernetes),
            text(NOMAD_ALLOCATION).map(Supervisor::Nomad),
            text(SYSTEMD_UNIT).map(Supervisor::Systemd),
        ];
        let heals = || label(AUTOHEAL).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        others.into_iter().flatten().next().or_else(|| heals().then_some(Supervisor::Autoheal))
    }

    /// Why it would undo a sleep by that method, and what to do instead; nothing where it would not.
    #[must_use]
    pub fn objects_to(&self, method: Method) -> Option<String> {
        // A unit and its program do not see that a container is frozen; autoheal sees only those that run.
        let ends = method != Method::Freeze;
        match self {
            Supervisor::Swarm(service) => {
                Some(format!("a task of the swarm service {service}: scale the service instead"))
            }
            Supervisor::Kubernetes(pod) => {
                Some(format!("a container of the Kubernetes pod {pod}: scale its workload instead"))
            }
            Supervisor::Nomad(allocation) => {
                Some(format!("a task of the Nomad allocation {allocation}: scale its job instead"))
            }
            Supervisor::Systemd(unit) => {
                ends.then(|| format!("run by systemd: stop its unit {unit} instead"))
            }
            Supervisor::Autoheal => {
                (!ends).then(|| "restarted by autoheal, to which a frozen container is unhealthy".to_owned())
            }
        }
    }

    /// Whether it makes another container in place of one that has ended, and never starts that one again.
    #[must_use]
    pub fn replaces(&self) -> bool {
        matches!(self, Supervisor::Swarm(_) | Supervisor::Kubernetes(_) | Supervisor::Nomad(_))
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Supervisor::Swarm(_) => "swarm",
            Supervisor::Kubernetes(_) => "Kubernetes",
            Supervisor::Nomad(_) => "Nomad",
            Supervisor::Systemd(_) => "systemd",
            Supervisor::Autoheal => "autoheal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[(SWARM_SERVICE, "acme"), (SWARM_TASK, "t1")], Some("a task of the swarm service acme: scale the service instead"), true)]
    #[case(&[(SYSTEMD_UNIT, "acme.service")], Some("run by systemd: stop its unit acme.service instead"), false)]
    #[case(&[(KUBERNETES_POD, "acme-0")], Some("a container of the Kubernetes pod acme-0: scale its workload instead"), true)]
    #[case(&[(AUTOHEAL, "true")], None, true)]
    #[case(&[(AUTOHEAL, "false"), (SYSTEMD_UNIT, "")], None, false)]
    fn what_labels_say(
        #[case] labels: &[(&str, &'static str)],
        #[case] stop: Option<&str>,
        #[case] objects_to_freeze: bool,
    ) {
        let label = |key: &str| labels.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        let supervisor = Supervisor::of_labels(&label);
        let objection = |method| supervisor.as_ref().and_then(|it| it.objects_to(method));
        assert_eq!(objection(Method::Stop).as_deref(), stop);
        assert_eq!(objection(Method::Destroy).as_deref(), stop);
        assert_eq!(objection(Method::Freeze).is_some(), objects_to_freeze);
    }
}
