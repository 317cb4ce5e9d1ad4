"""The bar chart: for each figure one bar a system, as long as the logarithm of how much worse than mote it is."""

import math
from html import escape

from comparison.tables import TITLES, short

COLOURS = {"mote": "#1b6ca8", "as_user": "#6fa8d0", "threads": "#777777", "fork": "#aaaaaa", "go": "#2a9d8f",
           "erlang": "#b0355b", "tokio": "#e07a2d", "boost_fiber": "#6a4c93", "caf": "#8a9a35"}
LABEL, PLOT, VALUE, BAR, GAP, TOP = 250, 560, 130, 13, 12, 64

# One metric a workload: the chart shall be read at a glance.
MAIN_METRICS = ("ns_per_op", "rss_per_proc", "ns_per_message", "ns_per_switch", "ns_per_hop", "messages_per_s", "total",
                "wall", "late_p50", "cpu_in_5s", "p50", "ns_per_call")


def chart(results, title):
    """An SVG text. A bar's length is the system's cost in multiples of mote's; a tenth of mote's cost has none."""
    groups = groups_of(results)
    costs = [cost for _, bars in groups for _, cost, _ in bars]
    low, high = min([0.5] + costs) * 0.9, max([10] + costs) * 1.1
    span = math.log(high / low)

    def x(cost):
        return LABEL + PLOT * math.log(cost / low) / span

    parts, y = [], TOP
    for name, bars in groups:
        parts.append(text(LABEL - 10, y + BAR * len(bars) / 2 + 4, name, "end"))
        for system, cost, label in bars:
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{max(x(cost) - LABEL, 1):.1f}" height="{BAR - 2}" '
                         f'fill="{COLOURS.get(system, "#444444")}"/>')
            parts.append(text(x(cost) + 4, y + BAR - 3, label, size=10))
            y += BAR
        y += GAP
    parts = axis(low, high, x, y) + parts + legend([s for s in results.systems() if s in drawn(groups)])
    width, height = LABEL + PLOT + VALUE, y + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif">\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n' + text(10, 20, title, size=15) + "\n"
            + "\n".join(parts) + "\n</svg>\n")


def groups_of(results):
    """[(name, [(system, cost in multiples of mote's, label)])] of all rows that mote has a figure in."""
    groups = []
    for figure, metric, unit in results.rows():
        if metric not in MAIN_METRICS or not results.median(figure, metric, "mote"):
            continue
        bars = []
        for system in results.systems():
            ratio = results.advantage(figure, metric, "mote", system)
            if ratio is not None:
                bars.append((system, ratio, f"{short(results.median(figure, metric, system))} {unit}"))
        groups.append((figure, bars))
    return groups


def drawn(groups):
    return {system for _, bars in groups for system, _, _ in bars}


def axis(low, high, x, bottom):
    parts = []
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        place = x(10.0 ** power)
        parts.append(f'<line x1="{place:.1f}" y1="{TOP - 6}" x2="{place:.1f}" y2="{bottom}" stroke="#cccccc"/>')
        parts.append(text(place, bottom + 16, f"{10.0 ** power:g} x mote", "middle", 11))
    return parts


def legend(systems):
    parts, place = [], 10
    for system in systems:
        name = TITLES.get(system, system)
        parts.append(f'<rect x="{place}" y="32" width="11" height="11" fill="{COLOURS.get(system, "#444444")}"/>')
        parts.append(text(place + 15, 42, name, size=12))
        place += 30 + 7 * len(name)
    return parts


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
