"""Polars: a column of JSON texts through a state machine, in a frame.

    python polars_frame.py

Polars hands its texts over as they are (Utf8View) and takes the columns back without copying them.
"""

import json

import polars as pl

import expressway

MACHINE = json.dumps({
    "StartAt": "Cold",
    "States": {
        "Cold": {"Type": "Choice", "Choices": [{"Variable": "$.t", "NumericLessThan": 8, "Next": "Coat"}], "Default": "None"},
        "Coat": {"Type": "Pass", "Parameters": {"town.$": "$.town", "wear": "a coat"}, "End": True},
        "None": {"Type": "Fail", "Error": "NoCoatNeeded"},
    },
})


def run(frame: pl.DataFrame, program: expressway.Program, column: str = "event") -> pl.DataFrame:
    """The frame with the columns of its results beside it."""
    return frame.hstack(pl.DataFrame(program.run(frame.select(column).to_arrow(), column=column)))


def main() -> None:
    towns = [("Oslo", 3), ("Bern", 12), ("Riga", 7)]
    frame = pl.DataFrame({"event": [json.dumps({"town": town, "t": t}) for town, t in towns]})
    results = run(frame, expressway.Program.compile(MACHINE))
    print(results.select("status", "output", "error"))
    assert results["status"].to_list() == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert results["output"][0] == '{"town":"Oslo","wear":"a coat"}'


if __name__ == "__main__":
    main()
