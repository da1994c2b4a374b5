"""What is put to sleep and brought back here, by wakeboard and by bare calls of the engine."""

import json
import os
import socket
import subprocess
import time
from collections import namedtuple

from engine import LABEL

WAKEBOARD = os.path.abspath("target/release/wakeboard")
ALWAYS = {"Name": "always", "MaximumRetryCount": 0}
NEVER = {"Name": "no", "MaximumRetryCount": 0}

# In seconds: from the start of the process to its end, and of that what was waited for the engine.
Took = namedtuple("Took", "whole engine")


class Refused(Exception):
    """The engine did not do it."""


class Wakeboard:
    """The release binary with a ledger and a config of its own."""

    def __init__(self, engine, home):
        self._config = os.path.join(home, "wakeboard.yaml")
        with open(self._config, "w") as file:
            file.write(f"hosts:\n  one: unix://{engine.path}\n")
        self._env = {"HOME": home, "PATH": os.environ["PATH"]}

    def doctor(self):
        """Has the host examined, so that no dump does it, and its canary's image imported. Gives the table."""
        return self._run("doctor").stdout

    def dump(self, tenant, method):
        return self._ticket("dump", tenant, "--by", method)

    def wake(self, tenant):
        return self._ticket("wake", tenant)

    def _ticket(self, *words):
        """How long the command took, and what its ticket says of that."""
        begun = time.monotonic()
        done = self._run(*words, "--json")
        whole = time.monotonic() - begun
        told = json.loads(done.stdout.splitlines()[-1])
        if told["outcome"] not in ("dumped", "woken") or told["fallbacks"]:
            raise SystemExit(f"{' '.join(words)}: {told}")
        return Took(whole, told["seconds"])

    def _run(self, *words):
        argv = [WAKEBOARD, "--config", self._config, *words]
        done = subprocess.run(argv, env=self._env, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"wakeboard {' '.join(words)}: exit code {done.returncode}: {done.stdout.strip()}")
        return done


def curl(engine, *calls):
    """One curl that makes these calls one after the other on one connection: (method, target, body or nothing)."""
    argv = ["curl"]
    for method, target, body in calls:
        if len(argv) > 1:
            argv.append("--next")
        argv += ["-s", "-X", method, "--unix-socket", engine.path, "-o", "/dev/null"]
        argv += ["-w", "%{http_code} %{time_total} %{method} %{url}\\n"]
        if body is not None:
            argv += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        argv.append("http://engine" + target)
    begun = time.monotonic()
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    whole = time.monotonic() - begun
    answers = [line.split() for line in done.stdout.splitlines()]
    refused = [answer for answer in answers if answer[0] >= "400"]
    if refused:
        raise Refused(refused)
    return Took(whole, sum(float(answer[1]) for answer in answers))


class Tenant:
    """One container that answers over HTTP."""

    def __init__(self, engine, name, image, port, command=None, restart=None, limit=0):
        self.engine, self.name, self.port = engine, name, port
        config = {
            "Image": image,
            "Labels": {LABEL: "1", "wakeboard.tenant": name},
            "ExposedPorts": {f"{port}/tcp": {}},
            "HostConfig": {"RestartPolicy": restart or NEVER, "Memory": limit},
        }
        if command:
            config["Cmd"] = command
        self.id = engine.call("POST", f"/containers/create?name={name}", config)["Id"]
        self.at = f"/containers/{self.id}"
        engine.call("POST", self.at + "/start")
        self.address = self._inspect()["NetworkSettings"]["IPAddress"]
        self.until_it_answers(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.call("DELETE", f"{self.at}?force=1")

    def until_it_answers(self, seconds):
        """Returns as soon as its port takes a connection, and says since when that was asked."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            try:
                with socket.create_connection((self.address, self.port), 0.2):
                    return time.monotonic() - begun
            except OSError:
                time.sleep(0.001)
        raise SystemExit(f"{self.name} does not answer")

    def memory(self):
        """What it uses, in bytes, as `docker stats` counts: without the cache that the kernel gives back first."""
        used = int(self._read("memory.usage_in_bytes", "memory.current"))
        lines = [line.split() for line in self._read("memory.stat", "memory.stat").splitlines()]
        cache = dict(lines)["total_inactive_file" if self._group()[1] else "inactive_file"]
        return used - int(cache)

    def squeeze(self):
        """Pushes its memory into swap by the kernel's own file, as wakeboard does as root; says how long that took."""
        folder, is_v1 = self._group()
        text = "0" if is_v1 else self._read("memory.current", "memory.current")
        begun = time.monotonic()
        try:
            with open(os.path.join(folder, "memory.force_empty" if is_v1 else "memory.reclaim"), "w") as file:
                file.write(text)
        except (BlockingIOError, OSError) as error:
            if error.errno not in (11, 16):  # "not all of it", which is fine
                raise
        return time.monotonic() - begun

    def _read(self, v1, v2):
        folder, is_v1 = self._group()
        with open(os.path.join(folder, v1 if is_v1 else v2)) as file:
            return file.read()

    def _group(self):
        with open(f"/proc/{self._inspect()['State']['Pid']}/cgroup") as file:
            groups = [line.strip().split(":", 2) for line in file]
        for _, controllers, path in groups:
            if "memory" in controllers.split(","):
                return "/sys/fs/cgroup/memory" + path, True
        return "/sys/fs/cgroup" + groups[0][2], False

    def _inspect(self):
        return self.engine.call("GET", self.at + "/json")
