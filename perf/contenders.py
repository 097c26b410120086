"""Who is compared with whom: what each contender is, how it is installed, and how it is run.

What comes from registries goes to target/peers, which git ignores. What cannot be installed, or cannot run a workflow, is
kept with the reason: it is named, never dropped. It must never measure anything.
"""

import json
import os
import shutil
import subprocess
import sys

from measure import EMBEDDED, NATIVE, OURS, PERF, TARGET, corpus, note

PEERS = os.path.join(TARGET, "peers")
NODE = os.path.join(PEERS, "npm", "node_modules", ".bin", "node")
PYTHON = os.path.join(PEERS, "python", "bin", "python")
JAQ = os.path.join(PEERS, "bin", "jaq")

NPM_PACKAGES = ["aws-local-stepfunctions@3", "node@22"]
PIP_PACKAGES = ["localstack-core[base-runtime]==4.7.*", "antlr4-python3-runtime==4.13.2", "jsonpath-ng", "JPype1", "boto3", "moto"]
JAQ_VERSION = "3.1.2"


class Contender:
    """A program that does one workload.

    command     what runs it, given the events, the sink and the workload
    share       the part of the events that it gets: what is a thousand times slower is not made to run for hours
    inside      it says itself what its executions took, and that is what counts: without start, reading and writing
    sinks       it writes through buffers to any file, so that both sinks can be told apart
    ignoring    members of outputs that it cannot know, or that are left out for it: they are not compared
    absent      why it does not take part
    """

    def __init__(self, name, group, command, share=1.0, inside=False, sinks=False, compared=True, ignoring=(), environment=None, absent=None):
        self.name, self.group, self.command, self.share = name, group, command, share
        self.inside, self.sinks, self.compared, self.ignoring = inside, sinks, compared, ignoring
        self.environment, self.absent = environment or {}, absent


class Workload:
    """Events by the name that make_events knows, the folder of corpora/ that is run on them, and how many there are."""

    def __init__(self, name, machine, events, about):
        self.name, self.machine, self.events, self.about = name, machine, events, about


WORKLOADS = [
    Workload("which-coat", "which-coat", 2_000_000, "flat objects of 112 bytes, one member decides"),
    Workload("which-coat-1k", "which-coat", 200_000, "the same machine on nested events of 1 KB"),
    Workload("which-coat-20k", "which-coat", 10_000, "the same machine on nested events of 20 KB"),
    Workload("which-coat-mixed", "which-coat", 150_000, "the same machine on 70 % short, 25 % 1 KB, 5 % 20 KB"),
    Workload("etl", "etl", 100_000, "three functions in a row reshape readings of 1 KB"),
    Workload("orders", "orders", 100_000, "Choice, Parallel, Map with a task for each item, Retry, Catch; 1 KB"),
    Workload("checkout", "checkout", 100_000, "the plain order: Choice, Parallel of a Map of 8 items and a task, Retry, Catch; 1 KB"),
]

GROUPS = ["ours", "hand", "parse", "jaq", "workflow"]


def versions():
    """The versions of what is installed, as each says itself."""

    def said(command, environment=None):
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=dict(os.environ, **(environment or {})))
        except (OSError, subprocess.TimeoutExpired):
            return "not installed"
        return run.stdout.strip().split("\n")[-1] if run.returncode == 0 else "not installed"

    npm = os.path.join(PEERS, "npm", "node_modules", "aws-local-stepfunctions", "package.json")
    try:
        with open(npm) as file:
            local = json.load(file)["version"]
    except OSError:
        local = "not installed"
    return {
        "aws-local-stepfunctions": local,
        "node": said([NODE, "--version"]),
        "localstack-core": said([PYTHON, "-c", "from importlib.metadata import version; print(version('localstack-core'))"]),
        "python": said([PYTHON, "--version"]),
        "jaq": said([JAQ, "--version"]),
    }


def install(groups):
    """Installs what is asked for and not there yet; why, for each that could not be."""
    os.makedirs(PEERS, exist_ok=True)
    missing = {}

    def step(name, there, commands, cwd=PEERS, environment=None):
        if os.path.exists(there):
            return
        note(f"installing {name} into {os.path.relpath(PEERS)}")
        os.makedirs(cwd, exist_ok=True)
        for command in commands:
            if shutil.which(command[0]) is None and not os.path.exists(command[0]):
                missing[name] = f"{command[0]} is not on this machine"
                return
            done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=dict(os.environ, **(environment or {})))
            if done.returncode != 0:
                missing[name] = f"`{' '.join(command)}` failed: {(done.stderr.strip() or done.stdout.strip())[-300:]}"
                return
        if not os.path.exists(there):
            missing[name] = f"`{' '.join(commands[-1])}` did not make {os.path.relpath(there, PEERS)}"

    if "jaq" in groups:
        build = {"CARGO_TARGET_DIR": os.path.join(PEERS, "build")}
        step("jaq", JAQ, [["cargo", "install", "--quiet", "--locked", "--root", PEERS, "jaq", "--version", JAQ_VERSION]], environment=build)
    if "workflow" in groups:
        npm = os.path.join(PEERS, "npm")
        os.makedirs(npm, exist_ok=True)
        with open(os.path.join(npm, "package.json"), "w") as out:
            out.write('{"private": true}\n')
        # Node itself comes as a package: the one that is needed may be newer than the machine's.
        step("aws-local-stepfunctions", NODE, [["npm", "install", "--no-audit", "--no-fund", *NPM_PACKAGES]], cwd=npm)
        done = os.path.join(PEERS, "python", "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages", "localstack", "services", "stepfunctions")
        environment = os.path.join(PEERS, "python")
        step("LocalStack", done, [[sys.executable, "-m", "venv", environment], [PYTHON, "-m", "pip", "install", "--quiet", *PIP_PACKAGES]])
    return missing


