"""Invokes an alias that leads to two versions, and prints where each invocation ran, before and after its weights move.

Arguments: the endpoint and the name of a function that answers with its Pod, its version and its variable VERSION; it is
published here, as version 1 with VERSION=one and as version 2 with VERSION=two.
"""

import json
import sys

import boto3

endpoint, name = sys.argv[1:]
lambda_ = boto3.client("lambda", endpoint_url=endpoint)


def publish(value):
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"VERSION": value}})
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
    return lambda_.publish_version(FunctionName=name)["Version"]


def weigh(weights):
    lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": weights})


def invoke():
    answer = lambda_.invoke(FunctionName=name, Qualifier="live")
    executed = answer["ExecutedVersion"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-executed-version"] == executed, answer
    return {"executed": executed} | json.load(answer["Payload"])


versions = [publish("one"), publish("two")]
assert versions == ["1", "2"], versions
lambda_.create_alias(
    FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
)
halves = [invoke() for _ in range(40)]
weigh({"2": 1.0})
second = [invoke() for _ in range(10)]
weigh({})
first = [invoke() for _ in range(10)]
print(json.dumps({"halves": halves, "second": second, "first": first}))
