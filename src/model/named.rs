//! Tenants by the names that people write: `acme`, or `web-1/acme` where several hosts have one of that name.

use std::sync::Arc;

use super::fleet::Fleet;
use super::work::{TenantKey, Work};

/// A word that means no tenant, or more than one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unnamed {
    /// There is none.
    #[error("there is no tenant {0:?}")]
    Nobody(String),
    /// There are several.
    #[error("{word} is on {hosts}: write {example}")]
    Several {
        /// What was written.
        word: String,
        /// The hosts that have one.
        hosts: String,
        /// What would mean one of them.
        example: String,
    },
}

/// The tenants of these names, each once, in the order in which they were written. One that sleeps and has no container
/// left is found too.
///
/// # Errors
/// The first word that means no tenant, or more than one.
pub fn tenants_named<S: AsRef<str>>(
    words: &[S],
    fleet: &Fleet,
    work: &Work,
) -> Result<Vec<TenantKey>, Unnamed> {
    let mut known: Vec<TenantKey> =
        fleet.tenants().map(|tenant| (tenant.host.clone(), tenant.name.clone())).collect();
    known.extend(work.tenants_on(fleet));
    known.sort();
    known.dedup();
    let mut keys: Vec<TenantKey> = Vec::new();
    for word in words {
        let key = one(word.as_ref(), &known)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn one(word: &str, known: &[TenantKey]) -> Result<TenantKey, Unnamed> {
    let by_name: Vec<&TenantKey> = known.iter().filter(|(_, name)| **name == *word).collect();
    match by_name.as_slice() {
        [only] => return Ok((*only).clone()),
        [] => {}
        several => {
            let hosts: Vec<&str> = several.iter().map(|(host, _)| &**host).collect();
            let example = format!("{}/{word}", hosts[0]);
            return Err(Unnamed::Several { word: word.to_owned(), hosts: hosts.join(" and "), example });
        }
    }
    let whole = |key: &&TenantKey| {
        word.strip_prefix(&*key.0).and_then(|rest| rest.strip_prefix('/')) == Some(&*key.1 as &str)
    };
    known.iter().find(whole).cloned().ok_or_else(|| Unnamed::Nobody(word.to_owned()))
}

/// A tenant's key.
#[must_use]
pub fn key(host: &str, tenant: &str) -> TenantKey {
    (Arc::from(host), Arc::from(tenant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use crate::model::fleet::{Host, Link, tenants};
    use crate::model::picture::Picture;

    fn fleet(hosts: &[(&str, &[&str])]) -> Fleet {
        let host = |(name, names): &(&str, &[&str])| {
            let containers = names.iter().map(|id| facts(id, Phase::Running)).collect();
            let mut picture = Picture::default();
            picture.apply_list(containers, std::time::Duration::ZERO);
            let name = Arc::from(*name);
            Arc::new(Host {
                tenants: tenants(&name, &picture, &Link::Up, &crate::model::overlay::Overlay::default()),
                endpoint: "tcp://x:1".into(),
                name,
                link: Link::Up,
                engine: None,
                heard: None,
                remembered: true,
            })
        };
        Fleet { hosts: hosts.iter().map(host).collect(), turn: 0 }
    }

    #[test]
    fn a_name_means_one_tenant_or_says_how_to_write_it() {
        let fleet = fleet(&[("web-1", &["a", "b"]), ("web-2", &["b"])]);
        let named = |words: &[&str]| tenants_named(words, &fleet, &Work::default());
        assert_eq!(named(&["tenant-a", "tenant-a"]), Ok(vec![key("web-1", "tenant-a")]));
        assert_eq!(named(&["web-2/tenant-b"]), Ok(vec![key("web-2", "tenant-b")]));
        let told = named(&["tenant-b"]).unwrap_err().to_string();
        assert_eq!(told, "tenant-b is on web-1 and web-2: write web-1/tenant-b");
        assert_eq!(named(&["nobody"]), Err(Unnamed::Nobody("nobody".to_owned())));
    }
}
