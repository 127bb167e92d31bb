"""Creates a function, invokes it cold and warm, and prints what boto3 made of the answers as one JSON object.

Usage: boto3_client.py ENDPOINT FUNCTION RUNTIME HANDLER ZIP
"""
import json
import sys

import boto3

endpoint, function, runtime, handler, archive = sys.argv[1:]
client = boto3.client("lambda", endpoint_url=endpoint)


def invoke(payload):
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload))
    return {
        "status": answer["StatusCode"],
        "version": answer["ExecutedVersion"],
        "error": answer.get("FunctionError"),
        "payload": json.load(answer["Payload"]),
    }


def missing():
    try:
        client.get_function(FunctionName=function + "-missing")
    except client.exceptions.ResourceNotFoundException as error:
        return error.response["Error"]["Code"]


with open(archive, "rb") as code:
    created = client.create_function(
        FunctionName=function,
        Runtime=runtime,
        Handler=handler,
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": code.read()},
        Timeout=30,
    )
client.get_waiter("function_active_v2").wait(FunctionName=function)
report = {
    "arn": created["FunctionArn"],
    "cold": invoke({"call": "cold"}),
    "warm": invoke({"call": "warm"}),
    "listed": [each["FunctionName"] for each in client.list_functions()["Functions"]],
    "missing": missing(),
}
client.delete_function(FunctionName=function)
json.dump(report, sys.stdout)
