use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// A container of Docker 20.10, shortened: it runs, and has all kinds of mounts and two networks.
fn original() -> Value {
    json!({
        "Id": "bed4b2a90365d102135334e039021a2e16b51c6bbeec053def1b324b88c4e6d4", "Name": "/acme-db", "Path": "/bin/sh",
        "Args": ["-c", "sleep 1000"], "Image": "sha256:53dd", "Driver": "overlay2", "Platform": "linux", "RestartCount": 3,
        "State": {"Status": "running", "Pid": 27350}, "LogPath": "/var/lib/docker/x", "HostsPath": "/var/lib/docker/hosts",
        "HostConfig": {
            "Binds": ["data:/data/", "/x:/x//y"], "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
            "NetworkMode": "n1", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "19281"}]},
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}, "Links": ["/other:/acme-db/alias"],
            "CapDrop": ["CAP_NET_RAW"], "Memory": 67_108_864, "MemorySwappiness": null, "Init": true,
            "Mounts": [{"Type": "volume", "Target": "/m/"}, {"Type": "bind", "Source": "/tmp", "Target": "/mm/"}]
        },
        "Mounts": [
            {"Type": "volume", "Name": "29bb", "Source": "/v/29bb", "Destination": "/anon", "Mode": "", "RW": true},
            {"Type": "volume", "Name": "data", "Source": "/v/data", "Destination": "/data", "Mode": "z", "RW": true},
            {"Type": "bind", "Source": "/x", "Destination": "/x/y", "Mode": "", "RW": true, "Propagation": "rprivate"}
        ],
        "Config": {
            "Hostname": "acme", "Env": ["A=b c", "SECRET=1"], "Cmd": ["-c", "sleep 1000"], "Image": "tenant:1",
            "Volumes": {"/anon": {}}, "Labels": {"com.docker.compose.project": "acme", "a": "b"}, "StopTimeout": 60
        },
        "NetworkSettings": {"SandboxID": "8848", "IPAddress": "", "Networks": {
            "n1": {"IPAMConfig": {"IPv4Address": "10.214.101.9"}, "Links": null, "Aliases": ["db", "bed4b2a90365", "acme"],
                   "IPAddress": "10.214.101.9", "MacAddress": "02:42:0a:d6:65:09", "EndpointID": "4216", "DriverOpts": null},
            "n2": {"IPAMConfig": {}, "Aliases": ["bed4b2a90365", "second"], "IPAddress": "10.0.0.2", "MacAddress": "02:42:0a:00:00:02"}
        }}
    })
}

/// What the engine says of its rehearsal.
fn again() -> Value {
    let mut it = original();
    it["Id"] = "f9352da3e84fe0322981b830381b6ee0140eec5c85d1292f20b5db2e6bfa4992".into();
    it["Name"] = "/wakeboard-canary-rehearsal-1700000000-0000000000000001".into();
    it["State"] = json!({"Status": "created", "Pid": 0});
    (it["RestartCount"], it["LogPath"], it["HostsPath"]) = (0.into(), "".into(), "".into());
    it["Config"]["Labels"] = json!({LABEL: "rehearsal"});
    it["HostConfig"]["RestartPolicy"] = json!({"Name": "", "MaximumRetryCount": 0});
    it["HostConfig"]["Binds"] = json!(["data:/data/:nocopy", "/x:/x//y", "29bb:/anon:nocopy"]);
    it["HostConfig"]["Links"] =
        json!(["/other:/wakeboard-canary-rehearsal-1700000000-0000000000000001/alias"]);
    it["HostConfig"]["Mounts"][0] =
        json!({"Type": "volume", "Source": "ce52", "Target": "/m/", "VolumeOptions": {"NoCopy": true}});
    it["Mounts"][0]["Mode"] = "nocopy".into();
    it["Mounts"].as_array_mut().unwrap().reverse();
    it["NetworkSettings"] = json!({"Networks": {
        "n1": {"IPAMConfig": {"IPv4Address": "10.214.101.9"}, "Aliases": ["acme", "db"], "MacAddress": ""},
        "n2": {"IPAMConfig": null, "Aliases": ["second", "f9352da3e84f"], "MacAddress": ""}
    }});
    it
}

