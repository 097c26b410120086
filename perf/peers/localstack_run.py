"""Runs a folder of corpora/ on the interpreter of LocalStack, in this process: localstack_run.py FOLDER EVENTS OUT [--parse-each]

What it cannot run is taken out of the machine: escaped braces in States.Format.
Functions are local, retries do not wait: both favour it. The definition is parsed once, which its own service does for
every execution; `--parse-each` does as the service. What is counted is the CPU time of the executions alone, without
imports, reading the events and writing the outputs. Says {"seconds": ..., "events": ...} on stdout.
"""

import datetime
import json
import logging
import os
import sys
import time

logging.disable(logging.CRITICAL)

from localstack.services.stepfunctions.asl.component.common.retry import retrier_decl  # noqa: E402
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import lambda_eval_utils  # noqa: E402
from localstack.services.stepfunctions.asl.eval.environment import Environment  # noqa: E402
from localstack.services.stepfunctions.asl.eval.evaluation_details import AWSExecutionDetails  # noqa: E402
from localstack.services.stepfunctions.asl.eval.event.event_manager import EventHistoryContext  # noqa: E402
from localstack.services.stepfunctions.asl.eval.program_state import ProgramEnded, ProgramError  # noqa: E402
from localstack.services.stepfunctions.asl.eval.states import ContextObjectData, ExecutionData, StateMachineData  # noqa: E402
from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser  # noqa: E402

ACCOUNT, REGION = "000000000000", "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"


class FunctionError(Exception):
    pass


def advise(message):
    return lambda event: {"Weather": event["Weather"], "Message": message}


def reserve(event):
    item, attempt = event["item"], event["attempt"]
    if item["sku"].startswith("GONE-"):
        raise FunctionError("Stock.Gone", item["sku"])
    if attempt < item.get("busy", 0):
        raise FunctionError("Stock.Busy", f"attempt {attempt}")
    return {"sku": item["sku"], "qty": item["qty"], "shelf": f"{event['n'] + 1}-{item['sku']}"}


def charge(event):
    cents, payment = event["cents"], event["payment"]
    if payment["method"] == "invoice":
        return {"charged": cents, "by": "invoice"}
    if cents > payment.get("limit_cents", cents):
        raise FunctionError("Payment.Declined", f"{cents} is above {payment['limit_cents']}")
    return {"charged": cents, "by": f"card of {payment['holder']}"}


def wrap(item):
    return {"sku": item["sku"], "qty": item["qty"], "cents": item["cents"] + item["wrap_cents"]}


def debit(event):
    cents, payment, attempt = event["cents"], event["payment"], event["attempt"]
    if cents > payment["limit_cents"]:
        raise FunctionError("Card.Declined", f"{cents} is above {payment['limit_cents']}")
    if attempt < payment.get("busy", 0):
        raise FunctionError("Bank.Busy", f"attempt {attempt}")
    return {"paid": cents, "card": payment["card"]}


def normalize(event):
    words = [w for w in event["name"].replace(",", " ").replace("/", " ").split(" ") if w]
    tags = event["tags"]
    return {
        "name": event["name"],
        "slug": f"{words[0]}.{len(words)}",
        "country": event["place"]["country"],
        "tags": [tags[n : n + 3] for n in range(0, len(tags), 3)],
    }


def summarize(event):
    readings = event["readings"]
    if not readings:
        raise FunctionError("Reading.None", f"{event['slug']} has no readings")
    frost = [reading["at"] for reading in readings if reading["t"] < 0]
    return {"count": len(readings), "first": readings[0], "last": readings[-1]["t"], "frost": frost, "by": event["slug"]}


def place(event):
    country = event["country"]
    if country in ("SE", "NO", "FI"):
        return {"warehouse": "north", "system": "lake"}
    return {"warehouse": "west"} if country < "F" else {"warehouse": "rest", "country": country, "batch": event["batch"]}


FUNCTIONS = {
    "wear_heavy_coat": advise("You should wear a heavy coat today."),
    "wear_light_jacket": advise("You should wear a light jacket today."),
    "no_coat": advise("You need no coat today."),
    "reserve": reserve,
    "charge": charge,
    "wrap": wrap,
    "debit": debit,
    "normalize": normalize,
    "summarize": summarize,
    "place": place,
}


def invoke(parameters, region, state_credentials):
    name = parameters["FunctionName"].rsplit(":function:")[-1].split(":")[0]
    try:
        reply = {"StatusCode": 200, "Payload": FUNCTIONS[name](json.loads(parameters["Payload"]))}
    except FunctionError as error:
        kind, message = error.args
        reply = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": {"errorType": kind, "errorMessage": message}}
    return reply


class NoSleep:
    """The module `time` as the retrier sees it."""

    def __getattr__(self, name):
        return getattr(time, name)

    @staticmethod
    def sleep(seconds):
        pass


lambda_eval_utils._invoke_lambda_function = invoke
retrier_decl.time = NoSleep()


def execute(program, event):
    now = datetime.datetime.now(tz=datetime.timezone.utc).isoformat()
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    execution = ExecutionData(Id=MACHINE.replace("stateMachine", "execution") + ":e", Input=event, Name="e", RoleArn=role, StartTime=now)
    environment = Environment(
        aws_execution_details=AWSExecutionDetails(account=ACCOUNT, region=REGION, role_arn=role),
        execution_type="STANDARD",
        context=ContextObjectData(Execution=execution, StateMachine=StateMachineData(Id=MACHINE, Name="m")),
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    program.eval(environment)
    state = environment.program_state()
    if isinstance(state, ProgramEnded):
        return environment.states.get_input()
    error = (state.error or {}) if isinstance(state, ProgramError) else {}
    return {"failed": error.get("error") or type(state).__name__, "why": error.get("cause")}


def main():
    folder, events_file, out_file = sys.argv[1:4]
    with open(os.path.join(folder, "machine.asl.json")) as file:
        definition = file.read().replace("\\\\{", "").replace("\\\\}", "")
    with open(events_file) as file:
        events = [json.loads(line) for line in file if line.strip()]
    parse = lambda: AmazonStateLanguageParser.parse(definition)[0]  # noqa: E731
    program = parse()
    outputs = []
    began = time.process_time()
    for event in events:
        outputs.append(execute(parse() if "--parse-each" in sys.argv else program, event))
    seconds = time.process_time() - began
    with open(out_file, "w") as out:
        out.writelines(json.dumps(output) + "\n" for output in outputs)
    print(json.dumps({"seconds": seconds, "events": len(events)}))
    sys.stdout.flush()
    # Threads that wait for something that will not come must not keep the process.
    os._exit(0)


main()
