"""Simulated hosts for benchmarks, and what the console's header says of them."""

import os
import re
import signal
import subprocess
import tempfile
from contextlib import contextmanager

WAKEBOARD = os.path.abspath("target/release/wakeboard")
HOSTS = 100
HEADER = re.compile(r"(\d+) of (\d+) hosts.*?(\d+) tenants")


@contextmanager
def simulated(scenario, rate=None, ledger=None):
    """Serves a scenario, with so many events a second; gives the hosts' sockets and the command line of a console on them, with
    that ledger or one of its own."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        played = f"tests/scenarios/{scenario}.yaml"
        if rate is not None:
            with open(played) as file:
                text = re.sub(r"^events_per_second: .*", f"events_per_second: {rate}", file.read(), flags=re.MULTILINE)
            played = os.path.join(folder, "scenario.yaml")
            with open(played, "w") as file:
                file.write(text)
        command = [WAKEBOARD, "simulate", played, "--dir", os.path.join(folder, "s")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            hosts = [process.stdout.readline().split() for _ in range(HOSTS)]
            config = os.path.join(folder, "wakeboard.yaml")
            with open(config, "w") as file:
                # What happens to simulated tenants does not belong into the ledger of whoever measures. In a folder of its own, as
                # always: that of the config is watched.
                file.write(f"ledger: {ledger or folder + '/state/ledger.db'}\nhosts:\n")
                file.writelines(f"  {name}: {endpoint}\n" for name, endpoint in hosts)
            yield [endpoint.removeprefix("unix://") for _, endpoint in hosts], [WAKEBOARD, "--config", config]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def counts(lines):
    """Hosts that answer and tenants, as the header says."""
    found = HEADER.search(lines[0])
    return found and (int(found[1]), int(found[3]))