fn recipe() -> Value {
    json!({
        "name": "acme-db", "Labels": original()["Config"]["Labels"],
        "HostConfig": {
            "RestartPolicy": original()["HostConfig"]["RestartPolicy"],
            "Binds": ["data:/data/", "/x:/x//y", "29bb:/anon:ro"], "Mounts": [{"Type": "volume", "Source": "ce52", "Target": "/m/"}]
        },
        "NetworkingConfig": {"EndpointsConfig": {"n1": {}, "n2": {}}}
    })
}

fn places(original: &Value, again: &Value) -> Vec<String> {
    differences(original, again, &recipe()).into_iter().map(|it| it.place).collect()
}

#[test]
fn what_became_of_a_container_is_no_difference() {
    assert_eq!(differences(&original(), &again(), &recipe()), []);
}

#[rstest]
#[case::time_zone("/Config/Timezone", json!("Asia/Tokyo"), "Config.Timezone")]
#[case::umask("/Config/Umask", json!("0027"), "Config.Umask")]
#[case::secrets("/Config/Secrets", json!([{"Name": "s"}]), "Config.Secrets")]
#[case::annotations("/Config/Annotations", json!({"a.b": "c"}), "Config.Annotations.a.b")]
#[case::log_driver("/HostConfig/LogConfig/Type", json!("local"), "HostConfig.LogConfig.Type")]
#[case::log_options("/HostConfig/LogConfig/Config/max-size", json!("2m"), "HostConfig.LogConfig.Config.max-size")]
#[case::variables("/Config/Env", json!(["A=b c"]), "Config.Env")]
#[case::command("/Args", json!(["-c"]), "Args")]
#[case::image("/Image", json!("sha256:other"), "Image")]
#[case::policy("/HostConfig/RestartPolicy/Name", json!("no"), "HostConfig.RestartPolicy")]
#[case::label("/Config/Labels/a", json!("c"), "Labels.a")]
#[case::limit("/HostConfig/Memory", json!(1), "HostConfig.Memory")]
#[case::swappiness("/HostConfig/MemorySwappiness", json!(0), "HostConfig.MemorySwappiness")]
#[case::link("/HostConfig/Links", json!(["/other:/acme-db/another"]), "HostConfig.Links")]
#[case::unheard_of("/HostConfig/WhatWillBe", json!([1]), "HostConfig.WhatWillBe")]
#[case::volume("/Mounts/1/Name", json!("data2"), "Mounts./data.Name")]
#[case::read_only("/Mounts/2/RW", json!(false), "Mounts./x/y.RW")]
#[case::volume_options("/HostConfig/Mounts/0/VolumeOptions", json!({"Subpath": "x"}), "HostConfig.Mounts./m.VolumeOptions.Subpath")]
#[case::alias("/NetworkSettings/Networks/n2/Aliases", json!([]), "Networks.n2.Aliases")]
#[case::address("/NetworkSettings/Networks/n1/IPAMConfig", json!({"IPv4Address": "10.214.101.8"}), "Networks.n1.IPAMConfig.IPv4Address")]
#[case::mac("/NetworkSettings/Networks/n2/MacAddress", json!("02:42:0a:0a:0a:0b"), "Networks.n2.MacAddress")]
fn what_would_be_lost_is_named(#[case] place: &str, #[case] value: Value, #[case] named: &str) {
    let mut original = original();
    let (parent, key) = place.rsplit_once('/').unwrap();
    original.pointer_mut(parent).unwrap()[key] = value;
    assert_eq!(places(&original, &again()), [named]);
}

#[test]
fn a_mount_or_a_network_may_be_missing_or_too_much() {
    let mut less = again();
    less["Mounts"].as_array_mut().unwrap().pop();
    less["NetworkSettings"]["Networks"].as_object_mut().unwrap().remove("n2");
    let missing = places(&original(), &less);
    assert!(missing.iter().any(|it| it.starts_with("Mounts./anon")), "{missing:?}");
    assert!(missing.iter().any(|it| it.starts_with("Networks.n2")), "{missing:?}");
    assert!(!places(&less, &original()).is_empty());
}

