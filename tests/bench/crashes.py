"""The trial of `tests/bench/crashes`, and its sample in the lab's tests: work that is cut off at a random moment."""

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import tempfile
import time

from engine import LABEL, Engine
from ledger_key import ledger_key
from table import show

TENANTS, METHODS, GRACES = 12, ["freeze", "checkpoint", "stop", "destroy"], [1, 10, 60]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP]
# Roles, and how long each takes to end when it is told to, as a part of the grace: beyond 1 it is killed.
ROLES = ["app", "db"]
# How long an engine may take to end a container by force, and the slack of a busy machine.
SLACK = 8
# A wake after a crash waits for the engine to end what it was told to end.
WAKE_WITHIN = 150


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    arguments.add_argument("--state", help="what was done, a line of JSON a round")
    arguments.add_argument("--seconds", type=float, default=float("inf"), help="begin no round after that time")
    arguments.add_argument("--only-process", action="store_true", help="kill neither engine nor ledger, and keep graces short")
    wanted = arguments.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    lab = os.environ["WAKEBOARD_LAB"]
    engine = Engine(f"{lab}/docker-a/docker-a.sock")
    done = before(wanted.state)
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        trial = Trial(engine, folder, os.environ.get("WAKEBOARD_BENCH_LEDGER") or f"{folder}/ledger.db")
        try:
            trial.prepare()
            # Not with the time that the tenants' making takes: on a busy machine there would be no round at all.
            begun = time.monotonic()
            for number in range(len(done), wanted.rounds):
                if done and time.monotonic() - begun > wanted.seconds:
                    break
                done.append(trial.round(number, random.Random(f"{wanted.seed}:{number}"), wanted.only_process))
                if wanted.state:
                    with open(wanted.state, "a") as file:
                        file.write(json.dumps(done[-1]) + "\n")
            trial.at_rest()
        finally:
            engine.clear()
            remove_volumes(engine)
    tell(done, trial.faults, wanted.seed)
    if trial.faults or any(it["faults"] for it in done):
        raise SystemExit(f"something was lost or refused: see above; the same again with --seed {wanted.seed}")


def before(path):
    if not path or not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


