"""Invokes functions asynchronously, compares what each kind of destination gets with what AWS sends, and prints `done`.

The retries of fakecloud must be short: its minutes would be this program's.

Usage: events.py ENDPOINT
"""
import io
import json
import re
import sys
import time
import zipfile

import boto3

(endpoint,) = sys.argv[1:]
sqs, sns, events, s3, functions = (
    boto3.client(name, endpoint_url=endpoint) for name in ("sqs", "sns", "events", "s3", "lambda")
)

HANDLER = """
import time

def handler(event, context):
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        raise ValueError("asked to")
    return {"seen": event, "id": context.aws_request_id}
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WAIT_S = 60


def eventually(what, probe):
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {WAIT_S} s in vain for {what}")


def equal(what, found, expected):
    assert found == expected, f"{what}:\n  found    {json.dumps(found)}\n  expected {json.dumps(expected)}"


class Queue:
    def __init__(self, name):
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def receive(self):
        """The next message, which is gone then."""

        def probe():
            received = sqs.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"])
            return received.get("Messages")

        (message,) = eventually(f"a message in {self.url}", probe)
        sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return message

    def is_empty(self):
        return "Messages" not in sqs.receive_message(QueueUrl=self.url)


def create(name, timeout=30, **members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", HANDLER)
    created = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": out.getvalue()},
        Timeout=timeout,
        **members,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return created["FunctionArn"]


def send(name, payload, **where):
    answer = functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(payload), **where)
    equal("the answer to an event", (answer["StatusCode"], answer["Payload"].read()), (202, b""))
    return answer["ResponseMetadata"]["RequestId"]


def destinations(name, qualifier="$LATEST", **config):
    on = {key: {"Destination": config.pop(key)} for key in ("OnSuccess", "OnFailure") if key in config}
    functions.put_function_event_invoke_config(
        FunctionName=name, Qualifier=qualifier, DestinationConfig=on, **config
    )


def record(arn, request_id, condition, count, payload, response):
    """What AWS sends, but for the time and the stack trace."""
    return {
        "version": "1.0",
        "timestamp": "",
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": count,
        },
        "requestPayload": payload,
    } | response


def success(payload, request_id, version="$LATEST"):
    return {
        "responseContext": {"statusCode": 200, "executedVersion": version},
        "responsePayload": {"seen": payload, "id": request_id},
    }


def failure(request_id):
    error = {"errorMessage": "asked to", "errorType": "ValueError", "requestId": request_id, "stackTrace": []}
    return {
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": error,
    }


def told(text):
    """A record as it was sent, without what differs from run to run."""
    found = json.loads(text)
    assert TIME.fullmatch(found["timestamp"]), found["timestamp"]
    found["timestamp"] = ""
    if found.get("responsePayload", {}).get("stackTrace"):
        assert "app.py" in found["responsePayload"]["stackTrace"][0], found
        found["responsePayload"]["stackTrace"] = []
    return found


def queue_and_dead_letters():
    queue, letters = Queue("told"), Queue("letters")
    arn = create("worker", DeadLetterConfig={"TargetArn": letters.arn})
    destinations("worker", OnSuccess=queue.arn, OnFailure=queue.arn)
    request_id = send("worker", {"n": 1})
    message = queue.receive()
    expected = record(f"{arn}:$LATEST", request_id, "Success", 1, {"n": 1}, success({"n": 1}, request_id))
    equal("a success", told(message["Body"]), expected)
    assert letters.is_empty(), "a success is no dead letter"

    request_id = send("worker", {"fail": True})
    expected = record(f"{arn}:$LATEST", request_id, "RetriesExhausted", 3, {"fail": True}, failure(request_id))
    equal("a failure after two retries", told(queue.receive()["Body"]), expected)
    letter = letters.receive()
    equal("a dead letter", json.loads(letter["Body"]), {"fail": True})
    attributes = {name: (value["DataType"], value["StringValue"]) for name, value in letter["MessageAttributes"].items()}
    expected = {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "asked to"),
    }
    equal("the attributes of a dead letter", attributes, expected)
    assert queue.is_empty() and letters.is_empty(), "each is told once"

    functions.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)
    request_id = send("worker", {"n": 2})
    expected = record(f"{arn}:$LATEST", request_id, "ZeroReservedConcurrency", 0, {"n": 2}, {})
    equal("an event that may not run", told(queue.receive()["Body"]), expected)
    equal("its dead letter", json.loads(letters.receive()["Body"]), {"n": 2})
    functions.delete_function_concurrency(FunctionName="worker")


def topic():
    queue = Queue("subscribed")
    arn = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn)
    destinations("worker", MaximumRetryAttempts=0, OnFailure=arn)
    functions.update_function_configuration(FunctionName="worker", DeadLetterConfig={"TargetArn": arn})
    request_id = send("worker", {"fail": True})
    notifications = [json.loads(queue.receive()["Body"]) for _ in range(2)]
    notifications.sort(key=lambda one: len(one["Message"]))
    letter, notification = notifications
    source = functions.get_function_configuration(FunctionName="worker")["FunctionArn"] + ":$LATEST"
    expected = record(source, request_id, "RetriesExhausted", 1, {"fail": True}, failure(request_id))
    equal("a record in a topic", told(notification["Message"]), expected)
    equal("a dead letter in a topic", json.loads(letter["Message"]), {"fail": True})
    equal("its error", letter["MessageAttributes"]["ErrorMessage"], {"Type": "String", "Value": "asked to"})
    functions.update_function_configuration(FunctionName="worker", DeadLetterConfig={"TargetArn": ""})


def bus():
    queue = Queue("ruled")
    arn = events.create_event_bus(Name="told")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="told", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="all", EventBusName="told", Targets=[{"Id": "queue", "Arn": queue.arn}])
    source = functions.get_function_configuration(FunctionName="worker")["FunctionArn"] + ":$LATEST"
    destinations("worker", MaximumRetryAttempts=0, OnSuccess=arn, OnFailure=arn)
    for payload, condition, outcome in [({"n": 3}, "Success", "Success"), ({"fail": True}, "RetriesExhausted", "Failure")]:
        request_id = send("worker", payload)
        event = json.loads(queue.receive()["Body"])
        kind = f"Lambda Function Invocation Result - {outcome}"
        found = [event[key] for key in ("source", "detail-type", "resources")]
        equal("an event of a bus", found, ["lambda", kind, [source, arn]])
        response = success(payload, request_id) if outcome == "Success" else failure(request_id)
        expected = record(source, request_id, condition, 1, payload, response)
        equal("its detail", told(json.dumps(event["detail"])), expected)


def bucket():
    s3.create_bucket(Bucket="told")
    destinations("worker", MaximumRetryAttempts=0, OnFailure="arn:aws:s3:::told")
    request_id = send("worker", {"fail": True})
    (entry,) = eventually("an object", lambda: s3.list_objects_v2(Bucket="told").get("Contents"))
    day = time.strftime("%Y/%m/%d/%Y-%m-%dT", time.gmtime())
    key = rf"aws/lambda/async/worker/{day}\d\d\.\d\d\.\d\d-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
    assert re.fullmatch(key, entry["Key"]), entry["Key"]
    source = functions.get_function_configuration(FunctionName="worker")["FunctionArn"] + ":$LATEST"
    expected = record(source, request_id, "RetriesExhausted", 1, {"fail": True}, failure(request_id))
    body = s3.get_object(Bucket="told", Key=entry["Key"])["Body"].read()
    equal("an object", told(body), expected)


def chain():
    """An alias tells a function, which tells a queue."""
    queue = Queue("end")
    functions.publish_version(FunctionName="worker")
    functions.create_alias(FunctionName="worker", Name="live", FunctionVersion="1")
    worker = functions.get_function_configuration(FunctionName="worker")["FunctionArn"]
    follower = create("follower")
    destinations("worker", qualifier="live", OnSuccess=follower)
    destinations("follower", OnSuccess=queue.arn)
    request_id = send("worker", {"n": 4}, Qualifier="live")
    found = json.loads(queue.receive()["Body"])
    equal("the end of a chain", found["requestContext"]["functionArn"], f"{follower}:$LATEST")
    assert found["requestContext"]["requestId"] != request_id, "each link has an id of its own"
    expected = record(f"{worker}:live", request_id, "Success", 1, {"n": 4}, success({"n": 4}, request_id, "1"))
    equal("its beginning", told(json.dumps(found["requestPayload"])), expected)


def too_old():
    """Sends an event that nothing can run within its age, the shortest there is; gives what proves it in the end."""
    queue = Queue("too-old")
    arn = create("occupied", timeout=90)
    destinations("occupied", MaximumEventAgeInSeconds=60, OnSuccess=queue.arn, OnFailure=queue.arn)
    functions.put_function_concurrency(FunctionName="occupied", ReservedConcurrentExecutions=1)
    occupying = send("occupied", {"sleep": 64})
    began = time.monotonic()
    old = send("occupied", {"n": 5})

    def proof():
        found = told(queue.receive()["Body"])
        equal("the age of what was given up", time.monotonic() - began >= 60, True)
        expected = {
            "requestId": old,
            "functionArn": f"{arn}:$LATEST",
            "condition": "EventAgeExceeded",
            "approximateInvokeCount": 0,
        }
        equal("an event that is too old", (found["requestContext"], found["requestPayload"]), (expected, {"n": 5}))
        found = told(queue.receive()["Body"])["requestContext"]
        equal("what runs may end", (found["requestId"], found["condition"]), (occupying, "Success"))

    return proof


proof_of_age = too_old()
queue_and_dead_letters()
topic()
bus()
bucket()
chain()
proof_of_age()
print("done")