#[test]
fn a_chosen_mac_address_is_kept_by_the_recipe() {
    let mut original = original();
    original["NetworkSettings"]["Networks"]["n2"]["MacAddress"] = "02:42:0a:0a:0a:0b".into();
    let mut recipe = recipe();
    recipe["NetworkingConfig"]["EndpointsConfig"]["n2"]["MacAddress"] = "02:42:0a:0a:0a:0b".into();
    assert_eq!(differences(&original, &again(), &recipe), []);
}

#[test]
fn podmans_words_for_its_defaults_are_no_difference() {
    let (mut original, mut again) = (original(), again());
    for (place, now, then) in [("Umask", "0022", "0000"), ("sdNotifyMode", "container", "")] {
        original["Config"][place] = now.into();
        again["Config"][place] = then.into();
    }
    original["HostConfig"]["LogConfig"]["Type"] = "k8s-file".into();
    original["Config"]["Annotations"] = json!({"io.container.manager": "libpod"});
    original["Config"]["Env"] = json!(["SECRET=1", "A=b c"]);
    assert_eq!(differences(&original, &again, &recipe()), []);
    original["Config"]["Umask"] = "0000".into();
    original["Config"]["CreateCommand"] = json!(["podman", "run", "--umask=0000"]);
    assert_eq!(places(&original, &again), ["Config.Umask"]);
}

#[test]
fn in_the_machines_own_names_a_hostname_says_nothing() {
    let (mut original, mut again) = (original(), again());
    original["Config"]["Hostname"] = "bed4b2a90365".into();
    again["Config"]["Hostname"] = "f9352da3e84f".into();
    assert_eq!(places(&original, &again), ["Config.Hostname"]);
    for inspect in [&mut original, &mut again] {
        inspect["HostConfig"]["UTSMode"] = "host".into();
    }
    assert_eq!(places(&original, &again), Vec::<String>::new());
}

#[test]
fn a_switch_that_nobody_turned_is_off() {
    let (mut original, mut again) = (original(), again());
    original["HostConfig"]["OomKillDisable"] = Value::Null;
    again["HostConfig"]["OomKillDisable"] = false.into();
    assert_eq!(places(&original, &again), Vec::<String>::new());
    original["HostConfig"]["OomKillDisable"] = true.into();
    assert_eq!(places(&original, &again), ["HostConfig.OomKillDisable"]);
}

#[rstest]
#[case(&["podman", "run", "--ip", "10.0.0.9", "tenant:1"], true)]
#[case(&["podman", "run", "--ip6=fd00::9", "localhost/tenant:1"], true)]
#[case(&["podman", "run", "--network", "n1:alias=x,ip=10.0.0.9", "tenant:1"], true)]
#[case(&["podman", "run", "--network=n1:ip6=fd00::9", "tenant:1"], true)]
#[case(&["podman", "run", "--ipc", "host", "--stop-timeout", "1", "tenant:1"], false)]
#[case(&["podman", "run", "-e", "ip=1", "tenant:1", "serve", "--ip", "0.0.0.0"], false)]
#[case(&[], false)]
fn a_static_address_that_podman_does_not_tell_is_named(#[case] command: &[&str], #[case] named: bool) {
    let (mut original, mut again) = (original(), again());
    for inspect in [&mut original, &mut again] {
        inspect["Config"]["Image"] = "localhost/tenant:1".into();
    }
    original["Config"]["CreateCommand"] = json!(command);
    let expected: &[&str] = if named { &["NetworkSettings.Networks"] } else { &[] };
    assert_eq!(places(&original, &again), expected);
    let text = told(&differences(&original, &again, &recipe()));
    assert_eq!(text, if named { "static address (NetworkSettings.Networks)" } else { "" });
}

#[test]
fn an_image_that_lost_its_name_is_the_same_image() {
    let mut again = again();
    again["Config"]["Image"] = "sha256:53dd".into();
    assert_eq!(places(&original(), &again), Vec::<String>::new());
    again["Config"]["Image"] = "tenant:2".into();
    assert_eq!(places(&original(), &again), ["Image name"]);
}

