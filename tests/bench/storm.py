"""The benchmark of `tests/bench/storm`."""

import argparse
import collections
import datetime
import glob
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import procfs
from simulated import HOSTS, counts, simulated
from table import figure, median, show
from watched import Ended, Watched

# Events that say something: the others are turns of a health check that has only begun, or commands run in a container.
TOLD = {
    "create", "start", "pause", "unpause", "die", "oom", "kill", "stop", "restart", "checkpoint", "update", "rename", "destroy",
    "health_status: healthy", "health_status: unhealthy",
}
# What is recorded lies behind by up to this.
BEHIND = 4
# With so many changes called recorded a console is killed, up to a second later.
SOME = 10
# Every 500th: some 20 of their changes a second.
SOME_TENANTS = "tenant:tenant-001*"
# A change in its pane: what says that it is not recorded yet, its time, who, what happened, to what.
CHANGE = re.compile(r"│([ ◦])(\d\d:\d\d:\d\d) +(\S+) +(\S+) +(\S+)")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--rate", type=int, default=10_000)
    arguments.add_argument("--consoles", type=int, default=1)
    arguments.add_argument("--kills", type=int, default=10)
    wanted = arguments.parse_args()
    postgres = os.environ.get("WAKEBOARD_BENCH_POSTGRES")
    print(f"load {procfs.load():.2f}", flush=True)
    with simulated("storm", wanted.rate, postgres) as (sockets, argv):
        ledger = postgres or os.path.join(os.path.dirname(argv[-1]), "state", "ledger.db")
        rows = storm(sockets, argv, ledger, wanted)
        rows += [["shown as recorded when it was killed", *killed(argv, ledger, wanted.kills)]]
    consoles = "a console" if wanted.consoles == 1 else f"{wanted.consoles} consoles, each on all hosts"
    place = "PostgreSQL" if postgres else "SQLite"
    show(f"{HOSTS} simulated hosts, {wanted.seconds} s, {consoles} of 200 x 50, {place}; a curl counts beside them", rows)


def storm(sockets, argv, ledger, wanted):
    """Consoles in a storm, killed in the middle of it; what is to be told of them."""
    with tempfile.TemporaryDirectory(prefix="wb-", dir="/dev/shm") as heard:
        watched = Watched(argv)
        consoles = [watched, *(Watched(argv, blind=True) for _ in range(1, wanted.consoles))]
        watched.until(lambda lines: (counts(lines) or (0,))[0] == HOSTS, 30)
        listeners = listen(sockets, heard)
        watched.settle(5)
        begun, used = time.time(), [procfs.cpu_seconds(console.pid) for console in consoles]
        keys = [press(watched) for _ in range(wanted.seconds)]
        ended = time.time()
        used = [procfs.cpu_seconds(console.pid) - before for console, before in zip(consoles, used)]
        watched.settle(BEHIND)
        memory = max(procfs.memory_mb(console.pid)[1] for console in consoles)
        for console in consoles:
            os.kill(console.pid, signal.SIGKILL)
        listeners.send_signal(signal.SIGTERM)
        listeners.wait()
        for console in consoles:
            console.end()
        told = events(heard, begun, ended)
    recorded = records(ledger, begun, ended)
    verified = subprocess.run([*argv, "changes", "verify"], capture_output=True, text=True)
    lost, extra = sum((told - recorded).values()), sum((recorded - told).values())
    answered = [it for it in keys if it is not None]
    cpu = " and ".join(figure(it * 100 / (ended - begun), 1, " %") for it in used)
    return [
        ["", "measured", "target"],
        ["events that say something, a second", figure(sum(told.values()) / (ended - begun), 0), "10,000"],
        ["of them not in the ledger", str(lost), "0"],
        ["in the ledger and not told by an engine", str(extra), "0"],
        ["a key shows, median ms", figure(median(answered) and median(answered) * 1000, 1), ""],
        ["a key shows, slowest ms", figure(max(answered, default=0) * 1000, 1), ""],
        ["keys that did not show within 1 s", str(len(keys) - len(answered)), "0"],
        ["own CPU, percent of one core", cpu, ""],
        ["highest RSS", figure(memory, 0, " MB"), ""],
        ["the chain after kill -9", (verified.stdout + verified.stderr).strip().splitlines()[0], "verifies"],
    ]


