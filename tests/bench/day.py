"""The benchmark of `tests/bench/day`."""

import argparse
import asyncio
import collections
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import procfs
from simulated import WAKEBOARD
from table import figure, show

DAY = 24 * 3600
MINUTE = 60
# How many there are of each tier, and how often each logs in a day.
TIERS = {"vip": (50, 4.0), "high": (100, 3.0), "mid": (150, 2.0), "low": (200, 0.7)}
# When they do: the share of all, the hour, and how far around it. The rest at any time.
BUNCHES = [(0.45, 9.0, 0.75), (0.35, 14.0, 1.0), (0.12, 20.0, 1.5)]
# How long one stays, and between two of its requests.
STAYS, PAUSES = (20 * MINUTE, 60 * MINUTE), 3 * MINUTE
# What is left of a tenant's memory by how it sleeps: measured with a Tomcat (`tests/bench/wake`).
LEFT = {"running": 1.0, "restarting": 1.0, "paused": 0.04}
# A person gives up then.
PATIENCE = 60


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
        door = free_port()
        ledger = os.path.join(folder, "state", "ledger.db")
        config = write_config(folder, hosts, ledger, door, speed)
        # Another user's HOME: what happens to simulated tenants belongs into no state folder of whoever measures.
        log = open(os.path.join(folder, "keeper.log"), "w")
        keeper = subprocess.Popen([WAKEBOARD, "--config", config, "keeper"], stderr=log, stdout=log)
        try:
            wait_for_door(door, keeper, log.name)
            told = asyncio.run(live(sessions, hosts, door, speed, wanted.seconds))
            used, memory = procfs.cpu_seconds(keeper.pid), procfs.memory_mb(keeper.pid)[1]
        finally:
            keeper.send_signal(signal.SIGTERM)
            ended = keeper.wait(60)
        tell(told, tickets(ledger), wanted.seconds, speed, used, memory, ended)


def plan(chance):
    """All logins of a day: (second of the day, tenant, moments of its requests)."""
    sessions = []
    for tier, (count, logins) in TIERS.items():
        for number in range(1, count + 1):
            whole = int(logins) + (chance.random() < logins % 1)
            for _ in range(whole):
                begins = login(chance)
                ends, at, moments = begins + chance.uniform(*STAYS), begins, []
                while at < ends:
                    moments.append(at)
                    at += chance.expovariate(1 / PAUSES)
                sessions.append((begins, f"{tier}-{number:03}", moments))
    return sorted(sessions)


def login(chance):
    drawn = chance.random()
    for share, hour, around in BUNCHES:
        if drawn < share:
            return min(max(chance.gauss(hour, around), 0), 23.5) * 3600
        drawn -= share
    return chance.uniform(0, 23.5 * 3600)


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


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def write_config(folder, hosts, ledger, door, speed):
    """The shipped tiers, sped up. Nobody uses a simulated tenant but by requests, so only those count."""
    fast = lambda seconds: f"{max(seconds / speed, 1):.3f}s" if seconds / speed < 1000 else f"{seconds / speed:.0f}s"
    path = os.path.join(folder, "wakeboard.yaml")
    with open(path, "w") as file:
        file.write(
            f"ledger: {ledger}\n"
            "tiers:\n"
            "  vip: []\n"
            f"  high: [{{after: {fast(30 * MINUTE)}, dump: freeze}}, {{after: {fast(8 * 3600)}, dump: checkpoint}}]\n"
            f"  mid: [{{after: {fast(30 * MINUTE)}, dump: destroy}}]\n"
            f"  low: [{{after: {fast(15 * MINUTE)}, dump: destroy}}]\n"
            "rules:\n"
            "  idle: {network: ignore, cpu: ignore, connections: ignore}\n"
            f"  limits: {{dumps_a_minute: {min(int(10 * speed), 1000)}}}\n"
            f"keeper:\n  listen: 127.0.0.1:{door}\n  wait: 30s\n"
            '  tenants: {host: "{tenant}.example.com"}\n'
            "hosts:\n" + "".join(f"  {name}: {endpoint}\n" for name, endpoint in hosts)
        )
    return path


def wait_for_door(port, keeper, log):
    for _ in range(300):
        if keeper.poll() is not None:
            raise SystemExit(open(log).read())
        try:
            status, _ = asyncio.run(ask(port, "GET /healthz HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n"))
            if status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the keeper's door does not open: " + open(log).read())


async def ask(port, text):
    """One request; its status and how long it took."""
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text.encode())
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
        return int(line.split()[1]), time.monotonic() - begun
    finally:
        writer.close()


class Told:
    """What was seen of the day."""

    def __init__(self):
        self.samples = []
        self.vips_asleep = 0
        self.logins = collections.defaultdict(list)
        self.later = collections.defaultdict(list)
        self.failed = collections.Counter()


async def live(sessions, hosts, port, speed, seconds):
    told, begun = Told(), time.monotonic()
    people = [asyncio.create_task(person(told, begun, speed, port, *session[1:])) for session in sessions]
    watch = asyncio.create_task(sample(told, [endpoint.removeprefix("unix://") for _, endpoint in hosts]))
    await asyncio.sleep(max(0, begun + seconds - time.monotonic()))
    watch.cancel()
    for one in people:
        one.cancel()
    await asyncio.gather(*people, watch, return_exceptions=True)
    return told


async def person(told, begun, speed, port, tenant, moments):
    """Logs in, and asks now and then. Who waits for its first page asks nothing else meanwhile."""
    tier = tenant.split("-")[0]
    request = f"GET /wake HTTP/1.1\r\nHost: {tenant}.example.com\r\nConnection: close\r\n\r\n"
    for number, moment in enumerate(moments):
        await asyncio.sleep(max(0, begun + moment / speed - time.monotonic()))
        asked = time.monotonic()
        status = None
        while status != 200 and time.monotonic() - asked < PATIENCE:
            try:
                status, _ = await ask(port, request)
            except (OSError, ValueError, IndexError, asyncio.TimeoutError):
                status = None
            if status != 200:
                told.failed[status] += 1
                await asyncio.sleep(0.5)
        (told.later if number else told.logins)[tier].append(time.monotonic() - asked)


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


def percentile(values, percent):
    """The value that so many percent do not exceed."""
    values = sorted(values)
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None


main()
