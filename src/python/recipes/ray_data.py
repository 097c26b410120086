"""Ray Data: a state machine over a data set, one batch at a time, on all nodes of a Ray cluster.

    python ray_data.py

Each worker compiles the definition once. An execution is known by its event's content, so that a batch that Ray runs
again has the results it would have had.
"""

import json

import pyarrow as pa
import ray

import expressway

MACHINE = json.dumps({
    "StartAt": "Odd",
    "States": {
        "Odd": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:odd", "ResultPath": "$.odd", "Next": "Only"},
        "Only": {"Type": "Choice", "Choices": [{"Variable": "$.odd", "BooleanEquals": True, "Next": "Done"}], "Default": "Even"},
        "Even": {"Type": "Fail", "Error": "Even"},
        "Done": {"Type": "Succeed"},
    },
})


def odd(event: dict) -> bool:
    return event["n"] % 2 == 1


class Machine:
    """What a worker holds: the program, compiled once."""

    def __init__(self, definition: str, handlers: dict) -> None:
        self.program = expressway.Program.compile(definition, handlers=handlers)

    def __call__(self, batch: pa.Table) -> pa.Table:
        # Ray counts cores itself: one thread for each of its workers.
        return self.program.run(batch, column="event", threads=1)


def main() -> None:
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    events = ray.data.from_items([{"event": json.dumps({"n": n})} for n in range(20_000)])
    results = events.map_batches(
        Machine,
        fn_constructor_args=(MACHINE, {"odd": odd}),
        batch_format="pyarrow",
        batch_size=10_000,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    counts = {row["status"]: row["count()"] for row in results.groupby("status").count().take_all()}
    print(counts)
    assert counts == {"SUCCEEDED": 10_000, "FAILED": 10_000}
    ray.shutdown()


if __name__ == "__main__":
    main()
