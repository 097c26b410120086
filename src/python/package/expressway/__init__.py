"""AWS Step Functions Express-style workflows over millions of events, in your own process.

>>> import expressway
>>> program = expressway.Program.compile('''{"StartAt": "Greet", "States": {"Greet": {
...     "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "End": true}}}''',
...     handlers={"greet": lambda event: f"Hello, {event['who']}!"})
>>> [result.output for result in program.run([{"who": "Ada"}, '{"who": "Ben"}'])]
['Hello, Ada!', 'Hello, Ben!']

A program is a state machine in the Amazon States Language, compiled, with the functions that its tasks call. It runs over
a list, a file of JSON Lines, or anything of Arrow. Time is virtual: a Wait takes none. `expressway.spark` runs it on a
cluster.
"""

from ._native import CompileError, Context, MissingHandlers, Program, Result, __version__

__all__ = ["CompileError", "Context", "MissingHandlers", "Program", "Result", "__version__"]
