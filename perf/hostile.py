#!/usr/bin/env python3
"""What hostile input costs: bad lines, loops without end, chosen keys, patterns, endless lines, files that unpack to far too
much, files of any length; and what a ledger does.

    perf/hostile.py             everything: some minutes, some gigabytes under target/
    perf/hostile.py lines loops keys patterns memory steady ledger
    perf/hostile.py --part 10   a tenth of each

CPU time is user and system time of whole processes, the least of some rounds, each of which finds its outputs gone; peak
memory is as the kernel counts it (GNU time tells it; without it, it is never less than this script's own). Where a
difference is too small for that, instructions are counted as well, if valgrind is there: those do not depend on what else
the machine does. Python 3.9, standard library only.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.path.join(ROOT, "target", "release", "expressway")
FOLDER = os.path.join(ROOT, "target", "hostile")
MACHINE = os.path.join(ROOT, "corpora", "which-coat")
ROUNDS = 3
TIME = shutil.which("time")

SPOILT = [
    b'{"Weather":"COOL"',
    b'{"Weather":"COOL",}',
    b'{"Weather":"CO\x00OL"}',
    b'\xff\xfe{"Weather":1}',
    b'{"Weather":"COOL"}{"Weather":"COOL"}',
    b'{"Weather":"CO\\qOL"}',
    b"not json at all",
    b'{"id":01}',
    b"]",
    b'"',
    b'{"deep":[[[[[[[[}',
    b'{"Weather":"COOL"} // and so on',
]

LOOPS = {
    "StartAt": "W",
    "States": {
        "W": {"Type": "Choice", "Choices": [{"Variable": "$.do", "StringEquals": "spin", "Next": "S"}], "Default": "D"},
        "S": {"Type": "Choice", "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "D"}], "Default": "W"},
        "D": {"Type": "Succeed"},
    },
}

KEYS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$.*", "Result": 1, "End": True}}}


def path(name):
    return os.path.join(FOLDER, name)


def write(name, lines):
    with open(path(name), "wb") as out:
        out.writelines(lines)
    return path(name)


def machine(name, definition):
    with open(path(name), "w") as out:
        json.dump(definition, out)
    return path(name)


def gone(*files):
    for file in files:
        if os.path.isfile(file):
            os.remove(file)


def instructions(*arguments, outputs=()):
    """How many instructions a run takes on one thread; none where they cannot be counted."""
    if not shutil.which("valgrind"):
        return None
    gone(*outputs)
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", BINARY, "run", *arguments, "-q", "--threads", "1"]
    said = subprocess.run(counted, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, text=True).stderr
    return int(said.split("Collected :")[1].split()[0])


def measure(*arguments, rounds=ROUNDS, out="/dev/null", own=False, more_outputs=()):
    """The least CPU seconds (those in the system's calls left out, if `own`) and elapsed seconds, and the peak memory in MiB."""
    cpu, elapsed, user, peak = [], [], [], 0
    for _ in range(rounds):
        gone(out, *more_outputs)
        began = time.monotonic()
        # A process begins with the peak of the one that started it, which is this one unless something small stands between.
        between = [TIME, "-f", "%M", "-o", path("peak")] if TIME else []
        process = subprocess.Popen([*between, BINARY, "run", *arguments, "-q", "-o", out], stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        elapsed.append(time.monotonic() - began)
        if process.returncode not in (0, 3):
            sys.exit(f"{' '.join(arguments)} ended with {process.returncode}\n{said.decode(errors='replace')}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        user.append(usage.ru_utime)
        peak = max(peak, (int(open(path("peak")).read()) if TIME else usage.ru_maxrss) / 1024)
    return min(user if own else cpu), min(elapsed), peak


def lines(part):
    count = 2_000_000 // part
    good = b'{"Weather":"COOL","id":%d}\n'
    clean = write("clean.jsonl", (good % n for n in range(count)))

    def every_other(n):
        return good % n if n % 2 else SPOILT[n // 2 % len(SPOILT)] + b"\n"

    half = write("half.jsonl", (every_other(n) for n in range(count)))
    # As one would run it: results go to a file too.
    results, dead = path("results.jsonl"), path("dead.jsonl")
    clean_cpu, clean_elapsed, _ = measure(MACHINE, clean, rounds=9, out=results)
    cpu, elapsed, _ = measure(MACHINE, half, "--dead-letters", dead, rounds=9, out=results, more_outputs=[dead])
    with open(dead, "rb") as letters, open(half, "rb") as source:
        bytes_, told = source.read(), 0
        for letter in map(json.loads, letters):
            told += 1
            line = bytes_[letter["offset"] : letter["offset"] + letter["length"]]
            assert line in SPOILT and bytes_[letter["offset"] + letter["length"]] == 10, letter
    assert told == count // 2, told
    print(f"{count // 2} of {count} lines no events: each a dead letter whose place cuts it out again")
    print(f"  lines a second: {count / clean_elapsed:,.0f} if all are good, {count / elapsed:,.0f} of these: {clean_elapsed / elapsed:.2f} of it")
    print(f"  lines per second of CPU time:  {clean_cpu:.2f} s and {cpu:.2f} s: {clean_cpu / cpu:.2f} of it")
    # Without what the system takes to write so much more.
    clean_cpu, cpu = measure(MACHINE, clean, rounds=9)[0], measure(MACHINE, half, "--dead-letters", "/dev/null", rounds=9)[0]
    print(f"  with all outputs thrown away:  {clean_cpu:.2f} s and {cpu:.2f} s: {clean_cpu / cpu:.2f} of it")
    # Two sizes are run and subtracted, so that starting up does not count.
    sizes = [count // 100, count // 20]

    def per_line(line, *arguments):
        few, many = (instructions(MACHINE, write("counted.jsonl", map(line, range(n))), *arguments, "-o", "/dev/null") for n in sizes)
        return None if None in (few, many) else (many - few) / (sizes[1] - sizes[0])

    clean, half = per_line(lambda n: good % n), per_line(every_other, "--dead-letters", "/dev/null")
    if None in (clean, half):
        return print("  instructions: not counted, valgrind is not there")
    print(f"  instructions per line: {clean:.0f} and {half:.0f}: {clean / half:.2f} of it; {2 * half - clean:.0f} for a bad one")


def loops(part):
    definition = machine("loops.asl.json", LOOPS)
    count, spinning = 1_000_000 // part, 1_000 // part
    every = count // spinning
    good, spin = b'{"do":"pass","id":%d}\n', b'{"do":"spin","id":%d}\n'
    alone = write("spin.jsonl", (spin % n for n in range(spinning)))
    clean = write("pass.jsonl", (good % n for n in range(count)))
    mixed = write("mixed.jsonl", (chunk for n in range(count) for chunk in ([good % n] if n % every else [good % n, spin % n])))
    spin_cpu, _, _ = measure(definition, alone, "--type", "express", rounds=1)
    print(f"{spinning} executions that loop for ever: {spin_cpu / spinning * 1e3:.1f} ms of CPU time for each until the limit on steps")

    # The loops take a thousand times what the others do, so that a difference of sums would tell nothing: each execution
    # is timed, and the half and nine tenths of them are compared.
    def quantiles(events):
        best = {}
        for _ in range(ROUNDS):
            measure(definition, events, "--type", "express", "--latency", "all", "--summary", path("summary.json"), rounds=1)
            with open(path("summary.json")) as file:
                found = json.load(file)["timing"]["latency_ns"]
            for name in ("p50", "p90"):
                best[name] = min(best.get(name, found[name]), found[name])
        return best

    alone, among = quantiles(clean), quantiles(mixed)
    for name in alone:
        print(f"  the others, {name}: {alone[name]} ns alone, {among[name]} ns among these: {among[name] / alone[name] - 1:+.1%}")

    # What stands between executions no duration tells. Loops that end after a thousand steps take as much in all as the
    # others do, and interrupt them as often.
    short = ["--type", "express", "--max-steps", "1000", "-o", "/dev/null"]
    some = 100_000 // part

    def counted(name, lines):
        return instructions(definition, write(name, lines), *short)

    def every_other(n):
        return [good % n] if n % every else [good % n, spin % n]

    few, all_good = counted("pass.jsonl", [good % 0]), counted("pass.jsonl", (good % n for n in range(some)))
    spun = counted("spin.jsonl", [spin % n for n in range(0, some, every)])
    both = counted("mixed.jsonl", (line for n in range(some) for line in every_other(n)))
    if None in (few, all_good, spun, both):
        return print("  instructions: not counted, valgrind is not there")
    base = all_good - few
    print(f"  the others, instructions: {base / some:.0f} alone, {(both - spun) / some:.0f} among these: {(both - spun) / base - 1:+.1%}")


def keys(part):
    definition = machine("keys.asl.json", KEYS)
    count = 1_000_000 // part
    drawn = random.Random(1)

    def of(name, key):
        return write(name, [b"{", b",".join(b'"%s":1' % key(n) for n in range(count)), b"}\n"])

    # The first and last eight bytes and the length are what a quick hash looks at: these differ nowhere there.
    shapes = {
        "drawn at random": lambda n: b"%024x" % drawn.getrandbits(96),
        "alike at both ends": lambda n: b"aaaaaaaa%08xbbbbbbbb" % n,
        "alike but at their ends": lambda n: b"aaaaaaaaaaaaaaaa%08x" % n,
        "counted": lambda n: b"%024d" % n,
    }
    base = None
    for shape, key in shapes.items():
        cpu, _, _ = measure(definition, of("keys.jsonl", key), "--max-line-bytes", "off", "--max-state-bytes", "off", "--threads", "1")
        base = base or cpu
        print(f"an object of {count} keys {shape:24} {cpu:.2f} s CPU, {cpu / base:.2f} of those at random")


def patterns(part):
    size, times = 262_000 // part, 40
    stars = size // 2
    for what, pattern, text in [
        ("1,000 stars, no match at the end", "*a" * 1_000 + "*b", "a" * size),
        (f"{stars:,} stars, as many letters", "*a" * stars, "a" * size),
        (f"{stars // 4:,} pieces of 7 letters that nearly fit", "*aaaaaab" * (stars // 4), "aaaaaaab" * (size // 8)),
    ]:
        choice = {"Variable": "$.s", "StringMatches": pattern, "Next": "Y"}
        definition = machine("pattern.asl.json", {"StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": [choice], "Default": "N"},
            "Y": {"Type": "Pass", "Result": 1, "End": True}, "N": {"Type": "Pass", "Result": 0, "End": True}}})
        line = b'{"s":"%s"}\n' % text.encode()
        one, many = (measure(definition, write("pattern.jsonl", [line] * n), "--threads", "1")[0] for n in (1, 1 + times))
        print(f"a text of {len(text):,} and a pattern of {len(pattern):,}, {what}: {(many - one) / times * 1e3:.2f} ms")


def ledger(part):
    count = 10_000_000 // part
    events = write("ledger.jsonl", (b'{"Weather":"COOL","id":%d}\n' % n for n in range(count)))
    results = path("results.jsonl")
    best = {}
    # In turns, so that whatever else the machine does meets both.
    for _ in range(5):
        for name, more in (("without", []), ("with", ["--ledger", path("run.ledger")])):
            gone(path("run.ledger"))
            cpu, _, _ = measure(MACHINE, events, *more, rounds=1, out=results, own=True)
            best[name] = min(best.get(name, cpu), cpu)
    print(f"{count:,} events: {best['without']:.2f} s of our own CPU time without a ledger, {best['with']:.2f} s with one: {best['with'] / best['without'] - 1:+.1%}")

    # Less than the clock can tell: what each event costs, and, as an entry is written once a second, what one does.
    sizes = [count // 100, count // 10]
    few, many = (write(f"{n}.jsonl", (b'{"Weather":"COOL","id":%d}\n' % k for k in range(n))) for n in sizes)
    seldom, outputs = ["--ledger", path("run.ledger"), "--ledger-every", "86400"], [results, path("run.ledger")]
    counts = [instructions(MACHINE, events, "-o", results, *more, outputs=outputs) for events in (few, many) for more in ([], seldom)]
    if None in counts:
        return print("  instructions: not counted, valgrind is not there")
    few_without, few_with, many_without, many_with = counts
    without, with_one = many_without - few_without, many_with - few_with
    print(f"  instructions per event: {without / (sizes[1] - sizes[0]):.1f} without, {with_one / (sizes[1] - sizes[0]):.1f} with one: {with_one / without - 1:+.2%}")
    print(f"  and once for a run, its first and last entry among it: {(few_with - few_without - (with_one - without) / 9) / 1e6:.1f} million")


def samples(*arguments):
    """What a run has of memory, in MiB, as often as it can be asked."""
    process = subprocess.Popen([BINARY, "run", *arguments, "-q", "-o", "/dev/null"])
    seen = []
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/statm") as file:
                seen.append(int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20)
        except (OSError, IndexError):
            break
        time.sleep(0.001)
    if process.wait() != 0:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return seen


def steady(part):
    count = 10_000_000 // part
    event = b'{"Weather":"COOL","id":%d,"where":"' + b"x" * 64 + b'"}\n'
    events = write("steady.jsonl", (event % n for n in range(count)))
    for threads in ("1", "2"):
        begun, ended, most = [], [], []
        for _ in range(2 * ROUNDS):
            seen = samples(MACHINE, events, "--threads", threads)
            begun.append(statistics.median(seen[len(seen) // 100 : len(seen) // 20 + 1]))
            ended.append(statistics.median(seen[-len(seen) // 10 :]))
            most.append(max(seen))
        begun, ended = statistics.median(begun), statistics.median(ended)
        print(f"{count:,} events on {threads} thread(s): {begun:.1f} MiB once {count // 100:,} are done, {ended:.1f} MiB during the last tenth: {ended / begun - 1:+.1%}; {max(most):.1f} MiB at most")


def memory(part):
    idle = measure(MACHINE, write("one.jsonl", [b'{"Weather":"COOL"}\n']), rounds=1)[2]
    print(f"peak memory with one event: {idle:.1f} MiB")
    size = (1 << 30) // part
    piece = b"x" * (1 << 20)
    long = write("long.jsonl", (part for n in range(size >> 20) for part in [piece]))
    with open(long, "ab") as out:
        out.write(b'\n{"Weather":"COOL"}\n')
    packed = path("long.jsonl.gz")
    with open(long, "rb") as source, gzip.open(packed, "wb", compresslevel=9) as out:
        while block := source.read(1 << 20):
            out.write(block)
    good = (b'{"Weather":"COOL"}\n' * 50_000)
    bomb = path("bomb.jsonl.gz")
    with gzip.open(bomb, "wb", compresslevel=9) as out:
        for _ in range(size // len(good)):
            out.write(good)
    for what, file in [("a line of %d MiB" % (size >> 20), long), ("the same in %.1f MiB of gzip" % (os.path.getsize(packed) / 2**20), packed),
                       ("%d MiB of events in %.1f MiB of gzip" % (size >> 20, os.path.getsize(bomb) / 2**20), bomb)]:
        peaks = [f"{measure(MACHINE, file, '--threads', str(threads), rounds=1)[2]:6.1f} MiB on {threads}" for threads in (1, 2, 4)]
        print(f"  {what:44} {', '.join(peaks)} threads")


def main():
    parts = {"lines": lines, "loops": loops, "keys": keys, "patterns": patterns, "memory": memory, "steady": steady, "ledger": ledger}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=[*parts, []], help="which of them; all if none is named")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="an N-th of each")
    parser.add_argument("--built", action="store_true", help="take the binary that is there")
    arguments = parser.parse_args()
    if not arguments.built:
        subprocess.run(["cargo", "build", "--locked", "--release", "--quiet", "--bin", "expressway"], cwd=ROOT, check=True)
    os.makedirs(FOLDER, exist_ok=True)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name in arguments.what or parts:
        parts[name](arguments.part)
    gone(*map(path, os.listdir(FOLDER)))


main()
