"""An engine, spoken to directly on its socket: no client program is in the way of a measurement."""

import glob
import http.client
import json
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import procfs

LABEL = "wakeboard.bench"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=60)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """One Docker behind a unix socket."""

    def __init__(self, path, pidfile=None):
        self.path, self._pidfile = path, pidfile

    def call(self, method, target, body=None):
        """The answer's JSON, or nothing; an error for every status from 400."""
        connection = _Connection(self.path)
        data = None if body is None else json.dumps(body)
        connection.request(method, target, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {target}: {answer.status} {text.decode(errors='replace').strip()}")
        return json.loads(text) if text.strip() else None

    def events(self):
        """A socket on which container events come from now on, a line of JSON each."""
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(self.path)
        # HTTP/1.0: the answer is the bare lines, without chunks around them.
        target = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"
        stream.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += stream.recv(1)
        return stream

    def fill(self, count, image):
        """Starts idle containers `bench-000`, `bench-001`, ... and says which id each has."""

        def start(number):
            name = f"bench-{number:03}"
            config = {
                "Image": image,
                "Cmd": ["sleep", "1000000"],
                "Labels": {LABEL: "1"},
                "HostConfig": {"NetworkMode": "none"},
            }
            made = self.call("POST", f"/containers/create?name={name}", config)["Id"]
            self.call("POST", f"/containers/{made}/start")
            return name, made

        with ThreadPoolExecutor(8) as pool:
            return dict(pool.map(start, range(count)))

    def clear(self):
        """Removes all containers of a benchmark, also those that a killed run has left."""
        mine = "%7B%22label%22%3A%5B%22" + LABEL + "%22%5D%7D"
        left = self.call("GET", f"/containers/json?all=1&filters={mine}")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda it: self.call("DELETE", f"/containers/{it['Id']}?force=1"), left))

    def cpu_seconds(self):
        """CPU time so far of the engine: its daemon, that one's containerd, and the shim of every container."""
        return sum(procfs.cpu_seconds(pid) for pid in self._processes())

    def _processes(self):
        with open(self._pidfile) as file:
            daemon = int(file.read())
        with open(f"/proc/{daemon}/cmdline") as file:
            root = re.search(r"--exec-root\0([^\0]+)", file.read())[1]
        yield daemon
        for folder in glob.iglob("/proc/[0-9]*"):
            try:
                with open(folder + "/cmdline") as file:
                    words = file.read()
            except OSError:
                continue
            if root in words and os.path.basename(words.split("\0")[0]).startswith("containerd"):
                yield int(folder.rpartition("/")[2])
