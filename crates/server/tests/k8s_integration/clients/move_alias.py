"""Moves an alias with provisioned concurrency to another version while it is invoked, and prints who answered.

Arguments: the endpoint, and the name of a function.
"""

import json
import sys
import time

import boto3

endpoint, name = sys.argv[1:]
client = boto3.client("lambda", endpoint_url=endpoint)
function = {"FunctionName": name}
live = function | {"Name": "live"}
deadline = time.monotonic() + 120
answers = []


def wait_for(done):
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def invoke():
    answer = client.invoke(**function, Qualifier="live", Payload=b"{}")
    error = answer.get("FunctionError")
    answers.append([answer["ExecutedVersion"], error, json.load(answer["Payload"])])


def is_moving():
    assert time.monotonic() < deadline
    return "RoutingConfig" in client.get_alias(**live)


def status():
    return client.get_provisioned_concurrency_config(**function, Qualifier="live")["Status"]


client.publish_version(**function)
client.create_alias(**live, FunctionVersion="1")
client.put_provisioned_concurrency_config(**function, Qualifier="live", ProvisionedConcurrentExecutions=1)
wait_for(lambda: status() == "READY")
client.update_function_configuration(**function, Environment={"Variables": {"CHANGED": "yes"}})
client.get_waiter("function_updated_v2").wait(**function)
client.publish_version(**function)
invoke()
moved = client.update_alias(**live, FunctionVersion="2")
while is_moving():
    invoke()
invoke()
print(json.dumps({"weights": moved["RoutingConfig"]["AdditionalVersionWeights"], "status": status(), "answers": answers}))
