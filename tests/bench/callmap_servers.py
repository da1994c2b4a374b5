"""What `tests/bench/callmap` asks, and what it is compared with: servers on loopback, in a network of their own."""

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import threading
import time

HOST = "www.example.com"
WANTED = "UP"
FIRST = ipaddress.IPv4Address("127.1.0.1")
DELAYS = {"200 ms": 0.2, "1 ms": 0.001}
# How large a page is of which a report keeps what it keeps at most, and one that nobody reads to its end.
LARGE, ENDLESS = 64 * 1024, 8 * 1024 * 1024 * 1024


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
                f" location / {{ echo_sleep {DELAYS[name]}; echo {WANTED} v12; }}"
                f" location = /large {{ alias {folder}/large; }} location = /endless {{ alias {folder}/endless; }} }}"
            )
        # Its workers are somebody else.
        os.chmod(folder, 0o755)
        for file, size in {"large": LARGE, "endless": ENDLESS}.items():
            with open(os.path.join(folder, file), "wb") as made:
                made.truncate(size)
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


class EndlessHeaders:
    """Begins an answer whose headers never end."""

    def __init__(self):
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(stream,), daemon=True).start()

    @staticmethod
    def answer(stream):
        headers = b"".join(b"X-%04d: %s\r\n" % (number, b"x" * 90) for number in range(100))
        with stream:
            try:
                stream.recv(4096)
                stream.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    stream.sendall(headers)
            except OSError:
                return


class Dropped:
    """A firewall rule for each of these addresses: what comes for them is dropped, without a word. The rules are of this
    benchmark's own network, and go with it at the latest."""

    def __init__(self, all_of_them):
        self.rules = [["INPUT", "-d", address, "-j", "DROP"] for address in all_of_them]
        self.made = []

    def __enter__(self):
        for rule in self.rules:
            subprocess.run(["iptables", "-A", *rule], check=True)
            self.made.append(rule)
        return self

    def __exit__(self, *_):
        for rule in self.made:
            subprocess.run(["iptables", "-D", *rule], check=True)


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
