"""How soon a real Java tenant answers again."""

import errno
import selectors
import socket
import threading
import time

from sleeper import Tenant, curl
from table import figure, median, show

IMAGE, PORT = "tomcat:lab", 8080
REQUEST = b"GET /counter HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
# As tenants have one. Without it a JVM takes its share of the whole machine: 220 MB here instead of 70.
LIMIT = 256 << 20
EVERY = 0.002
# The kernel takes connections for a tenant that does not run yet, and what is then sent may get lost: the kernel sends it
# again only after 0.2, 0.6, 1.4 s. So others are tried meanwhile, but not as many as would fill the tenant's line.
EVERY_ONCE_CONNECTED = 0.01
# Attempts that may hang without a connection; the oldest goes first.
MOST_HANGING = 32
REST = 3
TARGETS = {"wakeboard wake, from freeze": 10, "wakeboard wake, from checkpoint": 1.8}


def measure(engine, wakeboard, rounds):
    took, memory = {}, []
    with Tenant(engine, "tomcat", IMAGE, PORT, limit=LIMIT) as tenant:
        def one(name, dump, wake, keeps):
            before = [first_answer(tenant.address, lambda: None, True)[1] for _ in range(40)][-1]
            time.sleep(REST)
            dump()
            time.sleep(REST)
            seconds, count = first_answer(tenant.address, wake, "freeze" in name or "unpause" in name)
            # Several attempts may be counted before the first is answered.
            if (count > before) != keeps:
                raise SystemExit(f"{name}: counted {before} before and {count} after")
            took.setdefault(name, []).append(seconds)
            print(f"{name}: {seconds * 1000:.0f} ms", flush=True)

        def frozen():
            memory.append([tenant.memory()])
            wakeboard.dump("tomcat", "freeze")
            memory[-1].append(tenant.memory())

        post = lambda what, body=None: lambda: curl(engine, ("POST", f"{tenant.at}/{what}", body))
        for number in range(rounds):
            one("cold: start by curl", post("stop?t=10"), post("start"), False)
            one("wakeboard wake, from stop", lambda: wakeboard.dump("tomcat", "stop"), lambda: wakeboard.wake("tomcat"), False)
            one("wakeboard wake, from checkpoint", lambda: wakeboard.dump("tomcat", "checkpoint"), lambda: wakeboard.wake("tomcat"), True)
            name = f"bench-{number}"
            one("start?checkpoint by curl", post("checkpoints", {"CheckpointID": name, "Exit": True}), post(f"start?checkpoint={name}"), True)
            engine.call("DELETE", f"{tenant.at}/checkpoints/{name}")
            one("wakeboard wake, from freeze", frozen, lambda: wakeboard.wake("tomcat"), True)
            by_hand = lambda: (post("pause")(), tenant.squeeze())
            one("unpause by curl", by_hand, post("unpause"), True)
    cold = median(took["cold: start by curl"])
    rows = [["", "first answer, median (max) ms", "times faster than cold", "target"]]
    for name, seconds in took.items():
        target = f">= {TARGETS[name]}" if name in TARGETS else ""
        rows.append([name, f"{median(seconds) * 1000:.0f} ({max(seconds) * 1000:.0f})", figure(cold / median(seconds), 1), target])
    show(f"Tomcat: from the command's start to the first HTTP answer, {rounds} rounds", rows)
    before, left = median([it[0] for it in memory]), median([it[1] for it in memory])
    rows = [["before, MB", "left, MB", "of before", "target"]]
    rows.append([figure(before / 1e6, 1), figure(left / 1e6, 1), figure(left * 100 / before, 1, " %"), "<= 15 %"])
    show("Tomcat's memory through wakeboard's freeze", rows)


def first_answer(address, command, is_there):
    """From the start of the command to the first HTTP answer, in seconds, and the number in it. The command has ended
    when this returns.

    One that is not there yet is asked only after the command: packets that come while its network is being made cost it
    whole seconds, until the kernel repeats what was lost. Nobody could be answered earlier, but where it is wakeboard's
    own asking that the command ends with; then this is a little late."""
    thread = threading.Thread(target=command)
    begun = time.monotonic()
    thread.start()
    if not is_there:
        thread.join()
    count = poll(address, begun + 120)
    took = time.monotonic() - begun
    thread.join()
    return took, count


def poll(address, deadline):
    """Tries every 2 ms, and gives the number in the first answer."""
    waiting = selectors.DefaultSelector()
    hanging, connected, next_try = [], {}, 0.0

    def drop(stream):
        waiting.unregister(stream)
        stream.close()

    try:
        while time.monotonic() < deadline:
            now = time.monotonic()
            if now >= next_try:
                next_try = now + (EVERY_ONCE_CONNECTED if connected else EVERY)
                stream = socket.socket()
                stream.setblocking(False)
                begun = stream.connect_ex((address, PORT))
                if begun in (0, errno.EINPROGRESS):
                    waiting.register(stream, selectors.EVENT_WRITE)
                    hanging.append(stream)
                else:
                    stream.close()
                if len(hanging) > MOST_HANGING:
                    drop(hanging.pop(0))
            for key, _ in waiting.select(max(0.0, next_try - time.monotonic())):
                stream = key.fileobj
                if stream in hanging:
                    hanging.remove(stream)
                    if stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                        drop(stream)
                        continue
                    stream.sendall(REQUEST)
                    waiting.modify(stream, selectors.EVENT_READ)
                    connected[stream] = b""
                    continue
                try:
                    piece = stream.recv(4096)
                except OSError:
                    piece = b""
                if piece:
                    connected[stream] += piece
                    continue
                answer = connected.pop(stream)
                drop(stream)
                if answer.startswith(b"HTTP/1.1 200"):
                    return int(answer.rpartition(b"\r\n\r\n")[2])
        raise SystemExit("no answer")
    finally:
        for stream in [*hanging, *connected]:
            drop(stream)
        waiting.close()