class Trial:
    def __init__(self, engine, folder, ledger):
        self.engine, self.folder, self.ledger = engine, folder, ledger
        self.settings, self.faults, self.last_grace, self.last_end = {}, [], 1, time.monotonic()

    def prepare(self):
        self.engine.clear()
        self.write(1)
        self.run("doctor")
        for number in range(TENANTS):
            for role in ROLES:
                self.create(f"t{number:02}", role, self.image())
        self.settings = {name: self.look(name)[1] for name in self.names()}

    def image(self):
        return os.environ.get("WAKEBOARD_LAB_IMAGE", "busybox:lab")

    def create(self, tenant, role, image):
        # How long it takes to end is in a file on its volume, which each round writes anew.
        script = "trap 'sleep $(cat /data/ends); exit 0' TERM; while :; do sleep 0.1; done"
        config = {
            "Image": image,
            "Cmd": ["sh", "-c", script],
            "Labels": {LABEL: "1", "wakeboard.tenant": tenant, "wakeboard.role": role},
            "HostConfig": {
                "RestartPolicy": {"Name": "unless-stopped"},
                "Memory": 64 << 20,
                "Binds": [f"crashes-{tenant}-{role}:/data"],
                "NetworkMode": "none",
            },
        }
        made = self.engine.call("POST", f"/containers/create?name={tenant}-{role}", config)["Id"]
        self.engine.call("POST", f"/containers/{made}/start")

    def names(self):
        return [f"t{number:02}-{role}" for number in range(TENANTS) for role in ROLES]

    def write(self, grace):
        self.config = f"{self.folder}/wakeboard.yaml"
        with open(self.config, "w") as file:
            file.write(f"hosts: {{docker-a: 'unix://{self.engine.path}'}}\nledger: '{self.ledger}'\n")
            file.write(ledger_key(self.folder, self.ledger))
            file.write(f"dump: {{grace: {grace}s}}\nwake: {{timeout: 30s}}\n")

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "XDG_STATE_HOME": self.folder}

    def begin(self, *words):
        command = [program(), "--config", self.config, *words]
        return subprocess.Popen(command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words):
        process = self.begin(*words)
        out, said = process.communicate(timeout=WAKE_WITHIN + 60)
        return process.returncode, out, said

    def look(self, name):
        """Whether it runs; and its restart policy, limits and volume."""
        try:
            it = self.engine.call("GET", f"/containers/{name}/json")
        except RuntimeError:
            return "absent", None
        host = it["HostConfig"]
        return it["State"]["Status"], [host["RestartPolicy"]["Name"], host["Memory"], host["MemorySwap"], host["Binds"]]

    def round(self, number, chance, only_process):
        tenant = f"t{number % TENANTS:02}"
        method, task = chance.choice(METHODS), chance.choice(["dump", "dump", "wake"])
        grace = 1 if only_process else chance.choice(GRACES)
        what = "process" if only_process else chance.choice(["process"] * 4 + ["engine", "ledger"])
        how = chance.choice(SIGNALS)
        faults = []
        self.write(grace)
        for role in ROLES:
            # Most end well before their time, some are killed.
            self.ends(f"{tenant}-{role}", min(grace * chance.choice([0, 0.1, 0.5, 2]), grace + 5))
        if task == "wake":
            code, _, said = self.run("dump", tenant, "--by", method)
            if code != 0:
                faults.append(f"a dump in peace: {said.strip()}")
        # Early moments are the likely ones for faults; some come while the engine waits for the grace.
        after = chance.choice([chance.uniform(0, 0.4), chance.uniform(0, 1.5), chance.uniform(0, grace)])
        words = ["dump", tenant, "--by", method] if task == "dump" else ["wake", tenant]
        process = self.begin(*words)
        time.sleep(after)
        if what == "engine":
            lab("engine", "kill", "docker-a")
            lab("engine", "start", "docker-a")
        elif what == "ledger":
            lab("postgres", "kill")
            lab("postgres", "again")
        if what == "process":
            process.send_signal(how)
            if how != signal.SIGKILL:
                # It may end what it is at; a terminal that was closed would not wait for ever.
                try:
                    process.wait(timeout=grace * 2 + SLACK)
                except subprocess.TimeoutExpired:
                    faults.append(f"{how.name} does not end it")
                    process.kill()
        else:
            try:
                process.wait(timeout=WAKE_WITHIN)
            except subprocess.TimeoutExpired:
                faults.append("it does not end after the kill")
                process.kill()
        process.communicate()
        begun = time.monotonic()
        code, out, said = self.run("wake", tenant, "--json", "--timeout", "60s")
        took = time.monotonic() - begun
        if code != 0:
            faults.append(f"the wake after it: {last_line(out)} {said.strip()}")
        faults += self.judge(tenant)
        self.last_grace, self.last_end = max(self.last_grace, grace), time.monotonic()
        result = dict(number=number, tenant=tenant, task=task, method=method, grace=grace, what=what, how=how.name, after=round(after, 3), wake=round(took, 2), faults=faults)
        print(f"{number:3} {task} {method} grace {grace} s: {what} {how.name if what == 'process' else ''} after {after:.2f} s; awake {took:.1f} s later {'; '.join(faults)}", flush=True)
        return result

    def ends(self, name, seconds):
        command = ["docker", "-H", f"unix://{self.engine.path}", "exec", name, "sh", "-c", f"echo {seconds} >/data/ends"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def judge(self, tenant):
        faults = []
        for role in ROLES:
            state, settings = self.look(f"{tenant}-{role}")
            if state != "running":
                faults.append(f"{tenant}-{role} is {state}")
            if settings != self.settings[f"{tenant}-{role}"]:
                faults.append(f"{tenant}-{role} has {settings} instead of {self.settings[f'{tenant}-{role}']}")
        return faults

    def at_rest(self):
        """Once every stop that may be under way has ended: is all that was woken still there?"""
        time.sleep(max(0, self.last_end + self.last_grace + SLACK - time.monotonic()))
        for number in range(TENANTS):
            self.faults += [f"at rest: {fault}" for fault in self.judge(f"t{number:02}")]
        code, out, said = self.run("tickets", "--json")
        still_open = [it["id"] for it in json.loads(out or "[]") if not it.get("ended")]
        if code != 0 or still_open:
            self.faults.append(f"tickets left open: {still_open} {said}")
        code, _, said = self.run("changes", "verify")
        if code != 0:
            self.faults.append(f"changes verify: {said.strip()}")
        for fault in self.faults:
            print(fault, flush=True)


def program():
    from simulated import WAKEBOARD

    return os.environ.get("WAKEBOARD_BENCH_PROGRAM", WAKEBOARD)


def lab(name, *words):
    subprocess.run([f"tests/lab/{name}", *words], check=True, stdout=subprocess.DEVNULL)


def remove_volumes(engine):
    for number in range(TENANTS):
        for role in ROLES:
            try:
                engine.call("DELETE", f"/volumes/crashes-t{number:02}-{role}")
            except RuntimeError:
                pass


def last_line(out):
    lines = out.strip().splitlines()
    return lines[-1] if lines else ""


def tell(done, faults, seed):
    rows = [["what was ended", "by", "rounds", "with a fault", "longest wake after it"]]
    groups = collections.defaultdict(list)
    for it in done:
        groups[it["what"], it["how"] if it["what"] == "process" else "SIGKILL"].append(it)
    for (what, how), all_of_it in sorted(groups.items()):
        wake = max(it["wake"] for it in all_of_it)
        rows.append([what, how, len(all_of_it), sum(bool(it["faults"]) for it in all_of_it), f"{wake:.1f} s"])
    show(f"{len(done)} rounds with seed {seed}; {len(faults)} faults at rest", rows)


main()
