"""What the scripts here share: building, making events, measuring a process, telling what machine it was.

It must never decide what is compared, nor print results. Python 3.9, standard library only.
"""

import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import threading
import time

PERF = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(PERF)
TARGET = os.path.join(ROOT, "target")
RELEASE = os.path.join(TARGET, "release")
OURS = os.path.join(RELEASE, "expressway")
NATIVE = os.path.join(RELEASE, "examples", "native")
EMBEDDED = os.path.join(RELEASE, "examples", "embedded")
MAKE_EVENTS = os.path.join(RELEASE, "examples", "make_events")
RESULTS = os.path.join(PERF, "results")
# What is made for a run and removed after it.
SCRATCH = os.path.join(TARGET, "perf")


def corpus(name):
    return os.path.join(ROOT, "corpora", name)


def scratch(name):
    os.makedirs(SCRATCH, exist_ok=True)
    return os.path.join(SCRATCH, name)


def build(examples=("make_events", "native", "embedded")):
    """The command and the examples, as they are shipped."""
    command = ["cargo", "build", "--locked", "--release", "--quiet", "--bin", "expressway"]
    for name in examples:
        command += ["--example", name]
    subprocess.run(command, cwd=ROOT, check=True)


def build_by_hand(cpu=None):
    """The programs written by hand, from a lock file of their own; for this processor only, if `cpu` says so. Where it is."""
    target = os.path.join(TARGET, "hand-" + cpu if cpu else "hand")
    environment = dict(os.environ, CARGO_TARGET_DIR=target)
    if cpu:
        environment["RUSTFLAGS"] = f"-C target-cpu={cpu}"
    command = ["cargo", "build", "--locked", "--release", "--quiet"]
    subprocess.run(command, cwd=os.path.join(PERF, "hand"), env=environment, check=True)
    return os.path.join(target, "release", "by-hand")


def make_events(workload, count, name=None):
    """A file of events, made from a seed: the same bytes every time."""
    path = scratch(name or f"{workload}-{count}.jsonl")
    with open(path, "wb") as out:
        subprocess.run([MAKE_EVENTS, workload, "--events", str(count)], stdout=out, check=True)
    return path


class Failed(Exception):
    """A program that did not end well."""


class Cost:
    """What a process took: CPU and elapsed seconds, peak memory in KiB; and what it said on stdout."""

    def __init__(self, cpu, elapsed, peak_kib, said):
        self.cpu, self.elapsed, self.peak_kib, self.said = cpu, elapsed, peak_kib, said


def measure(command, environment=None, deadline=600):
    """Runs a program alone, as the kernel counts it: user and system time of the process and its threads."""
    with open(scratch("stderr"), "w+b") as errors, open(scratch("stdout"), "w+b") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=dict(os.environ, **(environment or {})))
        # wait4 has no deadline: an alarm clock of our own ends what hangs.
        killed = []
        clock = alarm(deadline, process, killed)
        _, status, usage = os.wait4(process.pid, 0)
        clock.cancel()
        elapsed = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        output.seek(0)
        told = errors.read().decode(errors="replace")
        if killed:
            raise Failed(f"{' '.join(command)}: no end after {deadline} s")
        if process.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {process.returncode}\n{told.strip()[-2000:]}")
        return Cost(usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss, output.read().decode(errors="replace"))


def alarm(seconds, process, killed):
    def kill():
        killed.append(True)
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    return timer


def spread(values):
    """The least, the median and the greatest."""
    return min(values), statistics.median(values), max(values)


def load():
    return os.getloadavg()[0]


def machine():
    """What the figures were taken on, for whoever reads them later."""
    model, flags = platform.processor() or platform.machine(), set()
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
        model = re.search(r"model name\s*:\s*(.*)", text).group(1).strip()
        flags = set(re.search(r"flags\s*:\s*(.*)", text).group(1).split())
    except (OSError, AttributeError):
        pass
    avx512 = {"avx512f", "avx512bw", "avx512vl", "avx512vbmi", "avx512_vbmi2"} <= flags
    instructions = "AVX-512" if avx512 else "AVX2" if "avx2" in flags else "scalar"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.date.today().isoformat(),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "virtual": "hypervisor" in flags,
        "scanner": instructions,
        "system": f"{platform.system()} {platform.release()}",
        "rustc": first_line(["rustc", "--version"]),
        "commit": commit(),
        "load_before": round(load(), 2),
    }


def first_line(command):
    try:
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return "not found"
    return said.stdout.strip().split("\n")[0]


def commit():
    changed = first_line(["git", "status", "--porcelain", "--untracked-files=no", "--", "src", "Cargo.lock", "perf/hand", "perf/native.rs"])
    return first_line(["git", "rev-parse", "--short=12", "HEAD"]) + (" and changes" if changed else "")


def sentence(machine):
    """The machine in one line."""
    kind = "virtual machine" if machine["virtual"] else "machine"
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['scanner']}, {kind}, "
        f"{machine['system']}, {machine['rustc']}, commit {machine['commit']}, load {machine['load_before']} before"
    )


def slug(machine):
    words = re.sub(r"[^a-z0-9]+", "-", machine["processor"].lower()).strip("-")
    return f"{machine['date']}-{words}-{machine['cores']}-cores"


def lock_versions(names):
    """Versions from the lock file of the programs written by hand."""
    with open(os.path.join(PERF, "hand", "Cargo.lock")) as file:
        text = file.read()
    found = dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', text))
    return {name: found.get(name, "?") for name in names}


def save(name, data):
    os.makedirs(RESULTS, exist_ok=True)
    path = os.path.join(RESULTS, name)
    with open(path, "w") as out:
        if name.endswith(".json"):
            json.dump(data, out, indent=1)
            out.write("\n")
        else:
            out.write(data)
    return os.path.relpath(path, ROOT)


def duration(ns):
    """A time for people: three figures and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def table(head, rows):
    """Markdown, its columns aligned; the first is text, the others are figures."""
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    line = lambda row: "| " + " | ".join(c.ljust(w) if n == 0 else c.rjust(w) for n, (c, w) in enumerate(zip(row, widths))) + " |"  # noqa: E731
    rule = "| " + " | ".join("-" * w if n == 0 else "-" * (w - 1) + ":" for n, w in enumerate(widths)) + " |"
    return "\n".join([line(cells[0]), rule] + [line(row) for row in cells[1:]]) + "\n"


def note(text):
    print(text, file=sys.stderr, flush=True)
