//! Which tenant a container belongs to, what it is for, and what its tenant pays for.

use std::sync::Arc;

use regex::Regex;

use super::tier::Tier;

/// The label that names a container's tenant, before every other rule.
pub const TENANT_LABEL: &str = "wakeboard.tenant";
/// The label that names a container's role in its tenant.
pub const ROLE_LABEL: &str = "wakeboard.role";
/// The label that names a tenant's tier.
pub const TIER_LABEL: &str = "wakeboard.tier";
/// The label by which compose says which project a container belongs to.
pub const COMPOSE_PROJECT: &str = "com.docker.compose.project";
/// The label by which compose says which service of the project a container is of.
pub const COMPOSE_SERVICE: &str = "com.docker.compose.service";

/// The operator's rules of naming. The default has none: labels, the compose project and the container's name decide.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// A label whose value is the tenant.
    pub label: Option<String>,
    /// A pattern over container names with a group `tenant`, and `role` if wanted.
    pub pattern: Option<Regex>,
    /// Tenants' tiers by name; `*` stands for any run of characters; the first that fits counts.
    pub tiers: Vec<(String, Tier)>,
    /// The tier of a tenant that nothing else gives one.
    pub default_tier: Option<Tier>,
}

/// Where a container belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// What the container is for, where that is known.
    pub role: Option<Arc<str>>,
    /// What the tenant pays for, where that is known.
    pub tier: Option<Tier>,
}

/// The same in the words of the container's name and labels, which may do harm to a terminal yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// The tenant's name.
    pub tenant: &'a str,
    /// What the container is for, where that is known.
    pub role: Option<&'a str>,
    /// What the tenant pays for, where that is known.
    pub tier: Option<Tier>,
}

impl Naming {
    /// Finds the place of the container called `name`, whose labels `label` looks up.
    pub fn place<'a>(&self, name: &'a str, label: impl Fn(&str) -> Option<&'a str>) -> Named<'a> {
        let filled = |key: &str| label(key).filter(|value| !value.trim().is_empty());
        let is_composed = filled(COMPOSE_PROJECT).is_some();
        let name = without_replaced_prefix(name).filter(|_| is_composed).unwrap_or(name);
        let by_label = || filled(TENANT_LABEL).or_else(|| self.label.as_deref().and_then(filled));
        let groups = self.pattern.as_ref().and_then(|pattern| pattern.captures(name));
        let group = |key: &str| groups.as_ref().and_then(|found| found.name(key)).map(|found| found.as_str());
        let by_pattern = || group("tenant").filter(|tenant| !tenant.is_empty());
        let tenant = by_label().or_else(by_pattern).or_else(|| filled(COMPOSE_PROJECT)).unwrap_or(name);
        let role = filled(ROLE_LABEL).or_else(|| group("role")).or_else(|| filled(COMPOSE_SERVICE));
        let tier = filled(TIER_LABEL)
            .and_then(|text| text.trim().parse().ok())
            .or_else(|| self.tiers.iter().find(|(glob, _)| fits(glob, tenant)).map(|(_, tier)| *tier))
            .or(self.default_tier);
        Named { tenant, role, tier }
    }
}

/// A container's name without the prefix of 12 hex digits and `_` that compose gives one while another replaces it; nothing where
/// it has none.
#[must_use]
pub fn without_replaced_prefix(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('_')?;
    let is_id = prefix.len() == 12 && prefix.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    (is_id && !rest.is_empty()).then_some(rest)
}

/// Whether a name in a list is one that a link gave a container (`/acme-app/db`), and not its own.
#[must_use]
pub fn is_alias(name: &str) -> bool {
    name.strip_prefix('/').unwrap_or(name).contains('/')
}

/// Whether `text` fits `glob`, in which `*` stands for any run of characters.
#[must_use]
pub fn fits(glob: &str, text: &str) -> bool {
    let mut pieces = glob.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(middle) = last.replace(piece) {
            match rest.find(middle) {
                Some(at) => rest = &rest[at + middle.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end: &str| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn place<'a>(naming: &Naming, name: &'a str, labels: &[(&'a str, &'a str)]) -> Named<'a> {
        naming.place(name, |key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v))
    }

    fn with_pattern() -> Naming {
        Naming {
            label: Some("customer".into()),
            pattern: Some(Regex::new("^(?<tenant>.+)-(?<role>app|db)$").unwrap()),
            tiers: vec![("gold-*".into(), Tier::Vip), ("*".into(), Tier::Low)],
            default_tier: None,
        }
    }

    #[test]
    fn rules_are_asked_in_their_order() {
        let naming = with_pattern();
        let all = [("wakeboard.tenant", "a"), ("customer", "b"), (COMPOSE_PROJECT, "c")];
        assert_eq!(place(&naming, "d-app", &all).tenant, "a");
        assert_eq!(place(&naming, "d-app", &all[1..]).tenant, "b");
        assert_eq!(place(&naming, "d-app", &all[2..]).tenant, "d");
        assert_eq!(place(&naming, "d", &all[2..]).tenant, "c");
        assert_eq!(place(&naming, "d", &[]).tenant, "d");
    }

    #[test]
    fn a_container_that_compose_replaces_stays_where_it_was() {
        let composed = [(COMPOSE_PROJECT, "c")];
        assert_eq!(place(&with_pattern(), "0123456789ab_d-app", &composed).tenant, "d");
        assert_eq!(place(&with_pattern(), "0123456789ab_d-app", &composed).role, Some("app"));
        // Without compose's labels it is a name like any other.
        assert_eq!(place(&with_pattern(), "0123456789ab_d-app", &[]).tenant, "0123456789ab_d");
        assert_eq!(place(&with_pattern(), "0123456789aX_d-app", &composed).tenant, "0123456789aX_d");
        assert_eq!(without_replaced_prefix("0123456789ab_"), None);
    }

    #[rstest]
    #[case("/acme-app/db", true)]
    #[case("/acme-db", false)]
    #[case("acme-db", false)]
    fn a_link_gives_no_name(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_alias(name), expected);
    }

    #[test]
    fn an_empty_label_names_nobody() {
        assert_eq!(place(&Naming::default(), "d", &[("wakeboard.tenant", " ")]).tenant, "d");
    }

    #[test]
    fn role_and_tier_come_with_the_place() {
        let place = place(&with_pattern(), "gold-1-db", &[]);
        assert_eq!(place.tenant, "gold-1");
        assert_eq!(place.role, Some("db"));
        assert_eq!(place.tier, Some(Tier::Vip));
    }

    #[test]
    fn an_unknown_tier_label_falls_to_the_config() {
        let place = place(&with_pattern(), "x", &[("wakeboard.tier", "platinum")]);
        assert_eq!(place.tier, Some(Tier::Low));
    }

    #[rstest]
    #[case("acme", "acme", true)]
    #[case("acme", "acme2", false)]
    #[case("a*", "acme", true)]
    #[case("*me", "acme", true)]
    #[case("a*m*e", "acme", true)]
    #[case("a*x*e", "acme", false)]
    #[case("*", "", true)]
    #[case("aa*aa", "aaa", false)]
    fn globs(#[case] glob: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(fits(glob, text), expected);
    }
}
