"""Creates and invokes a function over HTTPS, trusting the certificate that fakecloud gives for that.

Usage: https.py HTTP_ENDPOINT ZIP CA_FILE
"""
import ssl
import sys
import urllib.request

import boto3
from botocore.exceptions import SSLError

endpoint, archive, authority = sys.argv[1:]
secure = endpoint.replace("http://", "https://")
with urllib.request.urlopen(endpoint + "/_fakecloud/tls/ca.crt") as answer, open(authority, "wb") as file:
    file.write(answer.read())
with open(archive, "rb") as file:
    code = file.read()

try:
    boto3.client("lambda", endpoint_url=secure).list_functions()
    sys.exit("a client that was not told whom to trust trusts fakecloud")
except SSLError:
    pass

client = boto3.client("lambda", endpoint_url=secure, verify=authority)
client.create_function(
    FunctionName="secure",
    Runtime="python3.12",
    Handler="app.handler",
    Role="arn:aws:iam::000000000000:role/any",
    Code={"ZipFile": code},
)
client.get_waiter("function_active_v2").wait(FunctionName="secure")
answer = client.invoke(FunctionName="secure", Payload=b'{"call": 1}')
assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
assert b'"call": 1' in answer["Payload"].read()

location = client.get_function(FunctionName="secure")["Code"]["Location"]
assert location.startswith(secure), location
trusting = ssl.create_default_context(cafile=authority)
with urllib.request.urlopen(location, context=trusting) as download:
    assert download.read() == code
