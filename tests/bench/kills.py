"""The benchmark of `tests/bench/kills`."""

import argparse
import asyncio
import collections
import datetime
import json
import os
import random
import subprocess
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import procfs
from engine import LABEL, Engine
from keeper import Keeper
from people import DAY, TIERS, Told, live_through, percentile, plan
from simulated import WAKEBOARD
from table import figure, show

HOSTS = ["docker-a", "docker-b"]
IMAGE, PORT = "busybox:lab", 7070
# One line for each cold start, on a volume: who has lost it has lost lines.
SCRIPT = f"echo started >>/www/starts; exec httpd -f -p {PORT} -h /www"
# The first kill, and how long all works between a recovery and the next one.
REST = 20
DOWN = 3
SETTLES_WITHIN = 180
# What the engine may say of a tenant of which the ledger says this.
AGREES = {
    ("running", None): {"running"},
    ("dumped", "freeze"): {"paused"},
    ("dumped", "stop"): {"exited"},
    ("dumped", "checkpoint"): {"exited"},
    ("dumped", "destroy"): {None},
}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=900)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    lab = os.environ["WAKEBOARD_LAB"]
    engines = {name: Engine(f"{lab}/{name}/{name}.sock") for name in HOSTS}
    ledger = os.environ["WAKEBOARD_BENCH_POSTGRES"]
    names = [f"{tier}-{number:03}" for tier, (count, _) in TIERS.items() for number in range(1, count + 1)]
    # By turns, so that each host has some of each tier.
    homes = {name: HOSTS[number % len(HOSTS)] for number, name in enumerate(names)}
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: create(engines[homes[name]], name), names))
    print(f"{len(names)} tenants run after {time.monotonic() - begun:.0f} s", flush=True)
    speed = DAY / wanted.seconds
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        hosts = [(name, f"unix://{engine.path}") for name, engine in engines.items()]
        keeper = Keeper(folder, hosts, ledger, speed, f"  port: {PORT}\n")
        told, kills = Told(), []
        sessions = plan(random.Random(wanted.seed))
        asyncio.run(live(told, kills, keeper, engines, sessions, speed, wanted.seconds))
        settled = until_no_ticket_is_open(ledger)
        ended = keeper.end()
        last_kills = {what: at for what, _, at in kills}
        rows = judge(keeper.config, ledger, engines, homes, last_kills)
    tell(told, kills, rows, settled, ended, wanted.seconds, speed)
    if any(found != wanted for _, found, wanted in rows if wanted != ""):
        raise SystemExit("they do not agree, or something is lost")


def create(engine, name):
    config = {
        "Image": IMAGE,
        "Cmd": ["sh", "-c", SCRIPT],
        "StopSignal": "KILL",
        "Labels": {LABEL: "1", "wakeboard.tenant": name, "wakeboard.tier": name.split("-")[0]},
        "HostConfig": {"RestartPolicy": {"Name": "always"}, "Binds": [f"{name}-www:/www"]},
    }
    made = engine.call("POST", f"/containers/create?name={name}", config)["Id"]
    engine.call("POST", f"/containers/{made}/start")


async def live(told, kills, keeper, engines, sessions, speed, seconds):
    over = asyncio.Event()
    killer = asyncio.create_task(kill_in_turn(kills, keeper, engines, over))
    await live_through(told, sessions, keeper.port, speed, seconds)
    over.set()
    # Not in the middle of one.
    await killer


async def kill_in_turn(kills, keeper, engines, over):
    turns = [
        ("keeper", lambda: kill_keeper(keeper)),
        ("docker-a", lambda: kill_engine("docker-a")),
        ("ledger", kill_ledger),
        ("keeper", lambda: kill_keeper(keeper)),
        ("docker-b", lambda: kill_engine("docker-b")),
        ("ledger", kill_ledger),
    ]
    while True:
        for what, kill in turns:
            try:
                await asyncio.wait_for(over.wait(), REST)
                return
            except asyncio.TimeoutError:
                pass
            begun = time.monotonic()
            await asyncio.to_thread(kill)
            kills.append((what, time.monotonic() - begun, time.time()))
            print(f"{what} was killed, and is back after {kills[-1][1]:.1f} s", flush=True)


def kill_keeper(keeper):
    keeper.kill()
    time.sleep(DOWN)
    keeper.begin()


def kill_engine(name):
    links = set(links_of(name))
    script("engine", "kill", name)
    time.sleep(DOWN)
    script("engine", "start", name)
    # What was there before the kill and still is belongs to no container any more, and keeps the address of one
    # (docs/engine-facts.md).
    for link in links & set(links_of(name)):
        subprocess.run(["ip", "link", "del", link], check=False)


def links_of(name):
    bridge = {"docker-a": "wblab0", "docker-b": "wblab1"}[name]
    return os.listdir(f"/sys/class/net/{bridge}/brif")


def kill_ledger():
    script("postgres", "kill")
    time.sleep(DOWN)
    script("postgres", "again")


def script(name, *words):
    subprocess.run([f"tests/lab/{name}", *words], check=True, stdout=subprocess.DEVNULL)


