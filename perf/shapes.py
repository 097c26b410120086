"""Machines and events of any size, for the sweep: what is made larger, one thing at a time.

A shape says how the machine and the events look at one size. Everything is made from the size alone (and a fixed seed), so
that the same size gives the same bytes. It must never run anything.
"""

import json
import random

PAYLOAD_LETTERS = "abcdefghijklmnopqrstuvwxyz"


# What an exponent may be that is meant to be 1: sorting, and pieces of the input that an event happens to straddle, add a
# little; something that grows with the square of its input has 2.
LINEAR = 1.15


class Shape:
    """What grows, and how.

    axis      the name of the size on the plot
    name      what the curve shows
    sizes     where it is measured
    machine   the definition at a size
    event     the n-th event at a size, as text
    work      how much is done in all: so many events are run at a size that size times events comes to this
    check     two sizes at which instructions are counted: of machines, beyond the size up to which the compiler follows
              them beforehand, since there cost makes a step
    bound     how fast they may grow between the two at most, as an exponent
    """

    def __init__(self, axis, name, sizes, machine, event, work, check=None, handlers=None, bound=LINEAR):
        self.axis, self.name, self.sizes, self.machine, self.event = axis, name, sizes, machine, event
        self.work, self.check, self.handlers, self.bound = work, check, handlers or {}, bound

    def events(self, size, scale):
        return max(4, min(200_000, int(self.work * scale / size)))


def chain(states):
    """A machine of states one after the other."""
    named = {f"S{n}": dict(state, Next=f"S{n + 1}") for n, state in enumerate(states)}
    last = named[f"S{len(states) - 1}"]
    del last["Next"]
    last["End"] = True
    return {"StartAt": "S0", "States": named}


def only(state):
    return chain([state])


def reading(n):
    return {"at": f"2026-05-01T{n % 24:02}:00:00Z", "celsius": n % 70 - 35.5, "sure": n % 2 == 0, "by": "a hand of the \u00c5 station"}


def sized(bytes_):
    """An event of about so many bytes: what decides, and behind it readings."""
    weather = ["FREEZING", "COOL", "WARM"]

    def event(_, n):
        head = {"id": n, "Weather": weather[n * 7 // 3 % 3]}
        each = len(json.dumps(reading(0), ensure_ascii=False).encode()) + 2
        body = dict(head, readings=[reading(k + n) for k in range(max(0, (bytes_ - 80) // each))], note="")
        room = bytes_ - len(json.dumps(body, ensure_ascii=False).encode())
        return json.dumps(dict(body, note="x" * max(0, room)), ensure_ascii=False)

    return event


COAT = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.Weather", "StringEquals": "FREEZING", "Next": "Heavy"},
                {"Variable": "$.Weather", "StringEquals": "COOL", "Next": "Light"},
            ],
            "Default": "None",
        },
        **{
            name: {"Type": "Pass", "Parameters": {"Weather.$": "$.Weather", "Message": message}, "End": True}
            for name, message in (("Heavy", "A heavy coat."), ("Light", "A light jacket."), ("None", "No coat."))
        },
    },
}

LOOP = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Enough?"},
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$n", "NumericGreaterThanEqualsPath": "$.turns", "Next": "Done"}],
            "Default": "Add",
        },
        "Add": {"Type": "Pass", "Assign": {"n.$": "States.MathAdd($n, 1)"}, "Next": "Enough?"},
        "Done": {"Type": "Pass", "Parameters": {"n.$": "$n"}, "End": True},
    },
}

