"""Writes docs/sync-benchmarks.md and its plot from results.json: python3 report.py."""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs")
COLUMNS = [
    ("wall", "wall s"),
    ("cpu", "CPU s"),
    ("memory", "peak MB"),
    ("processes", "processes"),
    ("requests", "requests"),
]
COLOURS = ["#1b6ca8", "#457b9d", "#5fa8d3", "#2a9d8f", "#b23a48", "#d98e04", "#4f772d", "#6d597a"]


def order(row):
    kind = ["quiet", "10 changed", "first upload"].index(
        next(kind for kind in ("quiet", "10 changed", "first upload") if row.startswith(kind))
    )
    numbers = [int(number) for number in re.findall(r"\d+", row)]
    return kind, max(numbers[-1:] if row.startswith("10 changed") else numbers[:1]), row


def in_order(rows):
    """The rows, with the tools of each in the order of the first: they may come from several runs."""
    tools = list(dict.fromkeys(tool for row in sorted(rows, key=order) for tool in rows[row]))
    return {
        row: dict(sorted(rows[row].items(), key=lambda item: tools.index(item[0]))) for row in rows
    }


def table(rows):
    lines = [
        "| | tool | " + " | ".join(title for _, title in COLUMNS) + " |",
        "|---|---|" + "---:|" * len(COLUMNS),
    ]
    for row in sorted(rows, key=order):
        for place, (tool, figures) in enumerate(rows[row].items()):
            cells = [str(figures[name]) for name, _ in COLUMNS]
            lines.append(f"| {row if place == 0 else ''} | {tool} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(rows):
    """CPU seconds of one sync, as bars on a logarithmic scale: no library is worth it here."""
    import math

    groups = [row for row in sorted(rows, key=order) if not row.startswith("first")]
    tools = list(dict.fromkeys(tool for row in groups for tool in rows[row]))
    bar, gap, left, floor = 14, 22, 170, 0.01
    height = sum(len(rows[row]) * bar + gap for row in groups) + 60
    width, span = 860, 560

    def length(value):
        return span * math.log10(max(value, floor) / floor) / math.log10(100 / floor)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="10" y="18" font-size="14">CPU seconds of one sync (logarithmic)</text>',
    ]
    for power in range(-2, 3):
        x = left + length(10.0**power)
        out.append(f'<line x1="{x:.0f}" y1="30" x2="{x:.0f}" y2="{height - 20}" stroke="#ddd"/>')
        out.append(
            f'<text x="{x:.0f}" y="{height - 6}" text-anchor="middle">{10.0**power:g}</text>'
        )
    y = 40
    for row in groups:
        out.append(f'<text x="10" y="{y + 11}">{row}</text>')
        for tool, figures in rows[row].items():
            size, colour = length(figures["cpu"]), COLOURS[tools.index(tool) % len(COLOURS)]
            out.append(
                f'<rect x="{left}" y="{y}" width="{max(size, 1):.0f}" height="{bar - 3}" '
                f'fill="{colour}"/>'
            )
            out.append(
                f'<text x="{left + size + 5:.0f}" y="{y + 10}">{tool}: {figures["cpu"]:g}</text>'
            )
            y += bar
        y += gap
    return "\n".join([*out, "</svg>", ""])


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "results.json")
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    results["rows"] = in_order(results["rows"])
    with open(os.path.join(HERE, "head.md"), encoding="utf-8") as file:
        head = file.read()
    with open(os.path.join(DOCS, "sync-benchmarks.svg"), "w", encoding="utf-8") as file:
        file.write(plot(results["rows"]))
    with open(os.path.join(DOCS, "sync-benchmarks.md"), "w", encoding="utf-8") as file:
        file.write(head.replace("MACHINE", results["machine"]) + table(results["rows"]) + "\n")


if __name__ == "__main__":
    main()
