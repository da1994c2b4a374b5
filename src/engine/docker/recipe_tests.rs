use super::*;

/// What Docker 20.10 says of a container with volumes and two networks, shortened.
fn recorded() -> Value {
    json!({
        "Id": "8ebc80484249e645ac8b0f7388c1f5609dbf1013f3e6b92ad1c72d0a3d8fc1c2",
        "Name": "/acme-db",
        "Image": "sha256:4972",
        "HostConfig": {
            "Binds": ["named:/data"], "NetworkMode": "n1", "Memory": 67_108_864, "VolumesFrom": null,
            "Mounts": [{"Type": "volume", "Target": "/m"}]
        },
        "Mounts": [
            {"Type": "volume", "Name": "named", "Destination": "/data", "RW": true},
            {"Type": "volume", "Name": "1791", "Destination": "/anon", "RW": true},
            {"Type": "volume", "Name": "2802", "Destination": "/m", "RW": true},
            {"Type": "bind", "Source": "/etc/x", "Destination": "/x", "RW": false}
        ],
        "Config": {"Hostname": "8ebc80484249", "Image": "busybox:1", "Env": ["A=b"], "Volumes": {"/anon": {}}},
        "NetworkSettings": {"Networks": {
            "n2": {"IPAMConfig": {}, "Links": null, "Aliases": ["al2", "8ebc80484249"], "IPAddress": "10.0.0.2"},
            "n1": {"IPAMConfig": {"IPv4Address": "10.250.1.9"}, "Aliases": ["8ebc80484249"], "IPAddress": "10.250.1.9", "MacAddress": "02:42:0a:fa:01:09"}
        }}
    })
}

#[test]
fn an_inspect_becomes_a_recipe() {
    let recipe = of_inspect(recorded(), false).unwrap();
    assert_eq!(recipe["name"], "acme-db");
    assert_eq!(recipe["Env"], json!(["A=b"]));
    assert_eq!(recipe["HostConfig"]["Binds"], json!(["named:/data", "1791:/anon", "/etc/x:/x:ro"]));
    assert_eq!(recipe["HostConfig"]["Mounts"][0]["Source"], "2802");
    let endpoints = json!({"n1": {"IPAMConfig": {"IPv4Address": "10.250.1.9"}}, "n2": {"Aliases": ["al2"]}});
    assert_eq!(recipe["NetworkingConfig"]["EndpointsConfig"], endpoints);
}

#[test]
fn a_recipe_is_followed_with_one_network_first() {
    let mut recipe = of_inspect(recorded(), false).unwrap().as_object().unwrap().clone();
    let others = other_networks(&mut recipe);
    assert_eq!(others, [("n2".to_owned(), json!({"Aliases": ["al2"]}))]);
    assert!(recipe["NetworkingConfig"]["EndpointsConfig"].as_object().unwrap().keys().eq(["n1"]));
    assert_eq!(other_networks(&mut Map::new()), []);
}

#[test]
fn what_hangs_on_another_container_has_no_recipe() {
    let mut inspect = recorded();
    inspect["HostConfig"]["NetworkMode"] = "container:1234".into();
    assert!(of_inspect(inspect, false).unwrap_err().contains("shares parts of another container"));
}

#[test]
fn words_of_podman_are_translated() {
    let mut inspect = recorded();
    inspect["HostConfig"]["MemorySwappiness"] = 0.into();
    inspect["HostConfig"]["NanoCpus"] = 500_000_000.into();
    inspect["HostConfig"]["CpuQuota"] = 50_000.into();
    inspect["HostConfig"]["Ulimits"] = json!([{"Name": "RLIMIT_NOFILE", "Hard": 1, "Soft": 1}]);
    let recipe = of_inspect(inspect, true).unwrap();
    assert!(recipe["HostConfig"].get("MemorySwappiness").is_none());
    assert!(recipe["HostConfig"].get("NanoCpus").is_none() && recipe["HostConfig"]["CpuQuota"] == 50_000);
    assert_eq!(recipe["HostConfig"]["Ulimits"][0]["Name"], "nofile");
}

#[test]
fn each_place_is_mounted_once_however_it_is_written() {
    let mut inspect = recorded();
    inspect["HostConfig"]["Binds"] = json!(["named:/data/", "/src:/x//y", "/b"]);
    inspect["HostConfig"]["Mounts"] =
        json!([{"Type": "volume", "Target": "/m/"}, {"Type": "bind", "Source": "/tmp", "Target": "//mm/."}]);
    inspect["HostConfig"]["Tmpfs"] = json!({"/run/": ""});
    inspect["Config"]["Volumes"] = json!({"/anon/": {}, "/run": {}});
    inspect["Mounts"] = json!([
        {"Type": "volume", "Name": "named", "Destination": "/data", "RW": true, "Mode": "z"},
        {"Type": "bind", "Source": "/src", "Destination": "/x/y", "RW": true, "Propagation": "rprivate"},
        {"Type": "volume", "Name": "2802", "Destination": "/m", "RW": true, "Mode": "z"},
        {"Type": "bind", "Source": "/tmp", "Destination": "/mm", "RW": true},
        {"Type": "volume", "Name": "1791", "Destination": "/anon", "RW": true},
        {"Type": "volume", "Name": "3903", "Destination": "/b", "RW": true},
        {"Type": "bind", "Source": "/s", "Destination": "/shared", "RW": false, "Mode": "Z", "Propagation": "rshared"},
        {"Type": "tmpfs", "Destination": "/run"}
    ]);
    let recipe = of_inspect(inspect, false).unwrap();
    let binds = json!(["named:/data/", "/src:/x//y", "1791:/anon", "3903:/b", "/s:/shared:ro,Z,rshared"]);
    assert_eq!(recipe["HostConfig"]["Binds"], binds);
    assert_eq!(recipe["HostConfig"]["Mounts"][0]["Source"], "2802");
}

#[test]
fn a_mac_address_that_somebody_chose_is_kept() {
    let mut inspect = recorded();
    inspect["NetworkSettings"]["Networks"]["n2"]["MacAddress"] = "02:42:0a:0a:0a:0b".into();
    let recipe = of_inspect(inspect, false).unwrap();
    let endpoints = &recipe["NetworkingConfig"]["EndpointsConfig"];
    assert_eq!(endpoints["n2"]["MacAddress"], "02:42:0a:0a:0a:0b");
    assert!(endpoints["n1"].get("MacAddress").is_none(), "the engine makes it of the address");
}
