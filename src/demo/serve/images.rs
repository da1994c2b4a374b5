//! Images, and shells in containers.

use hyper::body::Bytes;
use serde_json::json;

use super::Shared;
use super::answer;
use super::request::Asked;
use super::route::Answer;
use crate::demo::sim::Refusal;

/// `POST /images/create?fromSrc=-`: the archive itself is not kept.
pub(super) fn import(
    asked: &Asked,
    archive: &Bytes,
    host: usize,
    shared: &Shared,
) -> Result<Answer, Refusal> {
    if asked.get("fromSrc") != Some("-") {
        return Err(Refusal::new(
            500,
            "a simulated engine pulls nothing: no registry can be reached".to_owned(),
        ));
    }
    if archive.is_empty() {
        return Err(Refusal::new(500, "unexpected EOF".to_owned()));
    }
    let name = asked.get("repo").unwrap_or_default();
    if name.is_empty() {
        return Err(Refusal::new(400, "a simulated engine imports no image without a name".to_owned()));
    }
    let tag = asked.get("tag").filter(|tag| !tag.is_empty());
    let name = tag.map_or_else(|| name.to_owned(), |tag| format!("{name}:{tag}"));
    let id = shared.world.hosts[host].engine().import(&name);
    Ok(answer::json(&json!({ "status": id })))
}

/// `GET /images/{name}/json`
pub(super) fn inspect(name: &str, host: usize, shared: &Shared) -> Result<Answer, Refusal> {
    let engine = shared.world.hosts[host].engine();
    let Some(full) = engine.image(name) else {
        return Err(Refusal::new(404, format!("no such image: {name}: No such image: {name}")));
    };
    let id = format!("sha256:{}", crate::demo::chance::Chance::new(0, &full).hex(64));
    Ok(answer::json(&json!({
        "Id": id,
        "RepoTags": [full],
        "RepoDigests": [],
        "Parent": "",
        "Created": "2024-01-01T00:00:00Z",
        "DockerVersion": engine.about.version,
        "Config": { "Env": [], "Cmd": null, "Labels": null },
        // Nothing of ours could run in a container of it.
        "Architecture": "simulated",
        "Os": "linux",
        "Size": 1_048_576,
        "RootFS": { "Type": "layers", "Layers": [id] },
    })))
}

/// `GET /exec/{id}/json`
pub(super) fn session(id: &str, host: usize, shared: &Shared) -> Result<Answer, Refusal> {
    let found = shared.world.hosts[host].engine().session(id);
    let none = || Refusal::new(404, format!("No such exec instance: {id}"));
    found.map(|session| answer::json(&session)).ok_or_else(none)
}
