"""The benchmark of `tests/bench/fleet`."""

import argparse
import shutil
import subprocess
import tempfile
import time

import procfs
from simulated import HOSTS, counts, simulated
from spawn import finish
from table import figure, median, show
from watched import Watched

CONTAINERS = 10_000
# Left out of the time of just looking: start-up, and what is asked once right after it.
STARTING = 8
# Longer than all takes that is measured, and short enough for another run within the same second.
LOOKED_AT_AFTER = 0.3


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=30)
    arguments.add_argument("--starts", type=int, default=15)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    with simulated("load") as (endpoints, argv):
        tenants = final_tenants(argv)
        raw, starts, raw_cold, starts_cold = took = [], [], [], []
        # By turns: a machine that gets busier or quieter does so for all.
        for _ in range(wanted.starts):
            raw.append(rested(endpoints, True, lambda: raw_lists(endpoints)))
            starts.append(rested(endpoints, True, lambda: start_once(argv, tenants)))
            raw_cold.append(rested(endpoints, False, lambda: raw_lists(endpoints)))
            starts_cold.append(rested(endpoints, False, lambda: start_once(argv, tenants)))
        for name, each in zip(["curl", "wakeboard", "curl, made anew", "wakeboard, made anew"], took):
            print(name, " ".join(figure(it and it * 1000, 1) for it in each), "ms", flush=True)
        quiet = cpu_and_memory(argv, tenants, wanted.seconds)
    with simulated("load-500") as (_, argv):
        busy = cpu_and_memory(argv, tenants, wanted.seconds)
    known, known_cold = (median([it for it in each if it]) for each in (starts, starts_cold))
    ratio, ratio_cold = known and known / median(raw), known_cold and known_cold / median(raw_cold)
    rows = [
        ["", "measured", "target"],
        ["curl: all 100 lists, median (best) ms", f"{median(raw) * 1000:.1f} ({min(raw) * 1000:.1f})", ""],
        [f"wakeboard: all {CONTAINERS} known and shown, ms", figure(known and known * 1000, 1), ""],
        ["ratio to curl's median", figure(ratio, 2, " x"), "<= 1.3 x"],
        ["curl where the hosts make their lists anew, ms", figure(median(raw_cold) * 1000, 1), ""],
        ["wakeboard there, ms", figure(known_cold and known_cold * 1000, 1), ""],
        ["ratio there", figure(ratio_cold, 2, " x"), ""],
        ["CPU while nothing changes", figure(quiet[0], 1, " %"), "< 2 %"],
        ["CPU at 500 events a second", figure(busy[0], 1, " %"), "< 20 %"],
        ["highest RSS while nothing changes", figure(quiet[1], 0, " MB"), "< 150 MB"],
        ["highest RSS at 500 events a second", figure(busy[1], 0, " MB"), "< 150 MB"],
    ]
    show(f"{CONTAINERS} simulated containers on {HOSTS} hosts, 200 x 50; CPU over {wanted.seconds} s", rows)
    print(flush=True)


def rested(sockets, ready, measure):
    """Measures right after a second has begun. A simulated host makes its list once a second, for whoever asks first; with
    `ready`, somebody else has asked before: then all that is measured finds the lists in memory."""
    time.sleep(1.02 - time.time() % 1)
    if ready:
        raw_lists(sockets)
    return measure()


def raw_lists(sockets):
    """How long one curl takes to fetch all lists at once, without reading them."""
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as file:
        part = 'url = "http://engine/containers/json?all=1"\nunix-socket = "{}"\noutput = "/dev/null"\n'
        part += 'silent\nfail\nwrite-out = "%{{size_download}}\\n"\n'
        file.write("next\n".join(part.format(path) for path in sockets))
        file.flush()
        command = [shutil.which("curl"), "--no-progress-meter", "--parallel", "--parallel-immediate"]
        took, said = finish([*command, "--parallel-max", str(len(sockets)), "-K", file.name])
    sizes = [int(line) for line in said.split()]
    assert len(sizes) == len(sockets) and min(sizes) > 1000, "curl did not get all lists"
    return took


def final_tenants(argv):
    """How many tenants there are once nothing more comes."""
    watched = Watched(argv)
    try:
        if watched.until(lambda lines: (counts(lines) or (0,))[0] == HOSTS, 30) is None:
            raise SystemExit("the hosts are not all up after 30 s:\n" + "\n".join(watched.screen.lines()))
        watched.settle(5)
        return counts(watched.screen.lines())[1]
    finally:
        watched.end()


def start_once(argv, tenants):
    watched = Watched(argv)
    try:
        # The moments of all output are taken anyhow, and to look at the screen takes the processors that are measured.
        time.sleep(LOOKED_AT_AFTER)
        shown = watched.until(lambda lines: counts(lines) == (HOSTS, tenants), 30)
        return shown and shown - watched.started
    finally:
        watched.end()


def cpu_and_memory(argv, tenants, seconds):
    """Percent of one core while just looking, and the highest resident memory in MB."""
    watched = Watched(argv)
    try:
        watched.until(lambda lines: (counts(lines) or (0,))[0] == HOSTS, 30)
        watched.settle(STARTING)
        before, begun = procfs.cpu_seconds(watched.pid), time.monotonic()
        watched.settle(seconds)
        used = procfs.cpu_seconds(watched.pid) - before
        return used * 100 / (time.monotonic() - begun), procfs.memory_mb(watched.pid)[1]
    finally:
        watched.end()


main()
