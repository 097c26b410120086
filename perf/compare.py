#!/usr/bin/env python3
"""CPU time and memory of whole processes: ours, and the same work written by hand.

    perf/compare.py                     1,000,000 events of corpora/which-coat, 7 rounds
    perf/compare.py --events 200000 --rounds 15
    perf/compare.py --memory            and peak memory at 100,000 and 10,000,000 events

Every round runs every program once, in turn, so that whatever else the machine does meets them all alike. What is
compared is CPU time (user and system), as the kernel counts it for the process; the least of the rounds says most on a
machine with other work to do. Results go to /dev/null. Python 3.9, standard library only.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(ROOT, "target", "release")
EXAMPLES = ["make_events", "embedded", "hand_serde", "hand_simd", "which_coat_native"]


def programs(events):
    """Name, arguments; the first is what the others are compared with."""
    machine = os.path.join(ROOT, "corpora", "which-coat")
    embedded = lambda *how: [example("embedded"), *how, machine, events, "/dev/null"]
    run = ["run", machine, events, "--emit", "output", "-q", "-o", "/dev/null"]
    ours, native = os.path.join(RELEASE, "expressway"), example("which_coat_native")
    return [
        ("expressway run, 1 thread", [ours, *run, "--threads", "1"]),
        ("  with every execution timed", [ours, *run, "--threads", "1", "--latency", "all"]),
        ("  with functions that tell the time", [native, *run, "--threads", "1"]),
        ("embedded, a batch", embedded("batch", "asl")),
        ("  a batch, functions that tell the time", embedded("batch", "native")),
        ("embedded, a session", embedded("session", "asl")),
        ("  a session, functions that tell the time", embedded("session", "native")),
        ("expressway run, 2 threads", [ours, *run, "--threads", "2"]),
        ("by hand on serde_json", [example("hand_serde"), events, "/dev/null"]),
        ("by hand on simd-json", [example("hand_simd"), events, "/dev/null"]),
        ("simd-json DOM, parsing alone", [example("hand_simd"), "--parse-only", events]),
    ]


def example(name):
    return os.path.join(RELEASE, "examples", name)


def measure(arguments):
    """CPU seconds, elapsed seconds, peak memory in KiB."""
    began = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss


def make(events, spaced=False):
    path = os.path.join(ROOT, "target", f"which-coat-{events}{'-spaced' if spaced else ''}.jsonl")
    with open(path, "wb") as out:
        subprocess.run([example("make_events"), "which-coat", "--events", str(events)] + ["--spaced"] * spaced, stdout=out, check=True)
    return path


def compare(events, rounds, spaced):
    path = make(events, spaced)
    contenders = programs(path)
    cpu = {name: [] for name, _ in contenders}
    elapsed = {name: [] for name, _ in contenders}
    for _ in range(rounds):
        for name, arguments in contenders:
            seconds, real, _ = measure(arguments)
            cpu[name].append(seconds)
            elapsed[name].append(real)
    size = os.path.getsize(path) / events
    print(f"{events} events of {size:.0f} bytes, {rounds} rounds, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':44} {'CPU ns per event':>20} {'elapsed':>10}   least CPU time, ours = 1")
    print(f"{'':44} {'least':>10}{'median':>10} {'least':>10}")
    base = min(cpu[contenders[0][0]])
    for name, _ in contenders:
        ns = [seconds / events * 1e9 for seconds in (min(cpu[name]), statistics.median(cpu[name]), min(elapsed[name]))]
        print(f"{name:44} {ns[0]:10.1f}{ns[1]:10.1f} {ns[2]:10.1f}   {min(cpu[name]) / base:.2f}")
    os.remove(path)


def memory():
    peaks = {}
    for events in (100_000, 10_000_000):
        path = make(events)
        print(f"peak memory at {events} events ({os.path.getsize(path) / 1e6:.0f} MB)")
        for name, arguments in programs(path):
            if not name.startswith("expressway run"):
                continue
            peak = measure(arguments)[2]
            peaks.setdefault(name, []).append(peak)
            print(f"  {name:44} {peak / 1024:8.1f} MiB")
        os.remove(path)
    print("peak memory at 10000000 events, at 100000 = 1")
    for name, (few, many) in peaks.items():
        print(f"  {name:44} {many / few:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--spaced", action="store_true", help="events with blanks, as Python writes them")
    parser.add_argument("--memory", action="store_true", help="peak memory at 100,000 and 10,000,000 events (a file of 1.1 GB), and their ratio")
    arguments = parser.parse_args()
    build = ["cargo", "build", "--locked", "--release", "--quiet", "--bin", "expressway"]
    for name in EXAMPLES:
        build += ["--example", name]
    subprocess.run(build, cwd=ROOT, check=True)
    compare(arguments.events, arguments.rounds, arguments.spaced)
    if arguments.memory:
        memory()


main()