#[test]
fn differences_are_told_without_secrets_and_without_end() {
    let mut original = original();
    original["Config"]["Timezone"] = "Asia/\u{1b}Tokyo".into();
    original["Config"]["Env"] = json!(["SECRET=hush"]);
    original["HostConfig"]["LogConfig"]["Type"] = "local".into();
    let text = told(&differences(&original, &again(), &recipe()));
    assert!(text.contains("time zone (Config.Timezone): Asia/␛Tokyo would be lost"), "{text}");
    assert!(text.contains("log driver (HostConfig.LogConfig.Type): local would be json-file"), "{text}");
    assert!(text.contains("Config.Env") && !text.contains("hush"), "{text}");
    let host = original["HostConfig"].as_object_mut().unwrap();
    host.extend((0..100).map(|at| (format!("X{at:03}"), json!("x"))));
    assert!(told(&differences(&original, &again(), &recipe())).ends_with("97 more"));
}

#[test]
fn a_rehearsal_is_nobodys_and_writes_nowhere() {
    let rehearsal = rehearsal(&recipe(), "wakeboard-canary-rehearsal-1-0000000000000001", "1.2.3.x@y", true);
    assert_eq!(rehearsal["name"], "wakeboard-canary-rehearsal-1-0000000000000001");
    assert_eq!(rehearsal["Labels"], json!({"wakeboard.canary": "rehearsal", "wakeboard.maker": "1.2.3.x@y"}));
    assert_eq!(rehearsal["HostConfig"]["RestartPolicy"]["Name"], "");
    assert_eq!(
        rehearsal["HostConfig"]["Binds"],
        json!(["data:/data/:nocopy", "/x:/x//y", "29bb:/anon:ro,nocopy"])
    );
    assert_eq!(rehearsal["HostConfig"]["Mounts"][0]["VolumeOptions"]["NoCopy"], true);
    assert_eq!(rehearsal["NetworkingConfig"], recipe()["NetworkingConfig"]);
}

#[test]
fn only_volumes_that_the_rehearsal_made_are_its_own() {
    let mut again = again();
    again["Mounts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"Type": "volume", "Name": "77aa", "Destination": "/new"}));
    again["Mounts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"Type": "volume", "Name": "ce52", "Destination": "/m"}));
    assert_eq!(volumes_made(&original(), &again, &recipe()), ["77aa"]);
    assert_eq!(volumes_made(&original(), &original(), &recipe()), Vec::<String>::new());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z/:.,]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[A-Za-z]{1,4}", inner, 0..4).prop_map(|it| json!(it)),
        ]
    })
}

proptest! {
    /// Whatever an engine says: a container differs in nothing from itself.
    #[test]
    fn a_container_is_itself(config in json_value(), host in json_value(), mounts in json_value(), networks in json_value()) {
        let inspect = json!({
            "Id": "abc", "Image": "sha256:1", "Config": config, "HostConfig": host, "Mounts": mounts,
            "NetworkSettings": {"Networks": networks}
        });
        let mut kept = serde_json::Map::new();
        for (name, network) in inspect["NetworkSettings"]["Networks"].as_object().into_iter().flatten() {
            kept.insert(name.clone(), json!({"MacAddress": network["MacAddress"]}));
        }
        let recipe = json!({
            "Labels": inspect["Config"]["Labels"], "HostConfig": inspect["HostConfig"],
            "NetworkingConfig": {"EndpointsConfig": kept}
        });
        prop_assert_eq!(differences(&inspect, &inspect, &recipe), vec![]);
    }

    /// A setting that nobody here knows is never lost in silence.
    #[test]
    fn what_is_unheard_of_is_compared(key in "[A-Z][a-z]{8}", value in json_value()) {
        let mut original = original();
        original["HostConfig"][&key] = value.clone();
        let found = places(&original, &again());
        prop_assert_eq!(found.is_empty(), is_empty_all_through(&value), "{:?}", found);
    }
}

/// Whether there is nothing in it but further emptiness.
fn is_empty_all_through(value: &Value) -> bool {
    match value {
        Value::Object(items) => items.values().all(is_empty_all_through),
        value => is_nothing(value),
    }
}
