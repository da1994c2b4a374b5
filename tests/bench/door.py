"""The benchmark of `tests/bench/door`."""

import argparse
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager

import procfs
from table import figure, median, show

WAKEBOARD = os.path.abspath("target/release/wakeboard")
BARE = os.path.abspath("target/release/examples/bare_door")
TENANTS = 500
SCENARIO = f"""
hosts: [{{names: [web-1], experimental: true}}]
roles: {{app: {{image: "shop:1", memory: 64M, port: 8080}}}}
tenants:
  - {{count: {TENANTS}, pattern: "t-{{nnnn}}", roles: [app], tiers: {{mid: 1}}, start: {{running: 1}}}}
"""
# One of all tenants after the other, by its host name.
MANY = """
local at = 0
request = function()
  at = at %% %d + 1
  return wrk.format("GET", "/wake", {["Host"] = string.format("t-%%04d.example.com", at)})
end
""" % TENANTS
# The same at some 30,000 a second: what one waits who does not come with all that can be sent.
PACED = MANY + """
delay = function() return 2 end
"""
DOOR_CORE, CLIENT_CORE = "0", "1"
CONNECTIONS = 16


@contextmanager
def process(*command, core=None, **more):
    """Runs a program, on one core alone where that is said."""
    pinned = ["taskset", "-c", core, *command] if core else command
    running = subprocess.Popen(pinned, text=True, **more)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGINT)
        running.wait()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def door():
    """`wakeboard keeper` on simulated hosts; gives its address once all tenants are known."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        # The simulated containers are on this machine's loopback: all of them answer here.
        answering = socket.create_server(("0.0.0.0", 8080), backlog=1024)
        threading.Thread(target=take_all, args=(answering,), daemon=True).start()
        scenario, config, port = f"{folder}/scenario.yaml", f"{folder}/wakeboard.yaml", free_port()
        with open(scenario, "w") as file:
            file.write(SCENARIO)
        simulate = process(WAKEBOARD, "simulate", scenario, "--dir", f"{folder}/s", core=CLIENT_CORE, stdout=subprocess.PIPE)
        with simulate as simulator:
            name, endpoint = simulator.stdout.readline().split()
            with open(config, "w") as file:
                file.write(f"ledger: {folder}/ledger.db\nhosts: {{{name}: '{endpoint}'}}\ntiers: {{high: [], mid: [], low: []}}\n")
                file.write(f"keeper: {{listen: '127.0.0.1:{port}', tenants: {{host: '{{tenant}}.example.com'}}, port: 8080}}\n")
            with open(f"{folder}/log", "w") as log, process(WAKEBOARD, "--config", config, "keeper", core=DOOR_CORE, stdout=log, stderr=log) as keeper:
                address = f"127.0.0.1:{port}"
                for number in range(1, TENANTS + 1):
                    ask(address, f"t-{number:04d}.example.com")
                yield address, keeper.pid


def take_all(listener):
    """Takes connections, and lets go of them."""
    while True:
        listener.accept()[0].close()


def ask(address, host):
    """Asks until that tenant's place is known."""
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{address}/wake", headers={"Host": host})) as answer:
                assert answer.headers["X-Wakeboard-Upstream"].endswith(":8080"), answer.headers
                return
        except OSError as error:
            if time.monotonic() > until:
                raise SystemExit(f"{host}: {error}")
            time.sleep(0.05)


@contextmanager
def bare():
    with process(BARE, core=DOOR_CORE, stdout=subprocess.PIPE) as server:
        yield server.stdout.readline().strip(), server.pid


UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def wrk(address, seconds, script=None, connections=CONNECTIONS):
    """Requests a second, and the latency in ms that half and 99 of 100 keep."""
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", script] if script else ["-H", "Host: t-0001.example.com"]
    out = subprocess.run([*command, f"http://{address}/wake"], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    shares = {share: float(value) * UNITS[unit] for share, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", out)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), shares["50"], shares["99"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=8)
    arguments.add_argument("--rounds", type=int, default=3)
    wanted = arguments.parse_args()
    print(f"load {procfs.load():.2f}", flush=True)
    kinds = {"bare server": [], "door, one tenant": [], f"door, {TENANTS} tenants": [], f"door, {TENANTS} tenants, paced": []}
    memory = 0.0
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script, tempfile.NamedTemporaryFile("w", suffix=".lua") as paced:
        script.write(MANY)
        script.flush()
        paced.write(PACED)
        paced.flush()
        with bare() as (plain, _), door() as (address, pid):
            for _ in range(wanted.rounds):
                for kind, found in kinds.items():
                    at = plain if kind == "bare server" else address
                    many = script.name if kind.endswith("tenants") else paced.name if kind.endswith("paced") else None
                    found.append(wrk(at, wanted.seconds, many, 64 if kind.endswith("paced") else CONNECTIONS))
            memory = procfs.memory_mb(pid)[0]
    rows = [["", "requests a second", "p50", "p99", "requests, of the bare server's"]]
    base = median([rate for rate, _, _ in kinds["bare server"]])
    for kind, found in kinds.items():
        rate, half, most = (median(column) for column in zip(*found))
        rows.append([kind, figure(rate, 0), figure(half, 2, " ms"), figure(most, 2, " ms"), figure(rate / base)])
    show(f"The wake door, warm, on one core; medians of {wanted.rounds} rounds of {wanted.seconds} s, {CONNECTIONS} connections", rows)
    print(f"\nthe keeper holds {memory:.0f} MB; load {procfs.load():.2f}", flush=True)


main()
