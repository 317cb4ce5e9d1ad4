"""The tables: one of figures, one of ratios, one of floors; as aligned text and as Markdown."""

import re

from comparison.figures import higher_is_better

TITLES = {"mote": "mote", "as_user": "mote, user's program", "threads": "OS threads", "fork": "fork", "go": "Go",
          "erlang": "Erlang", "tokio": "Tokio", "boost_fiber": "Boost.Fiber", "caf": "CAF", "redis": "Redis"}


def short(value):
    """Three digits, and M or k for what is large."""
    for limit, unit in ((1e6, " M"), (1e4, " k")):
        if abs(value) >= limit:
            return f"{value / (1e6 if limit == 1e6 else 1e3):.3g}{unit}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def times(ratio):
    return "-" if ratio is None else f"{ratio:.3g}" if ratio < 100 else f"{ratio:.0f}"


def cell(results, figure, metric, system):
    """Median, and from smallest to largest where there were several rounds."""
    values = results.values(figure, metric, system)
    if results.starved(figure, system):
        return "starved"
    if not values:
        return "failed" if (system, figure) in results.failures else "-"
    median = short(results.median(figure, metric, system))
    return median if len(values) == 1 else f"{median} ({short(min(values))}..{short(max(values))})"


def figures_table(results):
    systems = results.systems()
    rows = [["figure", "metric", "unit"] + [TITLES.get(s, s) for s in systems]]
    for figure, metric, unit in results.rows():
        rows.append([figure, metric, unit] + [cell(results, figure, metric, s) for s in systems])
    failed = {figure for _, figure in results.failures} - {row[0] for row in rows}
    for figure in sorted(failed | set(results.only_starved())):
        rows.append([figure, "", ""] + [cell(results, figure, "", s) for s in systems])
    return rows


def ratios_table(results):
    """How many times as good as each other system mote is; above 1 mote is better."""
    others = [s for s in results.systems() if s not in ("mote", "as_user")]
    rows = [["figure", "metric", "better"] + [TITLES.get(s, s) for s in others]]
    for figure, metric, unit in results.rows():
        ratios = [results.advantage(figure, metric, "mote", other) for other in others]
        if any(ratio is not None for ratio in ratios):
            rows.append([figure, metric, "more" if higher_is_better(unit) else "less"] + [times(r) for r in ratios])
    return rows


def floors_table(results, floors):
    rows = [["figure", "metric", "mote", "against Go", "floor", "", "aim", ""]]
    word = {True: "kept", False: "MISSED", None: "?"}
    for floor in floors:
        if results.median(floor.figure, floor.metric, "mote") is None and not results.starved(floor.figure, "mote"):
            continue
        rows.append([floor.figure, floor.metric, cell(results, floor.figure, floor.metric, "mote"),
                     times(results.advantage(floor.figure, floor.metric, "mote", "go")),
                     floor.floor, word[floor.verdict(results)], short(floor.aim),
                     "reached" if floor.at_aim(results) else "not yet"])
    return rows


def notes(results):
    lines = [f"{TITLES.get(system, system)}: {workload} is its {', '.join(sorted(names))}."
             for (system, workload), names in sorted(results.variants.items())]
    lines += [f"{TITLES.get(system, system)}: {figure} failed: {why}"
              for (system, figure), why in sorted(results.failures.items())]
    return lines


def as_text(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    left = max((i for i, head in enumerate(rows[0]) if head in ("figure", "metric", "unit", "better")), default=-1)
    lines = []
    for row in rows:
        cells = [text.ljust(w) if i <= left else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines) + "\n"


def as_markdown(rows):
    escaped = [[re.sub(r"([|_*])", r"\\\1", text) for text in row] for row in rows]
    rule = ["---" if i < 2 else "---:" for i in range(len(rows[0]))]
    return "".join(f"| {' | '.join(row)} |\n" for row in [escaped[0], rule] + escaped[1:])
