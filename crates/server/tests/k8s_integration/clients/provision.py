"""Publishes a version, provisions it and prints the configuration once it is READY or FAILED.

Arguments: the endpoint, the name of a function, and how many environments are to be ready.
"""

import json
import sys
import time

import boto3

endpoint, name, count = sys.argv[1:]
client = boto3.client("lambda", endpoint_url=endpoint)
version = client.publish_version(FunctionName=name)["Version"]
target = {"FunctionName": name, "Qualifier": version}
put = client.put_provisioned_concurrency_config(**target, ProvisionedConcurrentExecutions=int(count))
deadline = time.monotonic() + 60
while True:
    config = client.get_provisioned_concurrency_config(**target)
    if config["Status"] != "IN_PROGRESS" or time.monotonic() > deadline:
        break
    time.sleep(0.2)
figures = ["Requested", "Allocated", "Available"]
print(
    json.dumps(
        {
            "put": put["Status"],
            "status": config["Status"],
            "reason": config.get("StatusReason"),
            "figures": [config[f"{figure}ProvisionedConcurrentExecutions"] for figure in figures],
        }
    )
)
