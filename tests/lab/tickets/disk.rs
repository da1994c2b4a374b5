//! A disk that runs full, and an engine without CRIU: a Docker of the test's own (`tests/lab/small-disk`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Bench, COUNTER};
use crate::common::Home;
use crate::engine::{Engine, lab};

/// What the tenant holds of memory.
const MEBIBYTES: u64 = 40;
const MIB: u64 = 1 << 20;
const TENANT: &str = "sorrel";

/// A Docker whose data lies on a small file system; gone with this.
struct SmallDisk {
    near: String,
    far: String,
    disk: PathBuf,
}

fn script(verb: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/small-disk");
    let mut command = Command::new(script);
    let output = command.arg(verb).env("WAKEBOARD_LAB_DIR", lab("WAKEBOARD_LAB")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "small-disk {verb}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

impl SmallDisk {
    fn start(verb: &str) -> SmallDisk {
        let said = script(verb);
        let mut lines = said.lines().map(str::to_owned);
        let mut line = || lines.next().unwrap();
        SmallDisk { near: line(), far: line(), disk: line().into() }
    }

    /// Free bytes.
    fn free(&self) -> u64 {
        free(&self.disk)
    }

    /// Leaves so many bytes free.
    fn fill(&self, leave: u64) {
        fill(&self.disk, leave);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.disk.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A second panic while one is under way would end the whole run.
        if thread::panicking() {
            let _ = std::panic::catch_unwind(|| script("stop"));
        } else {
            script("stop");
        }
    }
}

fn free(disk: &Path) -> u64 {
    let stat = rustix::fs::statvfs(disk).unwrap();
    stat.f_bavail * stat.f_frsize
}

fn fill(disk: &Path, leave: u64) {
    let file = std::fs::File::create(disk.join("filler")).unwrap();
    let bytes = free(disk).saturating_sub(leave);
    // Where it is refused the file has got all that there was.
    let _ = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes);
    let left = free(disk);
    assert!(left <= leave + MIB, "{left} bytes are free, and {leave} should be");
}

fn bench(endpoint: &str) -> Bench {
    Bench::new(Engine::at(endpoint), "")
}

fn start(bench: &mut Bench) -> u64 {
    let label = format!("wakeboard.tenant={TENANT}");
    bench.run_counter(TENANT, &["--label", &label, "--restart", "always"], &MEBIBYTES.to_string());
    bench.count(TENANT)
}

/// It runs on where it was, and nothing of the dump is left.
fn is_untouched(bench: &Bench, small: &SmallDisk, number: &mut u64) {
    assert_eq!(bench.tenant(TENANT)["state"], "running");
    *number += 1;
    assert_eq!(bench.count(TENANT), *number, "its memory is as it was");
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.RestartCount}} {{.State.Status}}";
    assert_eq!(bench.inspect(TENANT, look), "always 0 running");
    assert_eq!(bench.engine.act(&["checkpoint", "ls", TENANT]).lines().count(), 1, "a checkpoint is left");
    let id = bench.inspect(TENANT, "{{.Id}}");
    let folder = small.disk.join("data/containers").join(id).join("checkpoints");
    let left: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// With room again all works.
