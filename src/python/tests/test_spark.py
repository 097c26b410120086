"""On a cluster of two executor JVMs: the results of the single binary, also when workers are killed in mid-run.

Runs only where it is asked for (`EXPRESSWAY_SPARK=1`), with PySpark and Java there and the binary's path in
`EXPRESSWAY_BIN`.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

if os.environ.get("EXPRESSWAY_SPARK") != "1":
    pytest.skip("EXPRESSWAY_SPARK=1 asks for the tests on a Spark cluster", allow_module_level=True)

import pyspark
from pyspark.sql import SparkSession

import expressway.spark

ROOT = Path(__file__).parents[3]
EVENTS = int(os.environ.get("EXPRESSWAY_SPARK_EVENTS", "40000"))
PARTS = 8

# Reads its input, calls a function, draws a random number, fails and retries: what may differ if anything does.
MACHINE = json.dumps(
    {
        "StartAt": "Draw",
        "States": {
            "Draw": {
                "Type": "Pass",
                "Parameters": {"id.$": "States.UUID()", "dice.$": "States.MathRandom(1, 7)", "n.$": "$.n"},
                "ResultPath": "$.draw",
                "Next": "Call",
            },
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:weigh",
                "ResultPath": "$.weight",
                "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "JitterStrategy": "FULL", "MaxDelaySeconds": 9}],
                "Next": "Big",
            },
            "Big": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.draw.n", "NumericGreaterThan": 990, "Next": "TooBig"}],
                "Default": "Done",
            },
            "TooBig": {"Type": "Fail", "Error": "TooBig", "CausePath": "$.draw.id"},
            "Done": {"Type": "Succeed"},
        },
    }
)

# The function as ASL, for the binary and for Spark alike.
WEIGH = json.dumps(
    {
        "StartAt": "W",
        "States": {
            "W": {"Type": "Pass", "Parameters": {"double.$": "States.MathAdd($.n, $.n)"}, "OutputPath": "$.double", "End": True}
        },
    }
)


def event(number):
    # Some are equal, as are their results; some are no JSON.
    return "{" if number % 997 == 0 else json.dumps({"n": number % 1000, "who": f"p{number % 7919}"})


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    size = EVENTS // PARTS
    for part in range(PARTS):
        lines = (event(number) for number in range(part * size, (part + 1) * size))
        (folder / f"part-{part}.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def spark():
    # The executors' Python is this one: another has no such package.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .appName("expressway-test")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        # Many small tasks, so that a kill has some of them before it and some behind.
        .config("spark.sql.files.maxPartitionBytes", "262144")
        .config("spark.sql.files.openCostInBytes", "0")
        .config("spark.executor.memory", "512m")
        .config("spark.task.maxFailures", "8")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    work = Path(pyspark.__file__).parent / "work" / session.sparkContext.applicationId
    yield session
    session.stop()
    # Spark keeps its executors' folders inside its own package.
    shutil.rmtree(work, ignore_errors=True)


def read(spark, folder):
    files = sorted(str(path) for path in folder.glob("*.jsonl"))
    return spark.read.text(files).withColumnRenamed("value", "event")


def digest(rows):
    """Counts, and a hash of all results sorted: duration and order apart."""
    rows = sorted(json.dumps([row[name] for name in ("status", "output", "error", "cause")]) for row in rows)
    counts = {}
    for row in rows:
        status = json.loads(row)[0]
        counts[status] = counts.get(status, 0) + 1
    return counts, hashlib.sha256("\n".join(rows).encode()).hexdigest()


@pytest.fixture(scope="module")
def expected(events, tmp_path_factory):
    """What the single binary makes of the same events under the same option."""
    folder = tmp_path_factory.mktemp("binary")
    (folder / "handlers").mkdir()
    (folder / "machine.asl.json").write_text(MACHINE)
    (folder / "handlers" / "weigh.asl.json").write_text(WEIGH)
    files = [str(path) for path in sorted(events.glob("*.jsonl"))]
    command = [os.environ["EXPRESSWAY_BIN"], "run", str(folder), *files, "--identity", "content", "--seed", "3", "-q"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(rows) == EVENTS
    return digest({name: row.get(name) for name in ("status", "error", "cause")} | {"output": compact(row)} for row in rows)


def compact(row):
    return json.dumps(row["output"], separators=(",", ":"), ensure_ascii=False) if "output" in row else None


def results(frame):
    return digest(row.asDict() for row in frame.collect())


def test_two_executors_give_what_the_binary_gives(spark, events, expected):
    frame = expressway.spark.run(read(spark, events), MACHINE, "event", {"weigh": WEIGH}, seed=3)
    assert results(frame) == expected
    assert set(expected[0]) == {"SUCCEEDED", "FAILED", "REJECTED"}

    def whereabouts(batches):
        import pyarrow

        for batch in batches:
            here = os.environ.get("SPARK_EXECUTOR_DIRS", "") + str(os.getppid())
            yield pyarrow.RecordBatch.from_pydict({"here": [here] * batch.num_rows})

    places = spark.range(0, 64, numPartitions=16).mapInArrow(whereabouts, "here string").distinct().count()
    assert places >= 2, "everything ran in one executor"


def test_functions_in_python_and_kept_columns(spark, events):
    from pyspark.sql import functions

    frame = read(spark, events).limit(500).withColumn("number", functions.monotonically_increasing_id())
    frame = expressway.spark.run(frame, MACHINE, handlers={"weigh": lambda event: event["n"] * 2}, keep=["number"], seed=3)
    assert frame.columns == ["number", "status", "output", "error", "cause", "duration_ns", "steps"]
    rows = frame.collect()
    assert sorted(row.number for row in rows) == list(range(500))
    assert all(json.loads(row.output)["weight"] == 2 * json.loads(row.output)["n"] for row in rows if row.output)


def test_whole_rows_are_events(spark):
    frame = spark.createDataFrame([(1, "Ada"), (2, None)], "n int, who string")
    machine = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    outputs = [row.output for row in expressway.spark.run(frame, machine, None).collect()]
    assert sorted(outputs) == ['{"n":1,"who":"Ada"}', '{"n":2,"who":null}']


def killer(flag, victim):
    """A function that kills, once in the whole run: its Python worker, or the executor that the worker belongs to."""

    def weigh(event):
        if event["n"] == 500:
            try:
                os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid() if victim == "worker" else executor_of_this_worker(), signal.SIGKILL)
        return event["n"] * 2

    def executor_of_this_worker():
        pid = os.getpid()
        while True:
            # The parent's number stands behind the name, which is in brackets.
            with open(f"/proc/{pid}/stat") as stat:
                pid = int(stat.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{pid}/cmdline") as line:
                if "CoarseGrainedExecutorBackend" in line.read():
                    return pid

    return weigh


@pytest.mark.parametrize("victim", ["worker", "executor"])
def test_a_kill_in_mid_run_changes_nothing(spark, events, expected, tmp_path, victim):
    flag = tmp_path / "killed"
    frame = expressway.spark.run(read(spark, events), MACHINE, "event", {"weigh": killer(str(flag), victim)}, seed=3)
    given = results(frame)
    assert flag.exists(), "nothing was killed"
    assert given == expected
