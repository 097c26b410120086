#!/usr/bin/env python3
"""Which mistakes in the machine and in the compiler would the tests not notice?

    perf/mutants.py                       60 mistakes drawn by seed 1, in src/vm and src/compile
    perf/mutants.py --count 200 --seed 7  others
    perf/mutants.py --again               the last draw once more, without a build; --only 12 31 runs these alone
    perf/mutants.py --tests machine jsonata corpora limits language oracle
                                          without those that take longest, for which see to it that what is left is run
    perf/mutants.py --under src/batch     elsewhere

Mistakes are of four kinds: a condition is turned round, an operator is another one, a statement is left out, a small
number is one more. All of them are put into one copy of the project (target/mutants), each asleep; so there is one build,
and then the tests run once for each mistake, which a variable of the environment wakes: some seconds a mistake, where a
build for each would take a minute. Lines that the compiler will not have so are put back, and others stand in for them.
The tests are those that run the language, the quickest first: stop at the first that fails. A mistake that makes a test
run for too long, or take too much memory, is noticed, too.

Prints each mistake that no test has noticed, and the score. What a run has found, and what became of it, is in
perf/results. Python 3.9, standard library only; needs git.
"""

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "target", "mutants")
# The quickest first; the library's own tests come after the first two.
TESTS = ["machine", "jsonata", "corpora", "limits", "language", "oracle", "properties", "hostile", "shortcut"]
# What the address space of a test may grow to: a loop that never ends had better not take the whole machine.
MEMORY = 12 << 30

WAKER = """
/// Whether the mistake of that number is awake.
pub(crate) fn mistaken(number: u32) -> bool {
    static AWAKE: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *AWAKE.get_or_init(|| std::env::var("MISTAKE").ok()?.parse().ok()) == Some(number)
}
"""

CONDITION = re.compile(r"^(\s*(?:\} else )?(?:if|while) )(?!let\b)((?:(?!\blet\b).)+)( \{)$")
GUARD = re.compile(r"^(\s*[^/]*?\S if )(?!let\b)((?:(?!\blet\b|=>).)+)( =>.*)$")
STATEMENT = re.compile(r"^(\s*)((?!let\b|return\b|use\b|pub\b|mod\b|const\b|static\b|type\b|break\b|continue\b|//|#|\}|\.|match\b)[A-Za-z_*(][^;]*;)$")
# `let` and what is computed for it; a condition has its own pattern above.
COMPUTED = re.compile(r"^(\s*let (?:mut )?\w+ = )([^;{}|]*)(;)$")
OPERATOR = re.compile(r" (<=|>=|<|>|==|!=|&&|\|\||\+|-|\*) (?=[\w(*&\"'-])")
OTHERS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "+",
}
NUMBER = re.compile(r"^(\s*(?!//|#|const|static|pub|use)[^\"']*?[ (\[])([0-9])((?:[ ,)\];].*)?)$")


def mistake(line, number, drawn):
    """The line with a mistake asleep in it, and what the mistake is; none if the line has no room for one."""
    awake = f"crate::mistaken({number})"
    found = CONDITION.match(line) or GUARD.match(line)
    operators = list(OPERATOR.finditer((found or COMPUTED.match(line) or ["", "", ""])[2]))
    if operators and (not found or drawn.random() < 0.6):
        found = found or COMPUTED.match(line)
        one = drawn.choice(operators)
        other = found[2][: one.start(1)] + OTHERS[one[1]] + found[2][one.end(1) :]
        return f"{found[1]}(if {awake} {{ {other} }} else {{ {found[2]} }}){found[3]}", f"{one[1]} is {OTHERS[one[1]]}"
    if found:
        return f"{found[1]}({found[2]}) != {awake}{found[3]}", "turned round"
    if (found := STATEMENT.match(line)) and "debug_assert" not in line:
        return f"{found[1]}if !{awake} {{ {found[2]} }}", "left out"
    if (found := NUMBER.match(line)) and "=>" not in line and ".." not in line:
        return f"{found[1]}({found[2]} + if {awake} {{ 1 }} else {{ 0 }}){found[3]}", "one more"
    return None


def sources(under):
    for folder in under:
        for at, folders, files in os.walk(os.path.join(FOLDER, folder)):
            folders.sort()
            for file in sorted(files):
                if file.endswith(".rs") and file != "tests.rs" and "tests" not in os.path.relpath(at, FOLDER).split(os.sep):
                    yield os.path.relpath(os.path.join(at, file), FOLDER)


def places(under):
    """Every line that has room for a mistake."""
    for path in sources(under):
        for at, line in enumerate(lines_of(path)):
            if line.startswith("#[cfg(test)]"):
                break
            if mistake(line, 0, random.Random(0)):
                yield path, at


def cargo(*arguments):
    # What the project has been built from is built already: the copy shares it.
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return subprocess.run(["cargo", *arguments, "--target-dir", target], cwd=FOLDER, capture_output=True, text=True)


def build(made, originals):
    """Builds the tests; lines that do not compile are put back. Gives the tests' programs, and the mistakes that are left."""
    while True:
        checked = cargo("check", "--locked", "--lib", "--message-format=json")
        if checked.returncode == 0:
            break
        told = [json.loads(line) for line in checked.stdout.splitlines()]
        errors = [one["message"] for one in told if one["reason"] == "compiler-message" and one["message"]["level"] == "error"]
        bad = {one[0]: one for error in errors for one in to_blame(error, made)}
        if not bad:
            sys.exit(checked.stderr[-3000:])
        for one in bad.values():
            put(one[1], {one[2]: originals[one[1], one[2]]})
        made = [one for one in made if one[0] not in bad]
    named = [argument for test in TESTS for argument in ("--test", test)]
    built = cargo("test", "--locked", "--no-run", "--message-format=json", "--lib", *named)
    if built.returncode != 0:
        sys.exit(built.stderr[-3000:])
    told = [json.loads(line) for line in built.stdout.splitlines()]
    programs = [(one["target"]["name"], one["executable"]) for one in told if one.get("executable") and one["profile"]["test"]]
    order = [*TESTS[:2], "expressway", *TESTS[2:]]
    return sorted(programs, key=lambda program: order.index(program[0])), made


