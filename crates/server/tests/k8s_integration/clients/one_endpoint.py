"""Uses S3, SQS, STS and Lambda at one endpoint, and prints `done` when all of it is as it should be.

Code and a layer lie in S3; the function uses S3 at the endpoint that its environment names, through an SDK in the layer.

Usage: one_endpoint.py ENDPOINT
"""
import base64
import hashlib
import io
import json
import os
import pathlib
import sys
import urllib.request
import zipfile

import boto3
from botocore.exceptions import ClientError

(endpoint,) = sys.argv[1:]
s3, sqs, sts, functions = (boto3.client(name, endpoint_url=endpoint) for name in ("s3", "sqs", "sts", "lambda"))

HANDLER = """
import boto3, os

def handler(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=event["bucket"], Key="from/the pod", Body=b"VERSION")
    names = [function["FunctionName"] for function in boto3.client("lambda").list_functions()["Functions"]]
    return {"version": "VERSION", "endpoint": os.environ["AWS_ENDPOINT_URL"], "functions": names}
"""

# What botocore reads of its data for any client, and the services that the function uses.
DATA = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "lambda", "s3")


def zipped(files):
    """The same files give the same archive, whatever the time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def code(version):
    return zipped([("app.py", HANDLER.replace("VERSION", version))])


def sdk():
    """The files of boto3 and what it needs, as a layer has them."""
    root = pathlib.Path(boto3.__file__).parent.parent
    for package in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"):
        path = root / package
        for file in [path] if path.is_file() else path.rglob("*"):
            name = file.relative_to(root)
            if not file.is_file() or file.suffix == ".pyc":
                continue
            if name.parts[:2] == ("botocore", "data") and name.parts[2] not in DATA:
                continue
            yield f"python/{name}", file.read_bytes()


def sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def refused(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("the call succeeded")


def invoked():
    functions.get_waiter("function_updated_v2").wait(FunctionName="writer")
    answer = functions.invoke(FunctionName="writer", Payload=json.dumps({"bucket": "code"}))
    payload = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    return payload


# The other services, through the same door.
s3.create_bucket(Bucket="code")
s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
large = os.urandom(12_000_000)
s3.upload_fileobj(io.BytesIO(large), "code", "large object")
assert s3.head_object(Bucket="code", Key="large object")["ContentLength"] == len(large)
assert s3.get_object(Bucket="code", Key="large object")["Body"].read() == large
assert s3.get_object(Bucket="code", Key="large object", Range="bytes=7-11")["Body"].read() == large[7:12]
queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
assert queue.startswith(endpoint), queue
sqs.send_message(QueueUrl=queue, MessageBody="hello")
assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"] == "hello"
assert sts.get_caller_identity()["Account"], "an account"
assert refused(s3.get_object, Bucket="code", Key="missing")[0] == "NoSuchKey"

# Code and a layer in S3.
first = s3.put_object(Bucket="code", Key="a/writer.zip", Body=code("one"))["VersionId"]
s3.put_object(Bucket="code", Key="a/writer.zip", Body=code("two"))
s3.put_object(Bucket="code", Key="sdk.zip", Body=zipped(sdk()))
layer = functions.publish_layer_version(LayerName="sdk", Content={"S3Bucket": "code", "S3Key": "sdk.zip"})
assert layer["Content"]["CodeSize"] == s3.head_object(Bucket="code", Key="sdk.zip")["ContentLength"], layer
created = functions.create_function(
    FunctionName="writer",
    Runtime="python3.12",
    Handler="app.handler",
    Role="arn:aws:iam::000000000000:role/any",
    Timeout=60,
    MemorySize=256,
    Layers=[layer["LayerVersionArn"]],
    Code={"S3Bucket": "code", "S3Key": "a/writer.zip", "S3ObjectVersion": first},
)
assert created["CodeSha256"] == sha256(code("one")), created
functions.get_waiter("function_active_v2").wait(FunctionName="writer")
returned = invoked()
assert returned["version"] == "one" and returned["functions"] == ["writer"], returned
assert s3.get_object(Bucket="code", Key="from/the pod")["Body"].read() == b"one"

updated = functions.update_function_code(FunctionName="writer", S3Bucket="code", S3Key="a/writer.zip")
assert updated["CodeSha256"] == sha256(code("two")), updated
assert invoked()["version"] == "two"
assert s3.get_object(Bucket="code", Key="from/the pod")["Body"].read() == b"two"

# Where the API says the archives are.
for content, location in [
    (code("two"), functions.get_function(FunctionName="writer")["Code"]["Location"]),
    (zipped(sdk()), functions.get_layer_version(LayerName="sdk", VersionNumber=1)["Content"]["Location"]),
]:
    assert location.startswith(endpoint), location
    assert urllib.request.urlopen(location).read() == content

missing = refused(functions.update_function_code, FunctionName="writer", S3Bucket="code", S3Key="missing")
assert missing == (
    "InvalidParameterValueException",
    "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
), missing
print("done")
