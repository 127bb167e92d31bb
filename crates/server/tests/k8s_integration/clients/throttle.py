"""Invokes a function beyond a limit and prints what boto3 makes of the answer.

Arguments: the endpoint, the name of a function that sleeps for its event's "sleep" in seconds, and the limit:
`reservation`, which this makes one of 1, or `queue`, with one Pod and one place in it.
"""

import json
import sys
import threading
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, name, limit = sys.argv[1:]


def client():
    return boto3.client("lambda", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))


def invoke(seconds):
    return client().invoke(FunctionName=name, Payload=json.dumps({"sleep": seconds}))


def pool():
    with urllib.request.urlopen(f"{endpoint}/_fakecloud/lambda/pool") as answer:
        return json.load(answer)


def invoke_until(seconds, seen):
    """Invokes beside what follows, once it is seen in the pool."""
    thread = threading.Thread(target=lambda: statuses.append(invoke(seconds)["StatusCode"]))
    thread.start()
    while not seen(pool()):
        assert thread.is_alive(), "it ended before it was seen"
    return thread


invoke(0)
statuses = []
if limit == "reservation":
    client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
others = [invoke_until(5, lambda pool: any(instance["state"] == "busy" for instance in pool["instances"]))]
if limit == "queue":
    others.append(invoke_until(0, lambda pool: pool["waiting"] == 1))
try:
    invoke(0)
    sys.exit("it was not throttled")
except ClientError as error:
    throttled = error.response
for other in others:
    other.join()
headers = throttled["ResponseMetadata"]["HTTPHeaders"]
print(
    json.dumps(
        {
            "code": throttled["Error"]["Code"],
            "message": throttled["Error"]["Message"],
            "status": throttled["ResponseMetadata"]["HTTPStatusCode"],
            "reason": throttled["Reason"],
            "retry_after": headers["retry-after"],
            "others": statuses,
            "afterwards": invoke(0)["StatusCode"],
        }
    )
)