def to_blame(error, made):
    """The mistakes at an error's places; where there are none, the nearest above: what it has left out is missed below."""
    spans = [(span["file_name"], span["line_start"] - 1) for span in error["spans"]]
    if there := [one for one in made if (one[1], one[2]) in spans]:
        return there
    above = [one for one in made for file, line in spans if one[1] == file and one[2] < line]
    return [max(above, key=lambda one: one[2])] if above else []


def put(path, lines):
    text = lines_of(path)
    for at, line in lines.items():
        text[at] = line
    with open(os.path.join(FOLDER, path), "w") as file:
        file.write("\n".join(text))


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def noticed(programs, number, patience):
    """The first test that notices a mistake, or none."""
    environment = {**os.environ, "MISTAKE": str(number), "EXPRESSWAY_ORACLE_PAIRS": "3000", "RUST_BACKTRACE": "0"}
    for name, program in programs:
        try:
            ran = subprocess.run(
                [program, "-q"], cwd=FOLDER, env=environment, capture_output=True, timeout=patience[name], preexec_fn=bounded
            )
        except subprocess.TimeoutExpired:
            return name + " (without end)"
        if ran.returncode != 0:
            if number == 0:
                sys.stderr.write((ran.stdout + ran.stderr).decode(errors="replace")[-3000:])
            return name
    return None


def draw(arguments):
    """What is committed, in a folder of its own, with mistakes in it; what was built for it stays."""
    os.makedirs(FOLDER, exist_ok=True)
    for name in os.listdir(FOLDER):
        path = os.path.join(FOLDER, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    tree = subprocess.Popen(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", FOLDER], stdin=tree.stdout, check=True)
    drawn = random.Random(arguments.seed)
    all_places = list(places(arguments.under))
    with open(os.path.join(FOLDER, "src", "lib.rs"), "a") as file:
        file.write(WAKER)
    # Some will not compile: a third more are drawn than asked for.
    chosen = drawn.sample(all_places, min(len(all_places), arguments.count * 4 // 3))
    made, originals = [], {}
    for number, (path, at) in enumerate(chosen, 1):
        line = lines_of(path)[at]
        changed, kind = mistake(line, number, drawn)
        originals[path, at] = line
        put(path, {at: changed})
        made.append((number, path, at, kind))
    print(f"{len(all_places)} places in {' and '.join(arguments.under)}, {len(chosen)} drawn by seed {arguments.seed}")
    return made, originals


def standing():
    """The mistakes of the copy as it stands; the lines without them, as they were committed."""
    made, originals = [], {}
    for path in sources(["src"]):
        for at, line in enumerate(lines_of(path)):
            if path != "src/lib.rs" and (found := re.search(r"crate::mistaken\((\d+)\)", line)):
                made.append((int(found[1]), path, at, "now " + line.strip()))
                originals[path, at] = line
    return sorted(made), originals


def lines_of(path):
    with open(os.path.join(FOLDER, path)) as file:
        return file.read().split("\n")


def unspoilt(programs):
    """The seconds that each test takes with no mistake awake; none may fail."""
    took = {}
    for program in programs:
        began = time.monotonic()
        if noticed([program], 0, {program[0]: 600}) is not None:
            sys.exit(f"with no mistake awake, {program[0]} fails")
        took[program[0]] = time.monotonic() - began
    print("  seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in took.items()), flush=True)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--under", nargs="+", default=["src/vm", "src/compile"])
    parser.add_argument("--only", nargs="+", type=int, help="these mistakes alone, by their numbers")
    parser.add_argument("--again", action="store_true", help="the mistakes of the last draw")
    parser.add_argument("--tests", nargs="+", default=TESTS, choices=TESTS, help="which run, beside the library's own")
    arguments = parser.parse_args()
    os.nice(10)

    made, originals = standing() if arguments.again else draw(arguments)
    programs, made = build(made, originals)
    programs = [program for program in programs if program[0] in ["expressway", *arguments.tests]]
    # Every test has its time: a mistake that takes a multiple of it does not end.
    patience = {name: 20 + 8 * seconds for name, seconds in unspoilt(programs).items()}
    made = [one for one in made if one[0] in arguments.only] if arguments.only else made[: arguments.count]

    began, missed, counted = time.monotonic(), [], {}
    for done, (number, path, at, kind) in enumerate(made, 1):
        by = noticed(programs, number, patience)
        if by is None:
            missed.append(number)
            print(f"  {number} not noticed: {path}:{at + 1} {kind}: {originals[path, at].strip()}", flush=True)
        else:
            counted[by] = counted.get(by, 0) + 1
        print(f"\r  {done} of {len(made)}, {time.monotonic() - began:.0f} s", end="\r", file=sys.stderr)
    score = 1 - len(missed) / max(1, len(made))
    print(f"{len(made) - len(missed)} of {len(made)} mistakes noticed: {score:.0%}")
    print("  first by " + ", ".join(f"{name} {count}" for name, count in sorted(counted.items(), key=lambda n: -n[1])))


main()
