//! A recipe in a line: what of it gives a container power over its host.

use serde_json::Value;

/// `tenant:1 sh -c ...; privileged; mounts /srv:/srv; network host`.
pub(super) fn in_short(recipe: &str) -> String {
    let Ok(recipe) = serde_json::from_str::<Value>(recipe) else {
        return "something that cannot be read".to_owned();
    };
    let host = &recipe["HostConfig"];
    let mut words = vec![text(&recipe["Image"])];
    words.extend(list(&recipe["Entrypoint"]));
    words.extend(list(&recipe["Cmd"]));
    let mut parts = vec![words.join(" ")];
    if host["Privileged"] == Value::Bool(true) {
        parts.push("privileged".to_owned());
    }
    let mounts = host["Mounts"].as_array().into_iter().flatten();
    let mounts = mounts.map(|mount| format!("{}:{}", text(&mount["Source"]), text(&mount["Target"])));
    let mounts: Vec<String> = list(&host["Binds"]).into_iter().chain(mounts).collect();
    for (name, values) in [
        ("mounts", mounts),
        ("capabilities", list(&host["CapAdd"])),
        ("security", list(&host["SecurityOpt"])),
    ] {
        if !values.is_empty() {
            parts.push(format!("{name} {}", values.join(" ")));
        }
    }
    let devices = host["Devices"].as_array().into_iter().flatten();
    let devices: Vec<String> = devices.map(|device| text(&device["PathOnHost"])).collect();
    if !devices.is_empty() {
        parts.push(format!("devices {}", devices.join(" ")));
    }
    for (name, key) in
        [("network", "NetworkMode"), ("pid", "PidMode"), ("ipc", "IpcMode"), ("user", "UsernsMode")]
    {
        let mode = text(&host[key]);
        if mode == "host" || mode.starts_with("container:") {
            parts.push(format!("{name} {mode}"));
        }
    }
    parts.join("; ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        other => other.as_array().into_iter().flatten().map(text).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_short;

    #[test]
    fn power_over_the_host_is_named() {
        let recipe = r#"{"Image":"tenant:1","Cmd":["sh","-c","true"],"HostConfig":{"Privileged":true,
            "Binds":["/:/host"],"CapAdd":["SYS_ADMIN"],"PidMode":"host","NetworkMode":"default",
            "Devices":[{"PathOnHost":"/dev/sda"}]}}"#;
        assert_eq!(
            in_short(recipe),
            "tenant:1 sh -c true; privileged; mounts /:/host; capabilities SYS_ADMIN; devices /dev/sda; pid host"
        );
        assert_eq!(in_short("no recipe"), "something that cannot be read");
    }
}