def listen(sockets, folder):
    """One curl that writes down what all engines tell."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    config = os.path.join(folder, "curl")
    with open(config, "w") as file:
        part = 'url = "http://engine/events"\nunix-socket = "{}"\noutput = "{}/{}.events"\nsilent\nno-buffer\n'
        file.write("next\n".join(part.format(path, folder, number) for number, path in enumerate(sockets)))
    return subprocess.Popen(["curl", "--no-progress-meter", "--parallel", "--parallel-immediate", "--parallel-max", "300", "-K", config])


def press(watched):
    """Goes one line down, and says how long it took until the screen showed it; nothing where it took more than a second."""
    def marked():
        return next((number for number, line in enumerate(watched.screen.lines()) if "▸" in line), None)

    before, begun = marked(), time.monotonic()
    watched.write(b"k" if before and before > 20 else b"j")
    shown = watched.until(lambda _: marked() != before, 1)
    watched.settle(max(0, begun + 1 - time.monotonic()))
    return shown and shown - begun


def killed(argv, ledger, times):
    """Kills a console in the storm as soon as it shows some changes as recorded: how many it showed so, and whether each is."""
    shown_at_all, missing = 0, 0
    for _ in range(times):
        watched = Watched(argv, {"TZ": "UTC"})
        watched.until(lambda lines: (counts(lines) or (0,))[0] == HOSTS, 30)
        watched.settle(2)
        # All that fits on the screen is younger than what is recorded, but not where one looks at some tenants alone.
        watched.write(b"\t")
        watched.settle(0.2)
        watched.write(f"/{SOME_TENANTS}\r".encode())
        watched.until(lambda lines: sum(as_recorded(lines).values()) >= SOME, 30)
        shown = last_shown(watched, random.uniform(0, 1)) or as_recorded(watched.screen.lines())
        os.kill(watched.pid, signal.SIGKILL)
        # What it wrote before it was killed is on the screen as well.
        shown = last_shown(watched, 0.5) or shown
        watched.end()
        shown_at_all += sum(shown.values())
        missing += sum((shown - readings(ledger, shown)).values())
    return f"{shown_at_all} in {times} times, {missing} of them not in the ledger", "0"


def last_shown(watched, seconds):
    """What the last whole frame within so many seconds called recorded; nothing where there was none, or it called nothing so."""
    shown = None
    try:
        for _ in watched.frames(seconds):
            if not watched.screen.in_update:
                shown = as_recorded(watched.screen.lines())
    except Ended:
        pass
    return shown


def as_recorded(lines):
    """The changes that the screen calls recorded: their times, verbs and objects."""
    found = (CHANGE.search(line) for line in lines)
    return collections.Counter((it[2], it[4], it[5]) for it in found if it and it[1] == " ")


def readings(ledger, shown):
    """How often what the ledger has of these seconds reads so. A change that reads otherwise by now was recorded before as well."""
    kept = collections.Counter()
    for moment in {moment for moment, *_ in shown}:
        today = datetime.datetime.now(datetime.timezone.utc).date()
        begun = datetime.datetime.fromisoformat(f"{today}T{moment}+00:00").timestamp()
        sql = f"SELECT reading FROM records WHERE time >= {int(begun * 1e9)} AND time < {int((begun + 1) * 1e9)} AND reading <> ''"
        told = (json.loads(reading) for reading, in asked(ledger, sql))
        kept.update((it["time"][11:19], it["verb"], it.get("container")) for it in told)
    return kept


def events(folder, begun, ended):
    """How often each moment of the engines' own clocks was told with an event that says something."""
    found = collections.Counter()
    for name in glob.glob(f"{folder}/*.events"):
        with open(name, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                event = json.loads(line)
                if event.get("Type") == "container" and event["Action"] in TOLD and begun <= event["timeNano"] / 1e9 < ended:
                    found[event["timeNano"]] += 1
    return found


def records(ledger, begun, ended):
    """The same of what the ledger keeps."""
    sql = "SELECT time, count(*) FROM records WHERE source = 'engine' AND time >= {} AND time < {} GROUP BY time"
    return collections.Counter({int(time): int(count) for time, count in asked(ledger, sql.format(int(begun * 1e9), int(ended * 1e9)))})


def asked(ledger, sql):
    """The rows that the statement finds, in the file or in the database."""
    if not ledger.startswith("postgres"):
        with sqlite3.connect(ledger) as connection:
            return connection.execute(sql).fetchall()
    answer = subprocess.run(["psql", ledger, "-At", "-F", "\x1f", "-c", sql], check=True, capture_output=True, text=True)
    return [line.split("\x1f") for line in answer.stdout.splitlines()]


main()
