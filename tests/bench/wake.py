"""The benchmark of `tests/bench/wake`."""

import argparse
import os

import first_answer
import overhead
import procfs
from engine import Engine
from sleeper import Tenant, Wakeboard


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--tomcat-rounds", type=int, default=5)
    arguments.add_argument("--only", choices=["overhead", "tomcat"])
    arguments.add_argument("--by", choices=[way.name for way in overhead.WAYS], help="the overhead of this method alone")
    wanted = arguments.parse_args()
    engine = Engine(os.environ["WAKEBOARD_BENCH_SOCKET"])
    wakeboard = Wakeboard(engine, os.environ["WAKEBOARD_BENCH_HOME"])
    print(wakeboard.doctor(), flush=True)
    # A bridge whose last container ends is down, and the kernel takes up to a second to see that it is up again. On a host
    # in use there is always another one.
    with Tenant(engine, "neighbour", overhead.IMAGE, overhead.PORT, ["/canary", "load", "1"]):
        if wanted.only != "tomcat":
            print(f"load {procfs.load():.2f}", flush=True)
            overhead.measure(engine, wakeboard, wanted.rounds, wanted.by)
        if wanted.only != "overhead":
            print(f"\nload {procfs.load():.2f}", flush=True)
            first_answer.measure(engine, wakeboard, wanted.tomcat_rounds)
    print(f"\nload {procfs.load():.2f}", flush=True)


main()
