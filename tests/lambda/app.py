"""A function for Python as it would be deployed: it does what its event says."""

import os
import time

CALLS = 0


class DoublesRolled(Exception):
    pass


def act(event, context):
    global CALLS
    CALLS += 1
    what = event.get("do")
    print("act", what)
    if what == "raise":
        raise DoublesRolled("six and six")
    if what == "die":
        os._exit(3)
    if what == "hang":
        time.sleep(3600)
    if what == "tell":
        client = context.client_context
        return {
            "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "function": context.function_name,
            "in_time": 0 < context.get_remaining_time_in_millis() <= 900_000,
            "client": client.custom if client else None,
            "region": os.environ["AWS_REGION"],
            "root": os.path.basename(os.environ["LAMBDA_TASK_ROOT"]),
            "handler": os.environ["_HANDLER"],
        }
    if what == "nothing":
        return None
    if what == "large":
        return "x" * 7_000_000
    return {"got": event, "text": "grüß Gott"}


def count(event, context):
    return CALLS
