"""Instructions per operation: two runs under callgrind with different counts, and what the longer one has more."""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from comparison.systems import ROOT

COST = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$")
OBJECT = re.compile(r"\s+\[([^\[\]]*)\]$")


@dataclass(frozen=True)
class Operation:
    title: str
    workload: str
    per_count: int  # operations for each of the workload's --count
    few: int
    many: int


OPERATIONS = {
    "spawn": Operation("spawn, run and exit, with a link and an argument", "spawn_exit", 1, 20_000, 60_000),
    "join": Operation("spawn, and a message back to the waiting parent", "spawn_join_one", 1, 20_000, 60_000),
    "message": Operation("message to a waiting process and switch to it", "pingpong_same", 2, 20_000, 60_000),
    "crowd": Operation("message among others, sent and received in batches", "fanin", 1, 80_000, 240_000),
    "switch": Operation("yield to another process", "yield", 2, 40_000, 120_000),
    "call": Operation("call of an idle server, and its answer", "call_reply", 1, 20_000, 60_000),
}


def read_annotation(text):
    """Instructions by function, from callgrind_annotate's list. What was inlined counts for the function it is in."""
    costs = Counter()
    for match in filter(None, map(COST.match, text.splitlines())):
        name = OBJECT.sub("", match[2])
        if name == "PROGRAM TOTALS":
            continue
        costs[short_name(name.partition(":")[2] or name)] += int(match[1].replace(",", ""))
    return costs


def short_name(name):
    """Without parameters, namespaces of ours, and the mark of a recursion."""
    name = re.sub(r"'\d+$", "", name).replace("mote::detail::", "").replace("mote::", "")
    name = name.replace("(anonymous namespace)", "{}")
    depth, kept = 0, []
    for letter in name:
        depth += letter in "(<"
        if depth == 0:
            kept.append(letter)
        depth -= letter in ")>"
    return "".join(kept).replace("{}::", "").strip() or name


def per_operation(few, many, operations):
    """By function, what each operation takes; small differences of the two starts are left out."""
    each = {name: (many[name] - few[name]) / operations for name in many}
    return {name: cost for name, cost in each.items() if abs(cost) >= 0.05}


def environment():
    """mimalloc, as without valgrind: under it the runtime uses malloc, so malloc is made mimalloc."""
    found = sorted(glob.glob("/usr/lib/*/libmimalloc.so.2*") + glob.glob("/usr/local/lib/libmimalloc.so*"))
    return os.environ | ({"LD_PRELOAD": found[0]} if found else {})


def count(bench, workload, amount):
    """Runs the workload once under callgrind; returns instructions by function."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", bench, "--schedulers", "1",
                              "--count", str(amount), workload], env=environment(), capture_output=True, text=True,
                             check=False)
        if run.returncode != 0:
            sys.exit(f"instructions: {workload} failed under valgrind:\n{run.stderr[-2000:]}")
        listed = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", out], capture_output=True,
                                text=True, check=True)
    return read_annotation(listed.stdout)


def table(title, costs, top):
    lines = [f"{sum(costs.values()):8.1f}  {title}"]
    ordered = sorted(costs.items(), key=lambda item: -item[1])
    lines += [f"{cost:10.1f}  {name}" for name, cost in ordered[:top]]
    rest = sum(cost for _, cost in ordered[top:])
    if abs(rest) >= 0.05:
        lines.append(f"{rest:10.1f}  in {len(ordered) - top} other functions")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="scripts/instructions", description=__doc__)
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=f"of {', '.join(OPERATIONS)}; none: all")
    parser.add_argument("--top", type=int, default=12, help="how many functions to show for each (12)")
    parser.add_argument("--bench", type=Path, default=ROOT / "build" / "release" / "bin" / "mote-bench",
                        help="use this mote-bench; nothing is built then")
    given = parser.parse_args()
    unknown = [name for name in given.operations if name not in OPERATIONS]
    if unknown:
        parser.error(f"no operation {', '.join(unknown)}; there are: {', '.join(OPERATIONS)}")
    print("Instructions per operation, one scheduler, and the functions in which they are")
    for name in given.operations or OPERATIONS:
        what = OPERATIONS[name]
        few, many = (count(given.bench, what.workload, amount) for amount in (what.few, what.many))
        print("\n" + table(what.title, per_operation(few, many, (what.many - what.few) * what.per_count), given.top),
              end="", flush=True)


if __name__ == "__main__":
    main()
