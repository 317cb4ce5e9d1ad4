"""Figures: lines as the programs print them, gathered over the rounds, and what of them the floors ask."""

import statistics
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`SYSTEM WORKLOAD_sN METRIC VALUE UNIT`."""

    system: str
    figure: str  # workload and schedulers: ring_503_s1
    metric: str
    value: float
    unit: str


def parse(text):
    """The figures among a program's lines; whatever else it says is skipped."""
    lines = []
    for words in map(str.split, text.splitlines()):
        if len(words) == 5 and "_s" in words[1]:
            try:
                lines.append(Line(words[0], words[1], words[2], float(words[3]), words[4]))
            except ValueError:
                pass
    return lines


def higher_is_better(unit):
    return unit.endswith("/s")


class Results:
    """All values by figure, metric and system, in the order in which they first came."""

    def __init__(self):
        self._values = defaultdict(lambda: defaultdict(list))
        self._units = {}
        self._order = {}
        self.variants = defaultdict(set)  # (system, workload): what else the system calls what it did
        self.failures = {}  # (system, figure): why

    def add(self, system, figure, line):
        """line: what `system` printed when it was asked for `figure`."""
        workload = figure.rpartition("_s")[0]
        said = line.figure.rpartition("_s")[0]
        if said != workload and not said.startswith(("thread_", "fork_")):
            self.variants[system, workload].add(said)
        self._units[figure, line.metric] = line.unit
        self._values[figure, line.metric][system].append(line.value)

    def rows(self):
        """(figure, metric, unit) of each row."""
        return [(figure, metric, self._units[figure, metric])
                for figure, metric in self._values if metric != "starved"]

    def in_order(self, systems):
        """Itself, with the systems in this order from now on."""
        self._order = {system: place for place, system in enumerate(systems)}
        return self

    def systems(self):
        seen = dict.fromkeys(system for by_system in self._values.values() for system in by_system)
        return sorted(seen, key=lambda system: self._order.get(system, len(self._order)))

    def only_starved(self):
        """Figures of which nobody has anything else to say."""
        with_rows = {figure for figure, _, _ in self.rows()}
        return [figure for figure, metric in self._values if metric == "starved" and figure not in with_rows]

    def lines(self):
        """All single values, as lines."""
        for (figure, metric), by_system in self._values.items():
            for system, values in by_system.items():
                for value in values:
                    yield f"{system} {figure} {metric} {value:.6g} {self._units[figure, metric]}\n"

    def values(self, figure, metric, system):
        """Each round's; of a sum of metrics (a+b), each round's sum. Empty when there are none."""
        parts = [self._values.get((figure, part), {}).get(system, []) for part in metric.split("+")]
        return [sum(round_) for round_ in zip(*parts)]

    def median(self, figure, metric, system):
        values = self.values(figure, metric, system)
        return statistics.median(values) if values else None

    def unit(self, figure, metric):
        return self._units.get((figure, metric.split("+")[0]), "")

    def starved(self, figure, system):
        return bool(self.values(figure, "starved", system))

    def advantage(self, figure, metric, system, other):
        """How many times as good as `other` is `system`; None where one of them has no figure."""
        mine, theirs = (self.median(figure, metric, s) for s in (system, other))
        if not mine or not theirs:
            return None
        return mine / theirs if higher_is_better(self.unit(figure, metric)) else theirs / mine


@dataclass(frozen=True)
class Floor:
    figure: str
    metric: str
    floor: str
    aim: float

    def verdict(self, results, system="mote"):
        """True, False, or None where something needed was not measured."""
        mine = results.median(self.figure, self.metric, system)
        if results.starved(self.figure, system):
            return False
        if mine is None:
            return None
        if "*" in self.floor:
            times, _, other = self.floor.partition("*")
            own = results.median(*other.split(":"), system)
            return None if own is None else self._as_good(mine, float(times) * own, results)
        if "x" in self.floor:
            times, _, other = self.floor.partition("x")
            have = results.advantage(self.figure, self.metric, system, other.lstrip(":") or "go")
            return None if have is None else have >= float(times)
        return self._as_good(mine, float(self.floor), results)

    def at_aim(self, results, system="mote"):
        mine = results.median(self.figure, self.metric, system)
        return None if mine is None else self._as_good(mine, self.aim, results)

    def _as_good(self, mine, wanted, results):
        better = higher_is_better(results.unit(self.figure, self.metric))
        return mine >= wanted if better else mine <= wanted


def read_floors(text):
    floors = []
    for words in (line.partition("#")[0].split() for line in text.splitlines()):
        if words:
            figure, metric, floor, aim = words
            floors.append(Floor(figure, metric, floor, float(aim)))
    return floors
