"""A keeper by the shipped tiers, in days that go by faster."""

import asyncio
import os
import signal
import socket
import subprocess
import time

from ledger_key import ledger_key
from people import MINUTE, ask
from simulated import WAKEBOARD


class Keeper:
    """`wakeboard keeper` with its door, and a config and a log in that folder."""

    def __init__(self, folder, hosts, ledger, speed, more=""):
        self.port = free_port()
        self.config = write_config(folder, hosts, ledger, self.port, speed, more)
        self._log = open(os.path.join(folder, "keeper.log"), "w")
        self.begin()

    def begin(self):
        """Returns when its door is open."""
        argv = [WAKEBOARD, "--config", self.config, "keeper"]
        self._process = subprocess.Popen(argv, stderr=self._log, stdout=self._log)
        self.pid = self._process.pid
        request = "GET /healthz HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n"
        for _ in range(600):
            if self._process.poll() is not None:
                break
            try:
                if asyncio.run(ask(self.port, request))[0] == 200:
                    return
            except (OSError, ValueError, IndexError):
                pass
            time.sleep(0.1)
        self.kill()
        raise SystemExit("the keeper's door does not open: " + open(self._log.name).read()[-4000:])

    def kill(self):
        """With kill -9."""
        self._process.kill()
        self._process.wait()

    def end(self):
        """In good order; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def write_config(folder, hosts, ledger, door, speed, more):
    """The shipped tiers, sped up. Nobody uses these tenants but by requests, so only those count."""
    fast = lambda seconds: f"{max(seconds / speed, 1):.3f}s" if seconds / speed < 1000 else f"{seconds / speed:.0f}s"
    path = os.path.join(folder, "wakeboard.yaml")
    with open(path, "w") as file:
        file.write(
            f"ledger: {ledger}\n"
            f"{ledger_key(folder, ledger)}"
            "tiers:\n"
            "  vip: []\n"
            f"  high: [{{after: {fast(30 * MINUTE)}, dump: freeze}}, {{after: {fast(8 * 3600)}, dump: checkpoint}}]\n"
            f"  mid: [{{after: {fast(30 * MINUTE)}, dump: destroy}}]\n"
            f"  low: [{{after: {fast(15 * MINUTE)}, dump: destroy}}]\n"
            "rules:\n"
            "  idle: {network: ignore, cpu: ignore, connections: ignore}\n"
            f"  limits: {{dumps_a_minute: {min(int(10 * speed), 1000)}}}\n"
            f"keeper:\n  listen: 127.0.0.1:{door}\n  wait: 30s\n{more}"
            '  tenants: {host: "{tenant}.example.com"}\n'
            "hosts:\n" + "".join(f"  {name}: {endpoint}\n" for name, endpoint in hosts)
        )
    return path
