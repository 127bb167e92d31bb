"""Invokes a function with its response streamed, and prints what boto3 made of the answers as one JSON object.

Usage: boto3_streaming.py ENDPOINT FUNCTION
"""
import json
import sys

import boto3

endpoint, function = sys.argv[1:]
client = boto3.client("lambda", endpoint_url=endpoint)


def invoke(event, **more):
    answer = client.invoke_with_response_stream(FunctionName=function, Payload=json.dumps(event), **more)
    report = {
        "status": answer["StatusCode"],
        "version": answer["ExecutedVersion"],
        "type": answer["ResponseStreamContentType"],
        "payload": "",
        "ends": [],
    }
    for event in answer["EventStream"]:
        if "PayloadChunk" in event:
            report["payload"] += event["PayloadChunk"]["Payload"].decode()
        if "InvokeComplete" in event:
            report["ends"].append(event["InvokeComplete"])
    return report


def missing():
    try:
        client.invoke_with_response_stream(FunctionName=function + "-missing")
    except client.exceptions.ResourceNotFoundException as error:
        return error.response["Error"]["Code"]


print(json.dumps({"success": invoke({"n": 1}), "failure": invoke({"fail": "no"}), "missing": missing()}))
