"""DuckDB: SQL over the results of a state machine, over files that DuckDB reads (JSON, CSV, Parquet, S3).

    python duckdb_relation.py

Whole rows are events here: a relation's batches go through the machine as they come, so that no more than one is in
memory.
"""

import json
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa

import expressway

MACHINE = json.dumps({
    "StartAt": "Big",
    "States": {
        "Big": {"Type": "Choice", "Choices": [{"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Check"}], "Default": "Ship"},
        "Check": {"Type": "Fail", "Error": "NeedsApproval", "CausePath": "$.id"},
        "Ship": {"Type": "Pass", "Parameters": {"ship.$": "$.id"}, "End": True},
    },
})


def run(relation: duckdb.DuckDBPyRelation, program: expressway.Program, rows: int = 10_000) -> pa.RecordBatchReader:
    """The results of a relation's rows, batch by batch."""
    batches = relation.to_arrow_reader(rows)
    first = program.run(pa.RecordBatch.from_pylist([], schema=batches.schema))
    return pa.RecordBatchReader.from_batches(first.schema, (program.run(batch) for batch in batches))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_text("id,total\n" + "".join(f"o{n},{n * 7 % 150}\n" for n in range(1_000)))
        # A connection of its own: one that is being read from takes no other query.
        orders = duckdb.connect().sql(f"select * from read_csv('{path}')")
        results = run(orders, expressway.Program.compile(MACHINE))
        counts = duckdb.sql("select status, coalesce(error, '') as error, count(*) as n from results group by all order by n")
        rows = counts.fetchall()
    print(rows)
    assert sum(n for _, _, n in rows) == 1_000
    assert {(status, error) for status, error, _ in rows} == {("FAILED", "NeedsApproval"), ("SUCCEEDED", "")}


if __name__ == "__main__":
    main()
