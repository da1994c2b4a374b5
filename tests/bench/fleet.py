"""The benchmark of `tests/bench/fleet`."""

import argparse
import subprocess
import tempfile
import time

import procfs
from simulated import HOSTS, counts, simulated
from table import figure, median, show
from watched import Watched

CONTAINERS = 10_000
RAW_RUNS = 9
# Left out of the time of just looking: start-up, and what is asked once right after it.
STARTING = 8


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=30)
    arguments.add_argument("--starts", type=int, default=5)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    with simulated("load") as (endpoints, argv):
        raw = [raw_lists(endpoints) for _ in range(RAW_RUNS)]
        print("curl", " ".join(figure(it, 3) for it in raw), "s", flush=True)
        tenants = final_tenants(argv)
        starts = [start_once(argv, tenants) for _ in range(wanted.starts)]
        print("wakeboard", " ".join(figure(it, 3) for it in starts), "s", flush=True)
        # Once more: a machine that got busier or quieter meanwhile shows in the difference.
        raw += [raw_lists(endpoints) for _ in range(RAW_RUNS)]
        print("curl", " ".join(figure(it, 3) for it in raw[RAW_RUNS:]), "s", flush=True)
        quiet = cpu_and_memory(argv, tenants, wanted.seconds)
    with simulated("load-500") as (_, argv):
        busy = cpu_and_memory(argv, tenants, wanted.seconds)
    known = median([it for it in starts if it])
    ratio = known and known / median(raw)
    rows = [
        ["", "measured", "target"],
        ["curl: all 100 lists, median (best) s", f"{median(raw):.3f} ({min(raw):.3f})", ""],
        [f"wakeboard: all {CONTAINERS} known and shown, s", figure(known, 3), ""],
        ["ratio to curl's median", figure(ratio, 2, " x"), "<= 1.3 x"],
        ["CPU while nothing changes", figure(quiet[0], 1, " %"), "< 2 %"],
        ["CPU at 500 events a second", figure(busy[0], 1, " %"), "< 20 %"],
        ["highest RSS while nothing changes", figure(quiet[1], 0, " MB"), "< 150 MB"],
        ["highest RSS at 500 events a second", figure(busy[1], 0, " MB"), "< 150 MB"],
    ]
    show(f"{CONTAINERS} simulated containers on {HOSTS} hosts, 200 x 50; CPU over {wanted.seconds} s", rows)
    print(flush=True)


def raw_lists(sockets):
    """How long one curl takes to fetch all lists at once, without reading them."""
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as file:
        part = 'url = "http://engine/containers/json?all=1"\nunix-socket = "{}"\noutput = "/dev/null"\n'
        part += 'silent\nfail\nwrite-out = "%{{size_download}}\\n"\n'
        file.write("next\n".join(part.format(path) for path in sockets))
        file.flush()
        command = ["curl", "--no-progress-meter", "--parallel", "--parallel-immediate", "--parallel-max", str(len(sockets)), "-K", file.name]
        begun = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        took = time.monotonic() - begun
    sizes = [int(line) for line in done.stdout.split()]
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
        shown = watched.until(lambda lines: counts(lines) == (HOSTS, tenants), 30)
        return shown and shown - watched.started
    finally:
        watched.end()
        time.sleep(1)


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
