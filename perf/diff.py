#!/usr/bin/env python3
"""What a comparison costs: CPU time of `diff OLD NEW` beside that of the two plain runs that it stands for.

    perf/diff.py [--events N] [--rounds N] [--threads N] [--check PERCENT]

For each pair of machines the three commands take turns; the least of the rounds is the figure that other work on the
computer disturbs the least. `throughput` is that of the comparison as a part of that of the two runs, in CPU time: 100 %
means that comparing costs nothing. With --check the command fails if a pair is below that.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/expressway"
# Machine, the one it is compared with, and how the events are made.
PAIRS = [
    ("which-coat", "which-coat", "the same machine twice"),
    ("which-coat", "which-coat-jsonata", "another language, the same results"),
    ("orders", "orders", "the same machine twice, with Map, Parallel, Retry"),
    ("orders", "orders-jsonata", "another language, one event in five differs"),
    ("etl", "etl", "the same machine twice, chained functions"),
]


def cpu_seconds(*words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run([str(BINARY), *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != 0:
        sys.exit(f"{words}: {ran.stderr.decode()}")
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000, help="about how many events of each machine")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--check", type=float, metavar="PERCENT")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    short = []
    for old, new, what in PAIRS:
        lines = (ROOT / "corpora" / old / "events.jsonl").read_bytes()
        if not lines.endswith(b"\n"):
            lines += b"\n"
        count = max(1, options.events // lines.count(b"\n"))
        with tempfile.TemporaryDirectory() as folder:
            events = os.path.join(folder, "events.jsonl")
            with open(events, "wb") as file:
                for _ in range(count):
                    file.write(lines)
            machines = [f"corpora/{old}", f"corpora/{new}"]
            common = ["--threads", options.threads]
            best = {}
            for _ in range(options.rounds):
                for name, words in [
                    ("old", ["run", machines[0], events, "-o", "/dev/null", "-q", *common]),
                    ("new", ["run", machines[1], events, "-o", "/dev/null", "-q", *common]),
                    ("diff", ["diff", *machines, events, "-o", "/dev/null", *common]),
                ]:
                    best[name] = min(best.get(name, float("inf")), cpu_seconds(*words))
        total = best["old"] + best["new"]
        share = 100 * total / best["diff"]
        per = 1e9 / (count * lines.count(b"\n"))
        print(
            f"{old} and {new} ({what})\n"
            f"  two runs   {best['old'] * per:8.0f} + {best['new'] * per:.0f} ns of CPU a line\n"
            f"  diff       {best['diff'] * per:8.0f} ns\n"
            f"  throughput {share:8.1f} %",
            flush=True,
        )
        if options.check is not None and share < options.check:
            short.append(f"{old} and {new}")
    if short:
        sys.exit(f"below {options.check} %: {', '.join(short)}")


main()
