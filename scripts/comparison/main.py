"""Runs the workloads on all systems in turn, several rounds, and writes what came of it."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from comparison import chart, tables
from comparison.figures import Results, parse, read_floors
from comparison.systems import ROOT, WORKLOADS, BuildError, all_systems

TIME_LIMIT_S = 300
USER_TOLERANCE = 0.15


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/compare", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="which to run; all when none is named")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (3)")
    parser.add_argument("--schedulers", default="1,2", help="with how many schedulers, by commas (1,2)")
    parser.add_argument("--systems", help="only these, by commas, beside mote; see the table's names, in lower case")
    parser.add_argument("--install", action="store_true", help="first install the other systems' packages (Debian)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the operations, and one round")
    parser.add_argument("--as-user", action="store_true", help="also a user's program on the installed library; fails "
                        "when it differs from mote-bench by more than 15 %%")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "compare", help="folder for what is written")
    parser.add_argument("--bench", type=Path, default=ROOT / "build" / "release" / "bin" / "mote-bench",
                        help="use this mote-bench; nothing is built then")
    given = parser.parse_args()
    unknown = [w for w in given.workloads if w not in WORKLOADS]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are: {', '.join(WORKLOADS)}")
    given.schedulers = [int(n) for n in given.schedulers.split(",")]
    if given.rounds < 1 or min(given.schedulers) < 1:
        parser.error("rounds and schedulers are 1 or more")
    if given.quick:
        given.rounds = 1
    return given


def built_systems(given):
    """Those that are there and could be built; says what is not."""
    wanted = given.systems.split(",") if given.systems else None
    ready = []
    for system in all_systems(given.bench):
        chosen = system.name == "mote" or (given.as_user if system.name == "as_user" else
                                           wanted is None or system.name in wanted)
        if not chosen:
            continue
        if not system.is_there():
            print(f"   {tables.TITLES[system.name]} is not installed (Debian: {system.package}): left out")
            continue
        folder = given.out / "programs" / system.name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            system.build(folder)
            ready.append(system)
        except BuildError as error:
            print(f"   {tables.TITLES[system.name]} could not be built, and is left out: {error}")
    return ready


def run_one(system, workload, schedulers, quick, results):
    figure = f"{workload}_s{schedulers}"
    argv, environment = system.command(workload, schedulers, quick)
    try:
        done = subprocess.run(argv, env=os.environ | environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        results.failures[system.name, figure] = f"not done after {TIME_LIMIT_S} s"
        return
    lines = parse(done.stdout)
    if done.returncode != 0 or not lines:
        said = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
        results.failures[system.name, figure] = f"exit code {done.returncode}: {said[:150]}"
    for line in lines:
        results.add(system.name, figure, line)


def measure(given, systems):
    """In each round every figure, for each figure every system, another one first each time."""
    results = Results()
    workloads = given.workloads or list(WORKLOADS)
    figures = [(w, n) for w in workloads for n in given.schedulers if n in WORKLOADS[w] or n > 2]
    for round_ in range(given.rounds):
        for place, (workload, schedulers) in enumerate(figures):
            turn = [s for s in systems if workload in s.workloads]
            progress(f"round {round_ + 1} of {given.rounds}, {place + 1} of {len(figures)}: {workload}_s{schedulers}")
            shift = round_ % len(turn)
            for system in turn[shift:] + turn[:shift]:
                run_one(system, workload, schedulers, given.quick, results)
    progress("")
    return results.in_order([s.name for s in systems])


def progress(text):
    """On a terminal, a line that is written over; else one line each."""
    if sys.stdout.isatty():
        print(f"\r   {text:76}", end="" if text else "\r", flush=True)
    elif text:
        print(f"   {text}", flush=True)


def write(given, results, floors):
    """Returns what is printed."""
    parts = [("Medians (smallest..largest)", tables.figures_table(results)),
             ("How many times as good as each of the others mote is", tables.ratios_table(results)),
             ("Floors and aims" + (" (a quick run: only a hint)" if given.quick else ""),
              tables.floors_table(results, floors))]
    parts = [(title, rows) for title, rows in parts if len(rows) > 1 and len(rows[0]) > 3]
    remarks = tables.notes(results)
    text = "\n".join([f"{title}\n\n{tables.as_text(rows)}" for title, rows in parts] + remarks) + "\n"
    markdown = "\n".join([f"### {title}\n\n{tables.as_markdown(rows)}" for title, rows in parts]
                         + [f"- {remark}" for remark in remarks]) + "\n"
    (given.out / "table.txt").write_text(text)
    (given.out / "table.md").write_text(markdown)
    (given.out / "chart.svg").write_text(chart.chart(results, "Cost beside mote's, by a logarithmic scale (shorter is "
                                                     "better)"))
    (given.out / "figures.txt").write_text("".join(results.lines()))
    return text


def user_differs(results):
    """What as_user says otherwise than mote-bench, one line each."""
    lines = []
    for figure, metric, _ in results.rows():
        ratio = results.advantage(figure, metric, "as_user", "mote")
        if ratio is not None and not 1 - USER_TOLERANCE <= ratio <= 1 / (1 - USER_TOLERANCE):
            lines.append(f"as_user {figure} {metric} is {ratio:.2f} times as good as mote-bench's")
    return lines


def main():
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    if not given.bench.exists():
        sys.exit(f"compare: missing: {given.bench}")
    given.bench = given.bench.resolve()
    given.out = given.out.resolve()
    print("Building the others' programs")
    systems = built_systems(given)
    print(f"Measuring {', '.join(tables.TITLES[s.name] for s in systems)}; a full round takes some minutes")
    results = measure(given, systems)
    print(write(given, results, read_floors((ROOT / "bench" / "floors.txt").read_text())))
    print(f"Written to {given.out}: table.txt, table.md, chart.svg, figures.txt")
    differences = user_differs(results) if given.as_user else []
    for line in differences:
        print(line)
    if given.as_user and "as_user" not in [s.name for s in systems]:
        sys.exit("compare: the user's program could not be built, so nothing is known of it")
    mote_failed = any(system in ("mote", "as_user") for system, _ in results.failures)
    sys.exit(1 if mote_failed or differences else 0)


if __name__ == "__main__":
    main()
