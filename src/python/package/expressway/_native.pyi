"""The native half. Import it from `expressway`."""

from os import PathLike
from typing import Any, Callable, Literal, Mapping, Sequence, Union, overload

import pyarrow

__version__: str

Handler = Union[Callable[[Any], Any], Callable[[Any, "Context"], Any], str, Mapping[str, Any]]
"""A function behind a task: a callable as Lambda calls one, or the text of a small state machine (or it as a dict)."""

class CompileError(ValueError):
    """The definition, or a function written in ASL, is refused."""

    diagnostics: list[dict[str, str | None]]
    """Everything that is wrong: `severity`, `code`, `message`, `location`."""

class MissingHandlers(LookupError):
    """Tasks call functions that nobody stands behind."""

    names: dict[str, list[str]]
    """Each name, with the states that call it."""

class Context:
    """What a function may know of its call: the second argument of a handler."""

    @property
    def function_name(self) -> str: ...
    @property
    def function_version(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def retry_count(self) -> int: ...
    @property
    def now_ms(self) -> int: ...
    @property
    def task_token(self) -> str | None: ...

class Result:
    """What one event came to."""

    @property
    def status(self) -> Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED"]: ...
    @property
    def output(self) -> Any: ...
    @property
    def output_json(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def cause(self) -> str | None: ...
    @property
    def duration_ns(self) -> int: ...
    @property
    def steps(self) -> int: ...

class Program:
    """A state machine, compiled, with the functions that its tasks call."""

    @staticmethod
    def compile(
        text: str,
        *,
        handlers: Mapping[str, Handler] | None = None,
        machine_type: Literal["standard", "express"] | None = None,
        substitute: Mapping[str, str] | None = None,
        resource: str | None = None,
        file_name: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Program:
        """Compiles a definition: JSON, YAML, or a SAM or CloudFormation template.

        `handlers` maps the name of a Lambda function to a callable (`f(event)` or `f(event, context)`; what it returns is
        the reply, an exception's class is the error's name) or to the text of a small state machine. `substitute` gives
        values for `${NAME}`, `resource` says which machine of a template, `file_name` is for messages. `seed` and `now`
        (RFC 3339) are where random numbers and virtual time start.

        Raises `CompileError` and `MissingHandlers`.
        """

    @staticmethod
    def compile_file(
        path: str | PathLike[str],
        *,
        handlers: Mapping[str, Handler] | None = None,
        machine_type: Literal["standard", "express"] | None = None,
        substitute: Mapping[str, str] | None = None,
        resource: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Program:
        """Compiles a file; or a folder with `machine.asl.json` (or `.yaml`, `template.yaml`) and `handlers/NAME.asl.json`."""

    @property
    def states(self) -> list[str]:
        """The names of the states."""

    @overload
    def run(
        self,
        events: Sequence[Any],
        *,
        threads: int | None = None,
        identity: Literal["content", "position"] | None = None,
    ) -> list[Result]: ...
    @overload
    def run(
        self,
        events: pyarrow.RecordBatch | pyarrow.Array,
        *,
        threads: int | None = None,
        identity: Literal["content", "position"] | None = None,
        column: str | None = None,
    ) -> pyarrow.RecordBatch: ...
    @overload
    def run(
        self,
        events: pyarrow.Table | pyarrow.ChunkedArray | pyarrow.RecordBatchReader,
        *,
        threads: int | None = None,
        identity: Literal["content", "position"] | None = None,
        column: str | None = None,
    ) -> pyarrow.Table: ...
    @overload
    def run(
        self,
        events: str | PathLike[str],
        *,
        threads: int | None = None,
        identity: Literal["content", "position"] | None = None,
        output: str | PathLike[str] | None = None,
        failures: str | PathLike[str] | None = None,
        dead_letters: str | PathLike[str] | None = None,
        emit: Literal["outcome", "output"] = "outcome",
        position: bool = False,
        unordered: bool = False,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Runs an execution for each event, on all cores unless `threads` says fewer, in the order of the events.

        Of a list each element is one: a `str` or `bytes` is JSON text, of anything else JSON is made. Of Arrow the column
        `event` (or `column`) is JSON text; a batch without such a column has whole rows for events, and so has a column
        of structs. A path names a file of JSON Lines, plain, `.gz` or `.zst`; its results go to `output`, what is
        returned is the summary.

        An execution's random numbers and names derive from its event's content, for a file from its position; `identity`
        says otherwise.
        """

    def execute(self, event: Any, *, history: bool = False) -> Any:
        """Runs one execution: a `Result`, or with `history` a pair of it and the events of GetExecutionHistory.

        Raises `ValueError` for an event that is no JSON.
        """
