"""The 500 tenants of the days in `tests/bench/day` and `tests/bench/kills`: when people log in, and what they see of it."""

import asyncio
import collections
import time

DAY = 24 * 3600
MINUTE = 60
# How many there are of each tier, and how often each logs in a day.
TIERS = {"vip": (50, 4.0), "high": (100, 3.0), "mid": (150, 2.0), "low": (200, 0.7)}
# When they do: the share of all, the hour, and how far around it. The rest at any time.
BUNCHES = [(0.45, 9.0, 0.75), (0.35, 14.0, 1.0), (0.12, 20.0, 1.5)]
# How long one stays, and between two of its requests.
STAYS, PAUSES = (20 * MINUTE, 60 * MINUTE), 3 * MINUTE
# A person gives up then.
PATIENCE = 60


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


class Told:
    """What was seen of the day."""

    def __init__(self):
        self.samples = []
        self.vips_asleep = 0
        self.logins = collections.defaultdict(list)
        self.later = collections.defaultdict(list)
        self.failed = collections.Counter()


async def live_through(told, sessions, port, speed, seconds):
    """A day of all these people, in so many seconds."""
    begun = time.monotonic()
    people = [asyncio.create_task(person(told, begun, speed, port, *session[1:])) for session in sessions]
    await asyncio.sleep(max(0, begun + seconds - time.monotonic()))
    for one in people:
        one.cancel()
    await asyncio.gather(*people, return_exceptions=True)


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


def percentile(values, percent):
    """The value that so many percent do not exceed."""
    values = sorted(values)
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None
