"""Invokes a function in the ways of Invoke and InvokeAsync and up to the limits of payloads, and prints `done`.

Usage: invocations.py ENDPOINT
"""
import base64
import io
import json
import sys
import time
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

(endpoint,) = sys.argv[1:]
functions = boto3.client("lambda", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))

# The limits, in bytes, of what is sent and waited for, sent as an event, sent by InvokeAsync, and answered.
SENT_MAX, EVENT_MAX, ASYNC_MAX, ANSWERED_MAX = 6_291_456, 1_048_576, 262_144, 6_291_556
WAIT_S = 60

HANDLER = """
def handler(event, context):
    if isinstance(event, str):
        return len(event)
    if "answer" in event:
        return "x" * event["answer"]
    client = context.client_context
    return {"id": context.aws_request_id, "client": client and {"custom": client.custom, "env": client.env}}
"""


def equal(what, found, expected):
    assert found == expected, f"{what}: found {str(found)[:500]}, expected {str(expected)[:500]}"


def text(length):
    """A JSON text of so many bytes."""
    return json.dumps("x" * (length - 2))


def create(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", HANDLER)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": out.getvalue()},
        Timeout=30,
        MemorySize=512,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def refused(call, **request):
    try:
        call(FunctionName="any", **request)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError("it was not refused")


def listed(source):
    """The payload sizes and ends of what ran, or runs."""
    with urllib.request.urlopen(f"{endpoint}/_fakecloud/lambda/invocations") as answer:
        invocations = json.load(answer)["invocations"]
    return [(len(one["payload"]), one["status"]) for one in invocations if one["source"] == source]


def client_context():
    context = {"custom": {"colour": "blue"}, "env": {"locale": "de"}, "client": {"app_title": "any"}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    answer = functions.invoke(FunctionName="any", ClientContext=encoded, Payload="{}")
    expected = {
        "id": answer["ResponseMetadata"]["RequestId"],
        "client": {"custom": {"colour": "blue"}, "env": {"locale": "de"}},
    }
    equal("what the handler sees", json.load(answer["Payload"]), expected)
    answer = functions.invoke(FunctionName="any", Payload="{}")
    equal("the next caller's", json.load(answer["Payload"])["client"], None)


def dry_run():
    before = len(listed("invoke"))
    answer = functions.invoke(FunctionName="any", InvocationType="DryRun")
    equal("a dry run", (answer["StatusCode"], len(listed("invoke"))), (204, before))


def payloads_that_are_waited_for():
    answer = functions.invoke(FunctionName="any", Payload=text(SENT_MAX))
    equal("the largest payload", (answer.get("FunctionError"), answer["Payload"].read()), (None, b"%d" % (SENT_MAX - 2)))
    equal("one byte more", refused(functions.invoke, Payload=text(SENT_MAX + 1)), (413, "RequestEntityTooLargeException"))

    answer = functions.invoke(FunctionName="any", Payload=json.dumps({"answer": ANSWERED_MAX - 2}))
    equal("the largest answer", (answer.get("FunctionError"), len(answer["Payload"].read())), (None, ANSWERED_MAX))
    answer = functions.invoke(FunctionName="any", Payload=json.dumps({"answer": ANSWERED_MAX - 1}))
    error = json.load(answer["Payload"])
    equal("one byte more", (answer["FunctionError"], error["errorType"]), ("Unhandled", "Function.ResponseSizeTooLarge"))


def events():
    answer = functions.invoke_async(FunctionName="any", InvokeArgs=text(ASYNC_MAX))
    equal("InvokeAsync", answer["Status"], 202)
    equal("one byte more", refused(functions.invoke_async, InvokeArgs=text(ASYNC_MAX + 1))[0], 413)
    answer = functions.invoke(FunctionName="any", InvocationType="Event", Payload=text(EVENT_MAX))
    equal("the largest event", answer["StatusCode"], 202)
    more = refused(functions.invoke, InvocationType="Event", Payload=text(EVENT_MAX + 1))
    equal("one byte more", more, (413, "RequestEntityTooLargeException"))
    deadline = time.monotonic() + WAIT_S
    while sorted(listed("event")) != [(ASYNC_MAX, "succeeded"), (EVENT_MAX, "succeeded")]:
        assert time.monotonic() < deadline, f"they have not run: {listed('event')}"
        time.sleep(0.2)


create("any")
client_context()
dry_run()
events()
payloads_that_are_waited_for()
print("done")
