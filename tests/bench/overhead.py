"""What wakeboard's dump and wake cost above the bare calls of the engine."""

import time

import procfs
from sleeper import ALWAYS, NEVER, Refused, Tenant, Took, curl
from table import figure, median, show

IMAGE, PORT = "wakeboard/canary:1", 7070
COMMAND = ["/canary", "load", "16"]
SMALL = {"Memory": 8 << 20, "MemorySwap": -1}
# Right after a dump Docker 20.10 refuses many a restore; nobody is measured by that.
REST = 0.4
MOST = {"dump": 25, "wake": 15}


def measure(engine, wakeboard, rounds, by=None):
    heading = [
        "",
        "curl: whole, median (max) ms",
        "of that the engine, ms",
        "wakeboard: whole, median (max) ms",
        "of that its ticket, ms",
        "more than curl, ms",
        "more than the engine alone, ms",
        "target",
        "load",
    ]
    rows = [heading]
    for name, restart in [("no restart policy", NEVER), ("restart always", ALWAYS)]:
        for way in [way for way in WAYS if by in (None, way.name)]:
            rows += rows_of(engine, wakeboard, rounds, way, name, restart)
            print(" | ".join(rows[-3] + rows[-2]), flush=True)
    show(f"A canary of 16 MiB, {rounds} rounds each, bare calls and wakeboard by turns", rows)
    if by in (None, Freeze.name):
        trick(engine, rounds)


def rows_of(engine, wakeboard, rounds, way, policy, restart):
    all_took = {(who, task): [] for who in ("curl", "wakeboard") for task in ("dump", "wake")}
    answered = []
    with Tenant(engine, "bench", IMAGE, PORT, COMMAND, restart) as tenant:
        bare = way(engine, tenant, restart)

        def by_curl():
            time.sleep(REST)
            all_took["curl", "dump"].append(bare.dump())
            time.sleep(REST)
            took = bare.wake()
            all_took["curl", "wake"].append(took)
            answered.append(took.whole + tenant.until_it_answers(10))
            bare.clean_up()

        def by_wakeboard():
            time.sleep(REST)
            all_took["wakeboard", "dump"].append(wakeboard.dump("bench", way.name))
            time.sleep(REST)
            all_took["wakeboard", "wake"].append(wakeboard.wake("bench"))

        # A bare restore leaves the engine and the disk at work: a dump right after it takes 15 to 26 ms longer, whoever asks for
        # it. So each follows the other as often as itself.
        turns = [by_curl, by_wakeboard]
        for _ in range(rounds):
            for turn in turns:
                turn()
            turns.reverse()
    for task in ("dump", "wake"):
        curls, ours = all_took["curl", task], all_took["wakeboard", task]
        row = [f"{task} by {way.name}, {policy}", *both(curls), *both(ours)]
        more = median([it.whole for it in ours]) - median([it.whole for it in curls])
        least = median([it.whole for it in ours]) - median([it.engine for it in curls])
        yield [*row, figure(more * 1000, 1), figure(least * 1000, 1), f"<= {MOST[task]}", figure(procfs.load(), 1)]
    yield [f"… until the port answers, {policy}", middle_and_most(answered)]


def both(all_took):
    return [middle_and_most([it.whole for it in all_took]), figure(median([it.engine for it in all_took]) * 1000, 1)]


def middle_and_most(seconds):
    return f"{median(seconds) * 1000:.1f} ({max(seconds) * 1000:.1f})"


class Bare:
    """The calls that put a tenant to sleep and bring it back, with its restart policy set aside where it has one."""

    def __init__(self, engine, tenant, restart):
        self.engine, self.tenant = engine, tenant
        policy = lambda it: [("POST", tenant.at + "/update", {"RestartPolicy": it})] if restart != NEVER else []
        self._aside, self._back = policy(NEVER), policy(restart)

    def dump(self):
        return curl(self.engine, *self._aside, self.sleep())

    def wake(self):
        return curl(self.engine, self.rise(), *self._back)

    def clean_up(self):
        pass

    def post(self, what, body=None):
        return "POST", f"{self.tenant.at}/{what}", body


class Freeze(Bare):
    name = "freeze"

    def dump(self):
        took, squeezed = super().dump(), self.tenant.squeeze()
        return Took(took.whole + squeezed, took.engine + squeezed)

    def sleep(self):
        return self.post("pause")

    def rise(self):
        return self.post("unpause")


class Checkpoint(Bare):
    name = "checkpoint"

    def sleep(self):
        return self.post("checkpoints", {"CheckpointID": "bench", "Exit": True})

    def rise(self):
        return self.post("start?checkpoint=bench")

    def clean_up(self):
        self.engine.call("DELETE", self.tenant.at + "/checkpoints/bench")


class Stop(Bare):
    name = "stop"

    def sleep(self):
        return self.post("stop?t=10")

    def rise(self):
        return self.post("start")


WAYS = [Freeze, Checkpoint, Stop]


def trick(engine, rounds):
    """The freeze that needs nothing but the engine's API: a small limit, put back at once."""
    total = engine.call("GET", "/info")["MemTotal"]
    rows = [["", "curl: whole, median (max) ms", "left, MB", "refused"]]
    for name in ["pause, update, update", "pause, the kernel's file"]:
        took, left, refused = [], [], 0
        with Tenant(engine, "bench", IMAGE, PORT, COMMAND) as tenant:
            by_kernel = Freeze(engine, tenant, NEVER)
            update = lambda body: ("POST", tenant.at + "/update", body)
            pause = ("POST", tenant.at + "/pause", None)
            back = update({"Memory": total, "MemorySwap": -1})
            for _ in range(rounds):
                time.sleep(REST)
                try:
                    by_api = name.endswith("update")
                    one = curl(engine, pause, update(SMALL), back) if by_api else by_kernel.dump()
                    took.append(one.whole)
                    left.append(tenant.memory())
                except Refused:
                    # Too much to push out within the one call.
                    refused += 1
                by_kernel.wake()
        rows.append([name, middle_and_most(took), figure(median(left) / 1e6, 1), f"{refused} of {rounds}"])
    show("The two ways to freeze by hand", rows)
