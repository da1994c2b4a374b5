"""The benchmark of `tests/bench/day`."""

import argparse
import asyncio
import collections
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile

import procfs
from keeper import Keeper
from people import DAY, TIERS, Told, live_through, percentile, plan
from simulated import WAKEBOARD
from table import figure, show

# What is left of a tenant's memory by how it sleeps: measured with a Tomcat (`tests/bench/wake`).
LEFT = {"running": 1.0, "restarting": 1.0, "paused": 0.04}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=480)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    chance = random.Random(wanted.seed)
    speed = DAY / wanted.seconds
    sessions = plan(chance)
    with tempfile.TemporaryDirectory(prefix="wb-") as folder, served(folder) as hosts:
        ledger = os.path.join(folder, "state", "ledger.db")
        keeper = Keeper(folder, hosts, ledger, speed)
        try:
            told = asyncio.run(live(sessions, hosts, keeper.port, speed, wanted.seconds))
            used, memory = procfs.cpu_seconds(keeper.pid), procfs.memory_mb(keeper.pid)[1]
        finally:
            ended = keeper.end()
        tell(told, tickets(ledger), wanted.seconds, speed, used, memory, ended)


class served:
    """The simulated hosts."""

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        command = [WAKEBOARD, "simulate", "tests/scenarios/day.yaml", "--dir", os.path.join(self._folder, "s")]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return [self._process.stdout.readline().split() for _ in range(10)]

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        self._process.wait()


async def live(sessions, hosts, port, speed, seconds):
    told = Told()
    watch = asyncio.create_task(sample(told, [endpoint.removeprefix("unix://") for _, endpoint in hosts]))
    await live_through(told, sessions, port, speed, seconds)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    return told


async def sample(told, sockets):
    """Each second: what all containers of all hosts do, straight from the engines."""
    while True:
        answers = await asyncio.gather(*(containers(path) for path in sockets))
        held, vips = 0.0, 0
        for container in (one for answer in answers for one in answer):
            part = LEFT.get(container["State"], 0.0)
            held += part
            vips += container["Names"][0].lstrip("/").startswith("vip") and part == 1.0
        told.samples.append(held / sum(count for count, _ in TIERS.values()))
        told.vips_asleep = max(told.vips_asleep, TIERS["vip"][0] - vips)
        await asyncio.sleep(1)


async def containers(path):
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 24)
    try:
        writer.write(b"GET /containers/json?all=1 HTTP/1.0\r\nHost: engine\r\n\r\n")
        answer = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = b"".join(unchunked(body))
    return json.loads(body)


def unchunked(body):
    while body:
        size, _, body = body.partition(b"\r\n")
        yield body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]


def tickets(ledger):
    with sqlite3.connect(ledger) as connection:
        return [json.loads(body) for (body,) in connection.execute("SELECT body FROM tickets")]


def tell(told, all_tickets, seconds, speed, used, memory, ended):
    ended_so = collections.Counter((it["task"], it.get("outcome"), it.get("method")) for it in all_tickets)
    vips = [it for it in all_tickets if it["task"] == "dump" and it["tenant"].startswith("vip")]
    high = told.logins["high"]
    rows = [
        ["", "measured", "target"],
        ["memory held, of all always on", figure(100 * sum(told.samples) / len(told.samples), 1, " %"), "<= 35 %"],
        ["… at its highest after the first hour", figure(100 * max(told.samples[int(3600 / speed) :]), 1, " %"), ""],
        ["vip tenants asleep at any look", str(told.vips_asleep), "0"],
        ["dumps of vip tenants", str(len(vips)), "0"],
        ["a login of tier high waits, p95", figure(percentile(high, 95), 2, " s"), "< 2 s"],
        ["requests answered otherwise", " ".join(f"{count} x {status}" for status, count in told.failed.items()) or "0", "0"],
        ["CPU of the keeper, of one core", figure(100 * used / seconds, 1, " %"), ""],
        ["its highest memory", figure(memory, 0, " MB"), ""],
        ["its exit code after SIGTERM", str(ended), "0"],
    ]
    show(f"A day in {seconds} s ({speed:.0f} times as fast; waking is not sped up), looked at {len(told.samples)} times", rows)
    rows = [["tier", "tenants", "logins", "of them had to wait", "p50 s", "p95 s", "longest s", "later requests, p95 s"]]
    for tier, (count, _) in TIERS.items():
        all_logins = told.logins[tier]
        waited = [it for it in all_logins if it > 0.05]
        line = [figure(percentile(all_logins, p), 2) for p in (50, 95, 100)]
        rows.append([tier, count, len(all_logins), len(waited), *line, figure(percentile(told.later[tier], 95), 2)])
    show("How long a login waits until its tenant answers", rows)
    rows = [["task", "outcome", "method", "tickets"]]
    rows += [[task, outcome or "–", method or "–", count] for (task, outcome, method), count in sorted(ended_so.items(), key=str)]
    show("The tickets of the day", rows)
    print(f"\nload {procfs.load():.2f}")


main()
