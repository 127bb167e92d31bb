"""Invokes a function beyond its reservation of one and prints what boto3 makes of the answer.

Arguments: the endpoint and the name of a function that sleeps for its event's "sleep" in seconds.
"""

import json
import sys
import threading
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, name = sys.argv[1:]


def client():
    return boto3.client("lambda", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))


def invoke(seconds):
    return client().invoke(FunctionName=name, Payload=json.dumps({"sleep": seconds}))


def instances():
    with urllib.request.urlopen(f"{endpoint}/_fakecloud/lambda/pool") as answer:
        return json.load(answer)["instances"]


invoke(0)
client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
statuses = []
busy = threading.Thread(target=lambda: statuses.append(invoke(5)["StatusCode"]))
busy.start()
while not any(instance["state"] == "busy" for instance in instances()):
    assert busy.is_alive(), "it ended before it was seen to run"
try:
    invoke(0)
    sys.exit("two ran at once")
except ClientError as error:
    throttled = error.response
busy.join()
headers = throttled["ResponseMetadata"]["HTTPHeaders"]
print(
    json.dumps(
        {
            "code": throttled["Error"]["Code"],
            "message": throttled["Error"]["Message"],
            "status": throttled["ResponseMetadata"]["HTTPStatusCode"],
            "reason": throttled["Reason"],
            "retry_after": headers["retry-after"],
            "busy": statuses[0],
            "afterwards": invoke(0)["StatusCode"],
        }
    )
)
