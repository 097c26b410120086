"""expressway on Apache Spark: one execution for each row, wherever Spark runs it.

An execution is known by its event's content. So a row has the same result in whichever partition, worker or attempt it
is run, and a task that Spark runs again after a worker has died gives what the first would have given. Functions in
`handlers` may then be called again too: what they do outside must bear that.

The package has to be installed where the executors are (an image, a bootstrap action, a library of the cluster): a
native module cannot be imported out of a zip.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Iterator, Mapping

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame

__all__ = ["SCHEMA", "run"]

SCHEMA = "status string, output string, error string, cause string, duration_ns bigint, steps bigint"
"""The columns of a result, as Spark says them. Those in `keep` come before."""

_programs: dict[str, Any] = {}
"""Programs of this process by what they were compiled from: a Python worker runs many tasks."""

_PROGRAMS_MAX = 64


def run(
    df: "DataFrame",
    definition: str | Mapping[str, Any],
    event_col: str | None = "event",
    handlers: Mapping[str, Any] | None = None,
    *,
    keep: tuple[str, ...] | list[str] = (),
    threads: int = 1,
    **options: Any,
) -> "DataFrame":
    """Runs an execution of `definition` for each row of `df`.

    `event_col` holds JSON text, or anything of which JSON can be made; `None` makes an event of the whole row. `handlers`
    maps the names of Lambda functions to callables, which Spark sends to its workers, or to small state machines as
    text. `keep` names columns of `df` that stand before those of the result. `options` are those of
    `Program.compile`: `machine_type`, `seed`, `now`, `substitute`, `resource`, `file_name`.

    With `spark.task.cpus` above one, give `threads` as many.

    Raises what `Program.compile` raises, before anything is run.
    """
    from pyspark.sql import functions
    from pyspark.sql.types import StructType

    text = definition if isinstance(definition, str) else json.dumps(definition)
    handlers = dict(handlers or {})
    key = _key(text, handlers, options)
    _program(key, text, handlers, options)
    keep = list(keep)
    events = functions.struct("*") if event_col is None else functions.col(event_col)
    # Of the columns only what is read goes to Python.
    narrow = df.select(*keep, events.alias("__event"))

    def work(batches: Iterator["pyarrow.RecordBatch"]) -> Iterator["pyarrow.RecordBatch"]:
        import pyarrow

        program = _program(key, text, handlers, options)
        for batch in batches:
            results = program.run(batch.column("__event"), identity="content", threads=threads)
            columns = [batch.column(name) for name in keep] + results.columns
            yield pyarrow.RecordBatch.from_arrays(columns, names=keep + results.schema.names)

    kept = [narrow.schema[name] for name in keep]
    schema = StructType(kept + StructType.fromDDL(SCHEMA).fields)
    return narrow.mapInArrow(work, schema)


def _key(text: str, handlers: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What a program was compiled from, so that no worker compiles twice; callables are known by their code."""
    from pyspark import cloudpickle

    parts = cloudpickle.dumps((text, sorted(handlers.items()), sorted(options.items())))
    return hashlib.sha256(parts).hexdigest()


def _program(key: str, text: str, handlers: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    from . import Program

    program = _programs.get(key)
    if program is None:
        if len(_programs) >= _PROGRAMS_MAX:
            _programs.clear()
        program = _programs[key] = Program.compile(text, handlers=handlers, **options)
    return program
