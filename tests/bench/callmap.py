"""The benchmark of `tests/bench/callmap`."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import procfs
from callmap_servers import DELAYS, FIRST, HOST, WANTED, Blackbox, Dropped, EndlessHeaders, Nginx, addresses, free_port
from table import figure, median, show

SILENT = 10
TIMEOUT = 5.0
MOST = {"200 ms": 1.15, "1 ms": 2.0}
EXAMPLE = "target/release/examples/callmap_bench"
PROGRAM = "target/release/wakeboard"


class Map:
    """A callmap with one layer: paths of one site that are asked of so many targets."""

    def __init__(self, port, count, paths, expect):
        self.port, self.count, self.paths, self.expect = port, count, paths, expect

    def text(self):
        targets = "".join(f"      - {address}:{self.port}\n" for address in addresses(FIRST, self.count))
        expect = json.dumps(self.expect)
        probes = "".join(f"      - {{http: http://{HOST}{path}, expect: {expect}}}\n" for path in self.paths)
        head = f"product: {HOST}\ntimeout: {TIMEOUT:.0f}s\nlayers:\n  - name: nginx\n"
        return f"{head}    targets:\n{targets}    probes:\n{probes}"


def page(port, count):
    """The page that is measured."""
    return Map(port, count, ["/"], {"status": 200, "body": {"contains": WANTED}})


def wakeboard(folder, asked):
    """What a person types. Its ledger is in the benchmark's folder."""
    config, path = os.path.join(folder, "wakeboard.yaml"), os.path.join(folder, f"callmap-{id(asked)}.yaml")
    with open(config, "w") as file:
        file.write("ledger: ledger.db\n")
    with open(path, "w") as file:
        file.write(asked.text())
    return [PROGRAM, "--config", config, "callmap", "run", path, "--json"]


