"""The benchmark of `tests/bench/console`."""

import argparse
import os
import random
import re
import subprocess
import tempfile
import time
from collections import namedtuple

import procfs
from engine import Engine
from table import figure, median, show
from watched import Ended, Watched

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "wakeboard-bench")
PEERS = {"dtop": "=0.10.2", "oxker": "^0.13", "ducker": "^0.6"}
NAME = re.compile(r"\bbench-\d{3}\b")
# What is left out of the time of just looking: start-up, and what a program does once right after it.
STARTING = 5
# A change that is not on the screen by then is missed.
MISSED_AFTER = 3
PAUSES_OF_PEERS = 40

# How a program is started, and how it writes of a container that runs, and of one that is paused.
Program = namedtuple("Program", "name argv env runs paused")
Pause = namedtuple("Pause", "since_event since_call")
TARGETS = ["target", "0.06", "0.4", "1.5", "20", "6 (30)", "", "0 of 100"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peers", action="store_true")
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--pauses", type=int, default=100)
    arguments.add_argument("--containers", type=int, default=300)
    arguments.add_argument("--starts", type=int, default=5)
    wanted = arguments.parse_args()
    socket = os.environ["WAKEBOARD_LAB_DOCKER_A"].removeprefix("unix://")
    engine = Engine(socket, os.environ["WAKEBOARD_LAB_DOCKER_A_PIDFILE"])
    with tempfile.TemporaryDirectory(prefix="wakeboard-bench-") as folder:
        programs = [wakeboard(socket, folder)] + (peers(socket, folder) if wanted.peers else [])
        begun = time.monotonic()
        engine.clear()
        try:
            ids = engine.fill(wanted.containers, os.environ["WAKEBOARD_LAB_IMAGE"])
            print(f"{len(ids)} containers after {time.monotonic() - begun:.0f} s", flush=True)
            time.sleep(10)
            measured = []
            for program in programs:
                try:
                    measured.append(measure(program, engine, ids, wanted))
                except Ended as ended:
                    print(f"{program.name}: left out: {ended}", flush=True)
        finally:
            engine.clear()
    heading = [
        "",
        "rows shown after, s",
        f"own CPU s in {wanted.seconds} s (with start)",
        f"engine CPU s above idle in {wanted.seconds} s (with start)",
        "RSS MB (highest)",
        "pause shown after its event, median (max) ms",
        "after the call",
        "missed",
    ]
    show(f"{len(ids)} idle containers on one Docker, 200 x 50", [heading, *measured, TARGETS])


def wakeboard(socket, folder):
    config = os.path.join(folder, "wakeboard.yaml")
    with open(config, "w") as file:
        file.write(f"hosts:\n  one: unix://{socket}\n")
    argv = [os.path.abspath("target/release/wakeboard"), "--config", config]
    return Program("wakeboard", argv, {"HOME": folder}, "● running", "‖ paused")


def peers(socket, folder):
    for name, version in PEERS.items():
        root = os.path.join(CACHE, "peers")
        if not os.path.exists(os.path.join(root, "bin", name)):
            print(f"installing {name}", flush=True)
            command = ["cargo", "install", "--quiet", "--locked", "--root", root, "--target-dir", root + "-target"]
            subprocess.run([*command, name, "--version", version], check=False)
    url = f"unix://{socket}"
    looks = {
        "dtop": (["--all", "--host", url], "▶", "⏸"),
        "oxker": (["--host", socket], "✓ running", "॥ paused"),
        "ducker": (["--docker-host", url], r"\bUp ", r"\(Paused\)"),
    }
    found = []
    for name, (options, runs, paused) in looks.items():
        path = os.path.join(CACHE, "peers", "bin", name)
        if os.path.exists(path):
            found.append(Program(name, [path, *options], {"HOME": folder}, runs, paused))
        else:
            print(f"{name}: left out: it does not build here", flush=True)
    return found


def measure(program, engine, ids, wanted):
    """One row of the table."""
    print(f"{program.name}: load {procfs.load():.2f}", flush=True)
    starts = [start_once(program) for _ in range(wanted.starts)]
    print("  rows shown after", " ".join(figure(it, 3) for it in starts), "s", flush=True)

    before = engine.cpu_seconds()
    time.sleep(wanted.seconds)
    idle = engine.cpu_seconds() - before
    engine_at = [engine.cpu_seconds()]
    events = engine.events()
    begun = time.monotonic()
    watched = Watched(program.argv, program.env, events)
    try:
        if watched.until(has_rows, 20) is None:
            raise Ended("no row within 20 s")
        watched.settle(STARTING)
        own_at = [procfs.cpu_seconds(watched.pid)]
        engine_at.append(engine.cpu_seconds())
        looking = time.monotonic()
        watched.settle(wanted.seconds)
        own_at.append(procfs.cpu_seconds(watched.pid))
        engine_at.append(engine.cpu_seconds())
        ended = time.monotonic()
        resident, highest = procfs.memory_mb(watched.pid)
        per_second = idle / wanted.seconds
        above = engine_at[2] - engine_at[1] - per_second * (ended - looking)
        above_all = engine_at[2] - engine_at[0] - per_second * (ended - begun)
        print(f"  idle engine {idle:.2f} s of CPU; while looked at {engine_at[2] - engine_at[1]:.2f} s", flush=True)
        count = wanted.pauses if program.name == "wakeboard" else min(wanted.pauses, PAUSES_OF_PEERS)
        pauses = [pause_once(program, watched, engine, ids) for _ in range(count)]
    finally:
        watched.end()
        events.close()
    seen = [pause for pause in pauses if pause]
    return [
        program.name,
        figure(median([it for it in starts if it]), 3),
        f"{own_at[1] - own_at[0]:.2f} ({own_at[1]:.2f})",
        f"{above:.2f} ({above_all:.2f})",
        f"{resident:.1f} ({highest:.1f})",
        milliseconds([pause.since_event for pause in seen]),
        milliseconds([pause.since_call for pause in seen]),
        f"{count - len(seen)} of {count}",
    ]


def start_once(program):
    watched = Watched(program.argv, program.env)
    try:
        shown = watched.until(has_rows, 20)
        return shown and shown - watched.started
    finally:
        watched.end()
        time.sleep(1)


def has_rows(lines):
    return any(NAME.search(line) for line in lines)


def pause_once(program, watched, engine, ids):
    """Pauses a container whose row is on the screen, and says when the row says so; nothing if it does not."""
    watched.settle(random.uniform(0.1, 0.6))
    name = random.choice(running(program, watched.screen.lines()))
    shows = lambda lines: reads_paused(program, lines, name)
    watched.heard.clear()
    called = time.monotonic()
    engine.call("POST", f"/containers/{ids[name]}/pause")
    shown = watched.until(shows, MISSED_AFTER)
    told = event_moment(watched, ids[name])
    watched.settle(random.uniform(0.1, 0.6))
    engine.call("POST", f"/containers/{ids[name]}/unpause")
    if shown and reads_paused(program, watched.screen.lines(), name):
        watched.until(lambda lines: not shows(lines), MISSED_AFTER)
    return shown and told and Pause(shown - told, shown - called)


def rows(lines):
    """Containers' names and what is written beside each: a pane's line, from border to border."""
    for line in lines:
        for text in line.split("│"):
            for name in NAME.findall(text):
                yield name, text


def running(program, lines):
    return [name for name, text in rows(lines) if re.search(program.runs, text) and not re.search(program.paused, text)]


def reads_paused(program, lines, name):
    return any(other == name and re.search(program.paused, text) for other, text in rows(lines))


def event_moment(watched, container):
    """When the harness's own listener heard of the pause."""
    text = b""
    for moment, piece in watched.heard:
        text += piece
        for line in text.split(b"\n"):
            if b'"status":"pause"' in line and container.encode() in line:
                return moment
    return None


def milliseconds(seconds):
    if not seconds:
        return "–"
    return f"{median(seconds) * 1000:.1f} ({max(seconds) * 1000:.1f})"


main()
