"""The benchmark of `tests/bench/callmap`."""

import argparse
import ipaddress
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

import procfs
from table import figure, median, show

HOST = "www.example.com"
WANTED = "UP"
FIRST = ipaddress.IPv4Address("127.1.0.1")
# Beyond the last address that answers.
SILENT = 10
TIMEOUT = 5.0
DELAYS = {"200 ms": 0.2, "1 ms": 0.001}
MOST = {"200 ms": 1.15, "1 ms": 2.0}
EXAMPLE = "target/release/examples/callmap_bench"
PROGRAM = "target/release/wakeboard"


def wakeboard(folder, first, count, port):
    """The command that asks all targets of a callmap and prints the report as JSON. All that is measured goes through
    here: the program's own verb where it has it, else an example that does the same through the same room."""
    verbs = subprocess.run([PROGRAM, "callmap", "--help"], capture_output=True, check=False)
    if verbs.returncode != 0:
        return [EXAMPLE, "room", str(first), str(count), str(port), str(round(TIMEOUT * 1000))]
    path = os.path.join(folder, f"callmap-{port}-{first}-{count}.yaml")
    with open(path, "w") as file:
        json.dump(
            {
                "product": HOST,
                "layers": [
                    {
                        "name": "nginx",
                        "targets": [f"{address}:{port}" for address in addresses(first, count)],
                        "probes": [
                            {
                                "http": f"http://{HOST}/",
                                "timeout": f"{round(TIMEOUT)}s",
                                "expect": {"status": 200, "body": {"contains": WANTED}},
                            }
                        ],
                    }
                ],
            },
            file,
        )
    return [PROGRAM, "callmap", "run", path, "--json"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--probes", type=int, default=200)
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="wakeboard-bench-") as folder:
        ports = {name: free_port() for name in DELAYS}
        with Nginx(folder, ports, wanted.probes), Blackbox(folder) as blackbox:
            print(f"load {procfs.load():.2f}", flush=True)
            for delay, port in ports.items():
                measure(folder, delay, port, wanted, blackbox)
            silent(folder, ports["200 ms"], wanted.probes)
            print(f"\nload {procfs.load():.2f}", flush=True)


def measure(folder, delay, port, wanted, blackbox):
    """All by turns: what the machine does meanwhile, it does to all."""
    bare = [EXAMPLE, "bare", str(FIRST), str(wanted.probes), str(port), "0"]
    ways = {
        "bare hyper": (bare, lambda text: int(text)),
        "wakeboard": (wakeboard(folder, FIRST, wanted.probes, port), count_well),
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
    """The last targets do not answer, as behind a firewall that lets packets drop."""
    first = FIRST + SILENT
    with Full(range_of(FIRST + probes, SILENT), port):
        command = wakeboard(folder, first, probes, port)
        rows = [["", "whole s", "x time-out", "well", "wanted"]]
        for _ in range(3):
            one = run(command)
            ratio, well = one.wall / TIMEOUT, f"{count_well(one.text)} of {probes}"
            rows.append(["wakeboard", figure(one.wall, 3), figure(ratio, 3), well, "at most 1.05 x"])
    show(f"{SILENT} of {probes} targets let packets drop, time-out {TIMEOUT:.0f} s", rows)


class One:
    """One run of a program: how long, how much CPU, what it printed."""

    def __init__(self, wall, cpu, text):
        self.wall, self.cpu, self.text = wall, cpu, text


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
    return One(wall, cpu, text)


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


def addresses(first, count):
    return [str(address) for address in range_of(first, count)]


def range_of(first, count):
    return [first + number for number in range(count)]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Nginx:
    """nginx on all addresses: it knows one host, and waits before it answers."""

    def __init__(self, folder, ports, count):
        self.path = os.path.join(folder, "nginx.conf")
        servers = []
        for name, port in ports.items():
            listen = "\n".join(f"listen {address}:{port};" for address in addresses(FIRST, count))
            default = "\n".join(f"listen {address}:{port} default_server;" for address in addresses(FIRST, count))
            servers.append(
                f"server {{ {default} return 421; }}\n"
                f"server {{ {listen} server_name {HOST};"
                f" location / {{ echo_sleep {DELAYS[name]}; echo {WANTED} v12; }} }}"
            )
        with open(self.path, "w") as file:
            file.write(
                "load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;\n"
                f"pid {folder}/nginx.pid; daemon off; error_log {folder}/nginx.log; worker_processes 1;\n"
                "events { worker_connections 4096; }\n"
                "http { access_log off;" + "\n".join(servers) + "}\n"
            )
        self.process = None
        self.ports = ports

    def __enter__(self):
        # Out of the package's own way: `nginx` may be in sbin only.
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", self.path])
        for port in self.ports.values():
            wait_for_port(str(FIRST), port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Blackbox:
    """blackbox_exporter, which is scraped for all targets at once by one curl."""

    def __init__(self, folder):
        self.program = os.environ.get("WAKEBOARD_BENCH_BLACKBOX", "")
        self.path = os.path.join(folder, "blackbox.yml")
        self.process, self.port, self.pid = None, None, None
        self.log = None

    def __enter__(self):
        if not os.path.exists(self.program):
            return self
        module = {
            "prober": "http",
            "timeout": "5s",
            "http": {"headers": {"Host": HOST}, "fail_if_body_not_matches_regexp": [WANTED], "follow_redirects": False},
        }
        with open(self.path, "w") as file:
            json.dump({"modules": {"page": module}}, file)
        self.port = free_port()
        command = [self.program, f"--config.file={self.path}", f"--web.listen-address=127.0.0.1:{self.port}"]
        self.log = open(self.path + ".log", "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        wait_for_port("127.0.0.1", self.port, self.process)
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.log.close()

    def command(self, folder, port, count):
        path = os.path.join(folder, f"scrape-{port}")
        with open(path, "w") as file:
            for address in addresses(FIRST, count):
                target = f"http%3A%2F%2F{address}%3A{port}%2F"
                file.write(f'url = "http://127.0.0.1:{self.port}/probe?module=page&target={target}"\n')
        limits = ["--parallel", "--parallel-immediate", "--parallel-max", str(count)]
        return ["curl", "--silent", *limits, "--config", path]

    @staticmethod
    def count_well(text):
        return text.count("\nprobe_success 1")


class Full:
    """Listeners whose queues are full: what else comes for them is dropped, without a word."""

    def __init__(self, all_of_them, port):
        self.all = [(str(address), port) for address in all_of_them]
        self.held = []

    def __enter__(self):
        for address in self.all:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(0)
            self.held.append(listener)
            while True:
                waiting = socket.socket()
                waiting.settimeout(0.2)
                self.held.append(waiting)
                try:
                    waiting.connect(address)
                except TimeoutError:
                    break
        return self

    def __exit__(self, *_):
        for one in self.held:
            one.close()


def wait_for_port(address, port, process):
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended: {process.returncode}")
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{process.args[0]} does not listen")


main()