fn dumps_and_wakes(bench: &Bench, number: &mut u64) {
    bench.expect(&["dump", TENANT, "--by", "checkpoint"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    *number += 1;
    assert_eq!(bench.count(TENANT), *number);
}

#[test]
fn where_the_free_disk_is_known_too_little_of_it_is_refused() {
    let small = SmallDisk::start("start");
    let mut bench = bench(&small.near);
    let mut number = start(&mut bench);
    // Not even the images; or these, and not the archive that the engine makes of them.
    for leave in [MEBIBYTES / 2, MEBIBYTES + MEBIBYTES / 2] {
        small.fill(leave * MIB);
        let line = bench.dump(TENANT, "checkpoint");
        assert_eq!(line["outcome"], "refused", "{line}");
        assert!(line["reason"].as_str().unwrap().contains("not enough disk"), "{line}");
        is_untouched(&bench, &small, &mut number);
    }
    // What needs no disk still works.
    bench.expect(&["dump", TENANT, "--by", "stop"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    number = bench.count(TENANT);
    small.make_room();
    dumps_and_wakes(&bench, &mut number);
}

#[test]
fn a_disk_that_is_too_small_from_afar_fails_the_dump_and_harms_nobody() {
    // Nothing at all; or enough to begin with. Each on an engine of its own: what an earlier checkpoint took of the
    // disk comes back when containerd pleases, and would be room that this one should not have.
    for leave in [0, MEBIBYTES / 2] {
        let small = SmallDisk::start("start");
        let mut bench = bench(&small.far);
        let mut number = start(&mut bench);
        small.fill(leave * MIB);
        let line = bench.dump(TENANT, "checkpoint");
        assert_eq!(line["outcome"], "failed", "{leave}: {line}");
        eprintln!("{leave} MiB: {line}");
        is_untouched(&bench, &small, &mut number);
        small.make_room();
        dumps_and_wakes(&bench, &mut number);
    }
}

/// CRIU has ended the processes by then: the engine has lost them, and the tenant is back all the same.
#[test]
fn a_disk_that_takes_the_images_and_not_the_engines_archive_costs_a_cold_start() {
    let small = SmallDisk::start("start");
    let mut bench = bench(&small.far);
    start(&mut bench);
    small.fill((MEBIBYTES + MEBIBYTES / 2) * MIB);
    let line = bench.dump(TENANT, "checkpoint");
    assert_eq!(line["outcome"], "failed", "{line}");
    assert!(line["fallbacks"].to_string().contains("cold start"), "{line}");
    let mut number = 0;
    is_untouched(&bench, &small, &mut number);
    small.make_room();
    dumps_and_wakes(&bench, &mut number);
}

#[test]
fn a_disk_that_runs_full_in_the_middle_fails_the_dump_and_harms_nobody() {
    let small = SmallDisk::start("start");
    let mut bench = bench(&small.near);
    let mut number = start(&mut bench);
    let (disk, at_first, over) = (small.disk.clone(), small.free(), AtomicBool::new(false));
    let line = thread::scope(|scope| {
        scope.spawn(|| {
            // The dump has begun to write: somebody else takes the rest.
            while free(&disk) + 4 * MIB > at_first && !over.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_micros(200));
            }
            fill(&disk, 0);
        });
        let line = bench.dump(TENANT, "checkpoint");
        over.store(true, Ordering::SeqCst);
        line
    });
    assert_eq!(line["outcome"], "failed", "{line}");
    eprintln!("in the middle: {line}");
    if line["fallbacks"].to_string().contains("cold start") {
        // The images had been written before the rest was taken: only the engine's archive had no room.
        number = 0;
    }
    is_untouched(&bench, &small, &mut number);
    small.make_room();
    dumps_and_wakes(&bench, &mut number);
}

#[test]
fn a_wake_on_a_full_disk_brings_the_tenant_back() {
    let small = SmallDisk::start("start");
    let mut bench = bench(&small.near);
    start(&mut bench);
    bench.expect(&["dump", TENANT, "--by", "checkpoint"], "dumped");
    small.fill(0);
    let line = bench.ticket(&["wake", TENANT]);
    eprintln!("wake on a full disk: {line}");
    small.make_room();
    if line["outcome"] != "woken" {
        // It is told, and it wakes with room again: by this order, or by the recovery that comes before it.
        assert_eq!(line["outcome"], "failed", "{line}");
        bench.ticket(&["wake", TENANT]);
    }
    assert_eq!(bench.tenant(TENANT)["state"], "running");
    assert!(bench.count(TENANT) > 0);
    assert_eq!(bench.inspect(TENANT, "{{.HostConfig.RestartPolicy.Name}}"), "always");
}

#[test]
fn without_criu_a_checkpoint_is_refused_with_the_mend() {
    let small = SmallDisk::start("start-without-criu");
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", small.near));
    let mut bench = Bench { engine: Engine::at(&small.near), home };
    let (told, _) = bench.say(&["doctor", "--json"]);
    let abilities: serde_json::Value = serde_json::from_str(&told).unwrap();
    for ability in abilities.as_array().unwrap() {
        let fault = &ability["fault"];
        if ability["method"] == "checkpoint" {
            assert!(fault["reason"].as_str().unwrap().contains("no CRIU"), "{fault}");
            assert!(fault["mend"].as_str().unwrap().contains("criu"), "{fault}");
        } else {
            assert!(fault.is_null() || ability["method"] == "freeze", "{ability}");
        }
    }
    let mut number = start(&mut bench);
    let line = bench.dump(TENANT, "checkpoint");
    assert_eq!(line["outcome"], "refused", "{line}");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("no CRIU") && reason.contains("install `criu`"), "{reason}");
    is_untouched(&bench, &small, &mut number);
    bench.expect(&["dump", TENANT, "--by", "stop"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    assert_eq!(bench.inspect(TENANT, "{{.Config.Image}}"), COUNTER);
}
