"""The benchmark of `tests/bench/storm`."""

import argparse
import collections
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import procfs
from simulated import HOSTS, counts, simulated
from table import figure, median, show
from watched import Watched

# Events that say something: the others are turns of a health check that has only begun, or commands run in a container.
TOLD = {
    "create", "start", "pause", "unpause", "die", "oom", "kill", "stop", "restart", "checkpoint", "update", "rename", "destroy",
    "health_status: healthy", "health_status: unhealthy",
}
# What is recorded lies behind by up to this.
BEHIND = 4


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=60)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    with simulated("storm") as (sockets, argv), tempfile.TemporaryDirectory(prefix="wb-", dir="/dev/shm") as heard:
        watched = Watched(argv)
        watched.until(lambda lines: (counts(lines) or (0,))[0] == HOSTS, 30)
        listeners = listen(sockets, heard)
        watched.settle(5)
        begun, used = time.time(), procfs.cpu_seconds(watched.pid)
        keys = [press(watched) for _ in range(wanted.seconds)]
        ended, used = time.time(), procfs.cpu_seconds(watched.pid) - used
        watched.settle(BEHIND)
        memory = procfs.memory_mb(watched.pid)[1]
        # In the middle of it all.
        os.kill(watched.pid, signal.SIGKILL)
        listeners.send_signal(signal.SIGTERM)
        listeners.wait()
        watched.end()
        told = events(heard, begun, ended)
        ledger = os.path.join(os.path.dirname(argv[-1]), "state", "ledger.db")
        recorded = records(ledger, begun, ended)
        size = os.path.getsize(ledger)
        verified = subprocess.run([*argv, "changes", "verify"], capture_output=True, text=True)
    lost = sum((told - recorded).values())
    extra = sum((recorded - told).values())
    answered = [it for it in keys if it is not None]
    rows = [
        ["", "measured", "target"],
        ["events that say something, a second", figure(sum(told.values()) / (ended - begun), 0), "10,000"],
        ["of them not in the ledger", str(lost), "0"],
        ["in the ledger and not told by an engine", str(extra), "0"],
        ["a key shows, median ms", figure(median(answered) * 1000, 1), ""],
        ["a key shows, slowest ms", figure(max(answered) * 1000, 1), ""],
        ["keys that did not show within 1 s", str(len(keys) - len(answered)), "0"],
        ["own CPU, percent of one core", figure(used * 100 / (ended - begun), 1, " %"), ""],
        ["highest RSS", figure(memory, 0, " MB"), ""],
        ["ledger after it", figure(size / 1e6, 0, " MB"), ""],
        ["the chain after kill -9", (verified.stdout + verified.stderr).strip().splitlines()[0], "verifies"],
    ]
    show(f"{HOSTS} simulated hosts, {wanted.seconds} s, 200 x 50; the counter beside it is one curl on all event streams", rows)


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
    with sqlite3.connect(ledger) as connection:
        sql = "SELECT time, count(*) FROM records WHERE source = 'engine' AND time >= ? AND time < ? GROUP BY time"
        return collections.Counter(dict(connection.execute(sql, (int(begun * 1e9), int(ended * 1e9)))))


main()
