"""Tables and the figures in them."""

import statistics

from unicodedata import east_asian_width


def show(title, rows):
    """Prints rows of texts below each other; the first is the heading."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(_cells(row[at]) for row in rows if at < len(row)) for at in range(len(rows[0]))]
    print(f"\n{title}\n")
    for number, row in enumerate(rows):
        cells = [cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths)]
        print("| " + " | ".join(cells) + " |", flush=True)
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def _cells(text):
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def median(values):
    return statistics.median(values) if values else None


def figure(value, digits=2, unit=""):
    """A number for people; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}{unit}"