def contenders(workload, groups, missing, by_hand):
    """All that could do this workload, those among them that cannot with the reason."""
    found = []
    if "ours" in groups:
        found += ours(workload)
    if "parse" in groups:
        found.append(Contender("simd-json DOM, parsing alone", "parse", lambda e, o, w: [by_hand, "parse", e], compared=False))
    if "hand" in groups:
        found += hand(workload, by_hand)
    if "jaq" in groups:
        found += jaq(workload, missing)
    if "workflow" in groups:
        found += workflow(workload, missing)
    return found


def ours(workload):
    def run(binary):
        return lambda e, o, w: [binary, "run", corpus(w.machine), e, "--emit", "output", "-q", "--threads", "1", "-o", o]

    def embedded(way, functions):
        return lambda e, o, w: [EMBEDDED, way, functions, corpus(w.machine), e, o]

    found = [
        Contender("expressway, functions in ASL", "ours", run(OURS), sinks=True),
        Contender("expressway, functions in Rust", "ours", run(NATIVE), sinks=True),
        Contender("expressway, in ASL, AVX2 scanner", "ours", run(OURS), environment={"EXPRESSWAY_SCANNER": "avx2"}),
    ]
    if workload.machine == "which-coat":
        found += [
            Contender("embedded, a batch, in ASL", "ours", embedded("batch", "asl"), sinks=True),
            Contender("embedded, a batch, in Rust", "ours", embedded("batch", "native"), sinks=True),
            Contender("embedded, a session, in ASL", "ours", embedded("session", "asl"), sinks=True),
            Contender("embedded, a session, in Rust", "ours", embedded("session", "native"), sinks=True),
        ]
    return found


def hand(workload, by_hand):
    readers = [
        ("serde_json into structs, by hand", "serde"),
        ("simd-json into structs, by hand", "simd"),
        ("simd-json's tape, by hand", "simd-tape"),
        ("sonic-rs into structs, by hand", "sonic"),
    ]
    if workload.machine == "which-coat":
        readers.append(("sonic-rs, one path looked up, by hand", "sonic-get"))

    def command(reader):
        return lambda e, o, w: [by_hand, w.machine, reader, e, o]

    return [Contender(name, "hand", command(reader), sinks=True) for name, reader in readers]


def jaq(workload, missing):
    program = os.path.join(PERF, "peers", workload.machine + ".jq")
    # It has no SHA-1.
    ignoring = ("about.key",) if workload.machine == "orders" else ()
    command = lambda e, o, w: ["/bin/sh", "-c", 'exec "$1" -c -f "$2" "$3" > "$4"', "sh", JAQ, program, e, o]  # noqa: E731
    return [Contender("jaq, by hand", "jaq", command, share=0.05, ignoring=ignoring, absent=missing.get("jaq"))]


def workflow(workload, missing):
    # Both tell the real time, and take an easier title: see what they are given in perf/peers.
    ignoring = ("at", "title") if workload.machine == "orders" else ()
    local = missing.get("aws-local-stepfunctions")
    localstack = missing.get("LocalStack")
    if workload.machine == "etl":
        local = local or "it has no variables (Assign)"
        localstack = localstack or "its variables need a Java runtime that it downloads when first used"
    heavy = workload.machine in ("orders", "checkout")
    scale = {"which-coat": 1.0, "which-coat-1k": 4.0, "which-coat-20k": 20.0, "which-coat-mixed": 5.0}.get(workload.name, 1.0)

    def python(*more):
        return lambda e, o, w: [PYTHON, os.path.join(PERF, "peers", "localstack_run.py"), corpus(w.machine), e, o, *more]

    return [
        Contender(
            "aws-local-stepfunctions",
            "workflow",
            lambda e, o, w: [NODE, os.path.join(PERF, "peers", "aws_local.cjs"), corpus(w.machine), e, o],
            share=0.01 if heavy else 0.005 * scale,
            inside=True,
            ignoring=ignoring,
            environment={"NODE_PATH": os.path.join(PEERS, "npm", "node_modules")},
            absent=local,
        ),
        Contender(
            "LocalStack's interpreter, definition parsed once",
            "workflow",
            python(),
            share=0.0002 if heavy else 0.00015 * scale,
            inside=True,
            ignoring=ignoring,
            absent=localstack,
        ),
        Contender(
            "LocalStack's interpreter, as its service runs it",
            "workflow",
            python("--parse-each"),
            share=0.0001 if heavy else 0.00005 * scale,
            inside=True,
            ignoring=ignoring,
            absent=localstack,
        ),
    ]