def in_a_network_of_its_own():
    """Begins anew where nobody else's packets and no rules of this machine are, and where ours end with us."""
    if os.environ.get("WAKEBOARD_BENCH_NETWORK"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    environment = {**os.environ, "WAKEBOARD_BENCH_NETWORK": "own"}
    command = ["unshare", "--net", *mapped, "--", sys.executable, *sys.argv]
    os.execvpe(command[0], command, environment)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--probes", type=int, default=200)
    wanted = arguments.parse_args()
    in_a_network_of_its_own()
    with tempfile.TemporaryDirectory(prefix="wakeboard-bench-") as folder:
        ports = {name: free_port() for name in DELAYS}
        with Nginx(folder, ports, wanted.probes), Blackbox(folder) as blackbox:
            print(f"load {procfs.load():.2f}", flush=True)
            for delay, port in ports.items():
                measure(folder, delay, port, wanted, blackbox)
            silent(folder, ports["200 ms"], wanted.probes)
            memory(folder, ports["1 ms"], wanted.probes)
            print(f"\nload {procfs.load():.2f}", flush=True)


def measure(folder, delay, port, wanted, blackbox):
    """All by turns: what the machine does meanwhile, it does to all."""
    bare = [EXAMPLE, str(FIRST), str(wanted.probes), str(port)]
    ways = {
        "bare hyper": (bare, lambda text: int(text)),
        "wakeboard": (wakeboard(folder, page(port, wanted.probes)), count_well),
    }
    hurl = os.environ.get("WAKEBOARD_BENCH_HURL", "")
    if os.path.exists(hurl):
        ways["hurl"] = (hurl_command(hurl, folder, port, wanted.probes), hurl_well)
    if blackbox.port:
        ways["blackbox_exporter"] = (blackbox.command(folder, port, wanted.probes), blackbox.count_well)
    taken = {name: [] for name in ways}
    for round_number in range(wanted.rounds + 1):
        for name, (command, count) in ways.items():
            server = blackbox.pid if name == "blackbox_exporter" else None
            one = run(command, server)
            well = count(one.text)
            if well != wanted.probes:
                raise SystemExit(f"{name}: {well} of {wanted.probes} are well: {one.text[-400:]}")
            # The first warms caches up.
            if round_number > 0:
                taken[name].append(one)
    rows = [["", "whole ms, median", "least", "most", "x bare", "CPU ms a probe", "wanted"]]
    least = median([one.wall for one in taken["bare hyper"]])
    for name, all_of_it in taken.items():
        walls = [one.wall * 1000 for one in all_of_it]
        cpu = median([one.cpu for one in all_of_it]) * 1000 / wanted.probes
        limit = f"at most {MOST[delay]} x bare, 0.15 ms CPU" if name == "wakeboard" else ""
        ratio = median([one.wall for one in all_of_it]) / least
        middle = figure(median(walls), 1)
        rows.append([name, middle, figure(min(walls), 1), figure(max(walls), 1), figure(ratio), figure(cpu, 3), limit])
    show(f"{wanted.probes} probes, nginx answers after {delay}, {wanted.rounds} rounds by turns", rows)


def silent(folder, port, probes):
    """A firewall drops what comes for the last targets."""
    command = wakeboard(folder, page(port, probes))
    with Dropped(addresses(FIRST + probes - SILENT, SILENT)):
        rows = [["", "whole s", "x time-out", "well", "wanted"]]
        for _ in range(3):
            one = run(command)
            well = count_well(one.text)
            if well != probes - SILENT:
                raise SystemExit(f"{well} of {probes} are well: {one.text[-400:]}")
            ratio = one.wall / TIMEOUT
            rows.append(["wakeboard", figure(one.wall, 3), figure(ratio, 3), f"{well} of {probes}", "at most 1.05 x"])
    show(f"a firewall drops what comes for {SILENT} of {probes} targets, time-out {TIMEOUT:.0f} s", rows)


def memory(folder, port, probes):
    """The most memory that a run has at once, where answers mean harm."""
    matches = {"body": {"matches": "nowhere"}}
    with EndlessHeaders() as endless:
        ways = {
            f"{probes} pages that are well": page(port, probes),
            f"{probes * 5} bodies that never end": Map(port, probes, ["/endless"] * 5, matches),
            f"{probes * 5} answers whose headers never end": Map(endless.port, probes, ["/"] * 5, matches),
            f"{probes * 50} pages of 64 KiB": Map(port, probes, ["/large"] * 50, matches),
        }
        rows = [["", "most memory MB", "whole s", "MB of report"]]
        for name, asked in ways.items():
            one = run(wakeboard(folder, asked))
            json.loads(one.text)
            rows.append([name, figure(one.memory, 1), figure(one.wall), figure(len(one.text) / 1e6, 1)])
    show(f"memory, {probes} targets", rows)


class One:
    """One run of a program: how long, how much CPU, how many MB at most, what it printed."""

    def __init__(self, wall, cpu, memory, text):
        self.wall, self.cpu, self.memory, self.text = wall, cpu, memory, text


def run(command, server=None):
    before = procfs.cpu_seconds(server) if server else 0
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        # It has been waited for: nobody else shall.
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    # Where a server does the work, its time counts and not that of the client.
    cpu = procfs.cpu_seconds(server) - before if server else usage.ru_utime + usage.ru_stime
    return One(wall, cpu, usage.ru_maxrss / 1024, text)


def count_well(text):
    """How many targets a report calls well."""
    report = json.loads(text)
    return report["layers"][0]["ok"]


def hurl_command(hurl, folder, port, count):
    files = []
    for address in addresses(FIRST, count):
        path = os.path.join(folder, f"{address}-{port}.hurl")
        with open(path, "w") as file:
            file.write(f'GET http://{address}:{port}/\nHost: {HOST}\nHTTP 200\n[Asserts]\nbody contains "{WANTED}"\n')
        files.append(path)
    return [hurl, "--test", "--parallel", "--jobs", str(count), "--no-color", *files]


def hurl_well(text):
    found = re.search(r"Succeeded files:\s+(\d+)", text)
    return int(found.group(1)) if found else 0


main()
