"""The benchmark of `tests/bench/changes`."""

import argparse
import os
import subprocess
import tempfile

from table import show

EXAMPLE = "target/release/examples/changes_bench"


def run(*words):
    """The lines that the example prints, as lists of cells."""
    done = subprocess.run([EXAMPLE, *map(str, words)], check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--rate", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=31)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAKEBOARD_BENCH_DIR")) as folder:
        pour("SQLite, new", os.path.join(folder, "new.db"), given, 1)
        measure("SQLite", os.path.join(folder, "ledger.db"), given)
    if url := os.environ.get("WAKEBOARD_BENCH_POSTGRES"):
        measure("PostgreSQL", url, given)


def pour(name, place, given, *consoles):
    heading = ["consoles", "told each", "kept", "append ms, median", "most", "most waiting", "question ms, median", "most"]
    heading += ["highest RSS MB"]
    rows = [[count, *run("pour", place, given.rate, given.seconds, count)[0][1:]] for count in consoles]
    show(f"{name}: {given.rate} records a second for {given.seconds} s", [heading, *rows])


def measure(name, place, given):
    costs = [["tickets", "begin ms, median", "most", "end ms, median", "most"]]
    costs += [["empty ledger", *run("ticket", place, 200)[0][1:]]]
    filled = run("fill", place, given.count)
    heading = ["filled: records", "seconds", "records a second", "highest RSS MB"]
    show(f"{name}: {given.count} changes", [heading, *(row[1:] for row in filled)])
    heading = ["question", "found", "ms, median", "most", "bare statement ms, median"]
    show(f"{name}: questions", [heading, *run("ask", place, given.rounds)])
    costs += [["full ledger", *run("ticket", place, 200)[0][1:]]]
    show(f"{name}: what a ticket costs", costs)
    pour(name, place, given, 1, 2)
    show(f"{name}: verify", [["records", "seconds", "found"], *(row[1:] for row in run("verify", place))])
    heading = ["records gone", "changes gone", "seconds", "a call ms, median", "most"]
    show(f"{name}: pruned as 40 days later", [heading, *(row[1:] for row in run("prune", place, 40))])
    show(f"{name}: verify after it", [["records", "seconds", "found"], *(row[1:] for row in run("verify", place))])


main()