def tickets(ledger):
    done = subprocess.run(["psql", "-XAtq", ledger, "-c", "SELECT body FROM tickets"], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def until_no_ticket_is_open(ledger):
    """How long that took, in seconds; nothing where it never came to rest."""
    begun = time.monotonic()
    while time.monotonic() < begun + SETTLES_WITHIN:
        if all(ticket.get("ended") for ticket in tickets(ledger)):
            return time.monotonic() - begun
        time.sleep(1)
    return None


def run(config, *words):
    return subprocess.run([WAKEBOARD, "--config", config, *words], stdout=subprocess.PIPE, text=True)


def since(tenant):
    """When it fell asleep, in seconds as `time.time` counts them."""
    return datetime.datetime.fromisoformat(tenant["since"][:19] + "+00:00").timestamp()


def states(engine):
    mine = "%7B%22label%22%3A%5B%22" + LABEL + "%22%5D%7D"
    listed = engine.call("GET", f"/containers/json?all=1&filters={mine}")
    return collections.Counter((it["Names"][0].lstrip("/"), it["State"]) for it in listed)


def judge(config, ledger, engines, homes, last_kills):
    """What must be so: rows of what it is, what was found, and what was wanted."""
    all_tickets = tickets(ledger)
    open_ones = sum(not ticket.get("ended") for ticket in all_tickets)
    said = {it["tenant"]: it for it in json.loads(run(config, "ps", "--json").stdout)}
    there = {name: dict(states(engine)) for name, engine in engines.items()}
    agree = frozen_to_death = 0
    for name, home in homes.items():
        seen = [state for tenant, state in there[home] if tenant == name] or [None]
        it = said.get(name, {})
        wanted = AGREES.get((it.get("state"), it.get("method")), set())
        # An engine that is started anew ends what was paused. Who slept so sleeps on, and wakes by a cold start.
        was_killed = it.get("method") == "freeze" and since(it) < last_kills.get(home, 0)
        if seen == ["exited"] and it.get("state") == "dumped" and was_killed:
            frozen_to_death += 1
            agree += 1
        elif len(seen) == 1 and seen[0] in wanted:
            agree += 1
        else:
            print(f"{name}: the engine says {seen}, the ledger {said.get(name)}", flush=True)
    waking = [name for name, it in said.items() if it["state"] == "dumped"]
    lines = run(config, "wake", *waking, "--timeout", "60s", "--json").stdout.splitlines() if waking else []
    last = {it["tenant"]: it for it in map(json.loads, lines) if it.get("outcome")}
    woken = sum(it["outcome"] == "woken" for it in last.values())
    for line in (it for it in last.values() if it["outcome"] != "woken"):
        print(line, flush=True)
    cold = collections.Counter(it["tenant"] for it in all_tickets if it.get("outcome") == "woken" and it.get("method") == "destroy")
    answered = kept = 0
    for name, home in homes.items():
        starts = ask(engines[home], name)
        answered += starts is not None
        kept += starts is not None and starts > cold[name]
        if starts is None or starts <= cold[name]:
            print(f"{name}: {starts} starts on its volume, {cold[name]} times created again", flush=True)
    now = sum((states(engine) for engine in engines.values()), collections.Counter())
    vips = sum(it["task"] == "dump" and it["tenant"].startswith("vip") for it in all_tickets)
    ended = collections.Counter((it["task"], it.get("outcome"), it.get("method")) for it in all_tickets)
    rows = [["task", "outcome", "method", "tickets"]]
    rows += [[task, outcome or "–", method or "–", count] for (task, outcome, method), count in sorted(ended.items(), key=str)]
    show("The tickets of the day", rows)
    return [
        ["tickets left open", open_ones, 0],
        ["tenants of which ledger and engine say the same", agree, len(homes)],
        ["of them frozen when their engine was killed", frozen_to_death, ""],
        ["sleepers that wake", woken, len(waking)],
        ["containers then, each once and running", sum(count == 1 and state == "running" for (_, state), count in now.items()), len(homes)],
        ["tenants that answer", answered, len(homes)],
        ["of them with all that was on their volume", kept, len(homes)],
        ["dumps of vip tenants", vips, 0],
        ["exit code of `changes verify`", run(config, "changes", "verify").returncode, 0],
    ]


def ask(engine, name):
    """How often it has been started cold, as its volume says; nothing where it does not answer."""
    for _ in range(50):
        try:
            address = engine.call("GET", f"/containers/{name}/json")["NetworkSettings"]["IPAddress"]
            with urllib.request.urlopen(f"http://{address}:{PORT}/starts", timeout=2) as answer:
                return len(answer.read().splitlines())
        except (OSError, RuntimeError, ValueError):
            time.sleep(0.2)
    return None


def tell(told, kills, judged, settled, ended, seconds, speed):
    rows = [["", "found", "wanted"], *judged]
    rows += [["exit code of the keeper after SIGTERM", ended, 0]]
    rows += [["at rest after the last request", figure(settled, 0, " s"), ""]]
    times = collections.defaultdict(list)
    for what, took, _ in kills:
        times[what].append(took)
    for what, all_times in times.items():
        rows.append([f"{what} killed with kill -9", f"{len(all_times)} times, back after {max(all_times):.0f} s at most", ""])
    logins = [it for all_logins in told.logins.values() for it in all_logins]
    rows.append(["logins, and p95 of their wait", f"{len(logins)}, {figure(percentile(logins, 95), 1, ' s')}", ""])
    otherwise = " ".join(f"{count} x {status}" for status, count in told.failed.items())
    rows.append(["requests answered otherwise, and asked again", otherwise or "0", ""])
    show(f"A day in {seconds} s ({speed:.0f} times as fast) on two real engines, with kills in turn", rows)
    print(f"\nload {procfs.load():.2f}")


main()