ANSWER = {"StartAt": "Reply", "States": {"Reply": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.n, 1)", "of.$": "$.k"}, "End": True}}}


def placing(size):
    return chain([{"Type": "Pass", "Result": n, "ResultPath": f"$.n{n % 8}"} for n in range(size)])


def tasks(size):
    task = {"Type": "Task", "Resource": "arn:aws:lambda:eu-north-1:123456789012:function:answer", "ResultPath": "$.reply"}
    return chain([task] * size)


def mapped(processor):
    state = {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 40, "ItemProcessor": processor, "ResultPath": "$.done"}
    return {"StartAt": "Every item", "States": {"Every item": dict(state, End=True)}}


MAPS = {
    "a Pass for each item": mapped(only({"Type": "Pass", "Parameters": {"n.$": "$.n"}})),
    "a task for each item": mapped(only({"Type": "Task", "Resource": "arn:aws:lambda:eu-north-1:123456789012:function:answer"})),
}


def items(size, n):
    return json.dumps({"id": n, "items": [{"n": k, "k": PAYLOAD_LETTERS[k % 20 : k % 20 + 5]} for k in range(size)]})


def rules(rule):
    """A Choice of so many rules, of which each event meets one, drawn evenly."""

    def machine(size):
        choices = [dict(rule(n), Next="Met") for n in range(size)]
        return {"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": choices, "Default": "Met"}, "Met": {"Type": "Succeed"}}}

    def event(size, n):
        drawn = random.Random(n).randrange(size)
        return json.dumps({"id": n, "name": f"name-{drawn:05}", "amount": drawn * 10 + 5})

    return machine, event


EQUAL = rules(lambda n: {"Variable": "$.name", "StringEquals": f"name-{n:05}"})
LESS = rules(lambda n: {"Variable": "$.amount", "NumericLessThan": (n + 1) * 10})
LIKE = rules(lambda n: {"Variable": "$.name", "StringMatches": f"*-{n:05}*"})

BYTES = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]
STATES = [1, 3, 10, 30, 100, 300, 1_000]
ITEMS = [1, 10, 100, 1_000, 10_000, 100_000]
RULES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def always(machine):
    return lambda size: machine


def by_size(size, n):
    return sized(size)(size, n)


def keys(size, n):
    return json.dumps({f"key-{(k * 7919 + n) % 1_000_003}": k for k in range(size)})


def deep(size, n):
    return '{"a":' * size + str(n) + "}" * size


SWEPT = [
    Shape("bytes per event", "one member decides", BYTES, always(COAT), by_size, 2e7, (4_000, 64_000)),
    Shape("bytes per event", "handed on whole", BYTES, always(only({"Type": "Pass"})), by_size, 2e7, (4_000, 64_000)),
    Shape("bytes per event", "every reading looked at", BYTES, always(only({"Type": "Pass", "Parameters": {"all.$": "$.readings[*].celsius"}})), by_size, 2e7, (4_000, 64_000)),
    Shape("states per execution", "Pass, each places a result", STATES, placing, lambda size, n: json.dumps({"id": n}), 2e6, (256, 1_024)),
    Shape("states per execution", "tasks, functions in ASL", STATES, tasks, lambda size, n: json.dumps({"n": n, "k": "x"}), 1e6, (256, 1_024), {"answer": ANSWER}),
    Shape("states per execution", "a loop of Choice and Pass", STATES, always(LOOP), lambda size, n: json.dumps({"id": n, "turns": max(1, size // 2)}), 2e6, (256, 2_048)),
    *[Shape("items of a Map", name, ITEMS, always(machine), items, 1e6, (512, 2_048), {"answer": ANSWER}) for name, machine in MAPS.items()],
    Shape("rules of a Choice", "strings, equal", RULES, *EQUAL, 2e8, (16, 256), bound=0.3),
    Shape("rules of a Choice", "numbers, less than", RULES, *LESS, 1e7, (16, 256)),
    Shape("rules of a Choice", "strings, like a pattern", RULES, *LIKE, 1e7, (16, 256)),
]

# What is not swept, but must not grow faster than its input either.
CHECKED = SWEPT + [
    Shape("members of an object", "handed on, none twice", [], always(only({"Type": "Pass"})), keys, 0, (64, 4_096)),
    Shape("levels of nesting", "handed on whole", [], always(only({"Type": "Pass"})), deep, 0, (32, 1_000)),
]
