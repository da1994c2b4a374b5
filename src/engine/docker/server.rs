//! What an engine calls itself.

use std::sync::Arc;

use bollard::models::SystemVersion;

use crate::model::plain::plain;

/// An engine's kind and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Podman, and not Docker.
    pub is_podman: bool,
    /// Its version.
    pub version: Arc<str>,
}

impl Server {
    /// From the head of any of its answers, which spares a question: `Docker/20.10.24+dfsg1 (linux)`, `Libpod/4.3.1 (linux)`.
    /// Nothing where somebody in between has written another one.
    pub fn of_header(value: &str) -> Option<Server> {
        let (kind, version) = value.split_whitespace().next()?.split_once('/')?;
        let is_podman = match kind {
            "Docker" => false,
            "Libpod" => true,
            _ => return None,
        };
        (!version.is_empty()).then(|| Server { is_podman, version: plain(version).as_ref().into() })
    }

    /// From its answer to `/version`, for which it starts programs: some 5 ms.
    pub fn of_version(said: &SystemVersion) -> Server {
        Server {
            is_podman: said.components.iter().flatten().any(|part| part.name.contains("Podman")),
            version: plain(said.version.as_deref().unwrap_or_default()).as_ref().into(),
        }
    }

    /// `Docker` or `Podman`.
    pub fn kind(&self) -> &'static str {
        if self.is_podman { "Podman" } else { "Docker" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Docker/20.10.24+dfsg1 (linux)", Some(("Docker", "20.10.24+dfsg1")))]
    #[case("Libpod/4.3.1 (linux)", Some(("Podman", "4.3.1")))]
    #[case("nginx/1.22.1", None)]
    #[case("Docker/ (linux)", None)]
    #[case("Docker", None)]
    #[case("", None)]
    fn the_head_of_an_answer_tells(#[case] value: &str, #[case] expected: Option<(&str, &str)>) {
        let server = Server::of_header(value);
        assert_eq!(server.as_ref().map(|it| (it.kind(), &*it.version)), expected);
    }
}
