"""The trial of `tests/bench/prune`: sleepers beside somebody who prunes all the time."""

import argparse
import concurrent.futures
import glob
import io
import json
import os
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.parse

from engine import LABEL, Engine
from table import figure, median, show

CANARY, IMAGE, NETWORKS = "wakeboard/canary:1", "wakeboard/prune-bench:1", 8
PLACES = ["/data/mark", "/anon/mark"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--tenants", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--mebibytes", type=int, default=16, help="the memory that each tenant uses")
    wanted = arguments.parse_args()
    engine = Engine(f"{os.environ['WAKEBOARD_LAB']}/docker-a/docker-a.sock")
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        trial = Trial(engine, folder, wanted)
        try:
            trial.prepare()
            rows = trial.run()
        finally:
            trial.clear()
    show(f"{wanted.tenants} tenants of {wanted.mebibytes} MiB, {wanted.rounds} rounds beside a prune in a loop", rows)
    for fault in trial.faults:
        print(fault)
    if trial.faults:
        raise SystemExit(f"{len(trial.faults)} faults")


class Trial:
    def __init__(self, engine, folder, wanted):
        self.engine, self.folder, self.wanted = engine, folder, wanted
        self.names = [f"p{number:03}" for number in range(wanted.tenants)]
        self.faults, self.prunes = [], 0

    def prepare(self):
        self.clear()
        with open(f"{self.folder}/wakeboard.yaml", "w") as file:
            file.write(f"hosts: {{docker-a: 'unix://{self.engine.path}'}}\nledger: '{self.folder}/ledger.db'\n")
        # It imports the canary's image as well.
        self.wakeboard("doctor")
        self.docker("create", "--name", "prune-bench", CANARY, "/canary")
        self.docker("commit", "prune-bench", IMAGE)
        self.docker("rm", "prune-bench")
        for number in range(NETWORKS):
            self.docker("network", "create", "--label", LABEL, f"prune-bench-{number}")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.create, range(len(self.names))))

    def create(self, number):
        name = self.names[number]
        config = {
            "Image": IMAGE,
            "Cmd": ["/canary", "load", str(self.wanted.mebibytes)],
            "Labels": {LABEL: "1", "wakeboard.tenant": name},
            "Volumes": {"/anon": {}},
            "HostConfig": {"Binds": [f"{name}-data:/data"], "NetworkMode": f"prune-bench-{number % NETWORKS}"},
        }
        made = self.engine.call("POST", f"/containers/create?name={name}", config)["Id"]
        self.engine.call("POST", f"/containers/{made}/start")
        mark = f"{self.folder}/{name}"
        with open(mark, "w") as file:
            file.write(name)
        for place in PLACES:
            self.docker("cp", mark, f"{name}:{place}")

    def run(self):
        over = threading.Event()
        pruning = threading.Thread(target=self.prune, args=[over])
        pruning.start()
        dumps, wakes, shares = [], [], []
        try:
            for number in range(self.wanted.rounds):
                dumps.append(self.all(number, "dump", "--by", "destroy"))
                shares.append(self.share())
                wakes.append(self.all(number, "wake"))
        finally:
            over.set()
            pruning.join()
        for name in self.names:
            for place in PLACES:
                if (found := self.mark(name, place)) != name:
                    self.faults.append(f"{name}:{place} has {found!r}")
        holders, memory, shims, freed = shares[-1]
        return [
            ["", "measured", "target"],
            ["tenants whose volumes are not as before, or that did not get there", str(len(self.faults)), "0"],
            ["prunes meanwhile", str(self.prunes), ""],
            ["a dump of all, median s", figure(median(dumps)), ""],
            ["a wake of all, median s", figure(median(wakes)), ""],
            ["holders", str(holders), ""],
            ["their memory, MiB", figure(memory / 2**20), ""],
            ["that of the engine's processes for them, MiB", figure(shims / 2**20), ""],
            ["memory that sleepers freed, MiB", figure(freed / 2**20, 0), ""],
            ["the holders' part of it", figure(memory * 100 / freed, 2, " %"), "2 %"],
            ["the same with the engine's processes on both sides", figure(self.whole(memory, shims, holders, freed), 2, " %"), "2 %"],
        ]

    def whole(self, memory, shims, holders, freed):
        """Each sleeper frees a process of the engine as well, of the same kind as each holder has."""
        return (memory + shims) * 100 / (freed + shims / max(holders, 1) * len(self.names))

    def prune(self, over):
        while not over.is_set():
            self.docker("system", "prune", "-af", "--volumes", check=False)
            self.prunes += 1

    def all(self, number, *verb):
        begun = time.monotonic()
        ended = self.wakeboard(*verb, *self.names, check=False)
        for line in (ended.stderr or "").splitlines():
            if line.startswith("wakeboard:"):
                self.faults.append(f"round {number}, {verb[0]}: {line}")
        return time.monotonic() - begun

    def share(self):
        """How many holders there are, their memory and that of their processes of the engine, and what sleepers freed; in bytes."""
        holders = self.holders()
        stats = [self.engine.call("GET", f"/containers/{it['Id']}/stats?stream=0") for it in holders]
        memory = sum(it["memory_stats"].get("usage", 0) for it in stats)
        return len(holders), memory, sum(shim(it["Id"]) for it in holders), len(self.names) * self.wanted.mebibytes * 2**20

    def holders(self, every=False):
        filters = urllib.parse.quote(json.dumps({"label": ["wakeboard.canary=holder"]}))
        return self.engine.call("GET", f"/containers/json?all={int(every)}&filters={filters}")

    def mark(self, name, place):
        done = subprocess.run(["docker", "-H", f"unix://{self.engine.path}", "cp", f"{name}:{place}", "-"], capture_output=True)
        if done.returncode:
            return done.stderr.decode(errors="replace").strip()
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            return archive.extractfile(archive.getmembers()[0]).read().decode()

    def docker(self, *words, check=True):
        command = ["docker", "-H", f"unix://{self.engine.path}", *words]
        return subprocess.run(command, check=check, capture_output=True, text=True)

    def wakeboard(self, *words, check=True):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "XDG_STATE_HOME": self.folder}
        program = os.environ.get("WAKEBOARD_BENCH_PROGRAM", "target/release/wakeboard")
        command = [program, "--config", f"{self.folder}/wakeboard.yaml", *words]
        return subprocess.run(command, env=environment, check=check, capture_output=True, text=True)

    def clear(self):
        self.engine.clear()
        # Those of a trial that was ended in its middle: its ledger is gone.
        for it in self.holders(every=True):
            self.engine.call("DELETE", f"/containers/{it['Id']}?force=1")
        for name in self.names:
            self.docker("volume", "rm", f"{name}-data", check=False)
        for number in range(NETWORKS):
            self.docker("network", "rm", f"prune-bench-{number}", check=False)


def shim(container):
    """The memory of the engine's process for that container, in bytes, what it shares with others counted in parts."""
    for folder in glob.iglob("/proc/[0-9]*"):
        try:
            with open(f"{folder}/cmdline") as file:
                words = file.read().split("\0")
            if "shim" in words[0] and container in words:
                with open(f"{folder}/smaps_rollup") as file:
                    return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except OSError:
            continue
    return 0


main()
