"""Makes a function URL that wants signatures and has a Cors, calls it, and prints what came back as one JSON object.

Usage: function_url.py ENDPOINT FUNCTION, a function that answers with the body that it got.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

PAGE = "https://page.example"
BINARY = bytes(range(256)) * 64

endpoint, function = sys.argv[1:]
session = boto3.Session()
region = session.region_name
cors = {"AllowOrigins": [PAGE], "AllowMethods": ["PUT"], "ExposeHeaders": ["x-caller"]}
url = session.client("lambda", endpoint_url=endpoint).create_function_url_config(
    FunctionName=function, AuthType="AWS_IAM", Cors=cors
)["FunctionUrl"]
identifier = url.rstrip("/").rsplit("/", 1)[1]
by_path = (urlsplit(url).netloc, urlsplit(url).path)
by_host = (f"{identifier}.lambda-url.{region}.fakecloud.example:4566", "/")


def call(method, address, *, headers=None, body=None, signed=False):
    host, path = address
    request = AWSRequest(method, f"http://{host}{path}", headers={"Host": host, **(headers or {})}, data=body)
    if signed:
        SigV4Auth(session.get_credentials(), "lambda", region).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=90)
    connection.request(method, path, body=body, headers=dict(request.headers))
    answer = connection.getresponse()
    body = answer.read()
    return {
        "status": answer.status,
        "same": body == BINARY,
        "caller": answer.headers.get("x-caller"),
        "origins": sorted(answer.headers.get_all("access-control-allow-origin") or []),
        "methods": answer.headers.get("access-control-allow-methods"),
        "exposed": answer.headers.get("access-control-expose-headers"),
    }


origin = {"Origin": PAGE}
print(json.dumps({
    "preflight": call("OPTIONS", by_path, headers={**origin, "Access-Control-Request-Method": "PUT"}),
    "unsigned": call("PUT", by_path, headers=origin, body=BINARY),
    "signed": call("PUT", by_path, headers=origin, body=BINARY, signed=True),
    "by_host": call("PUT", by_host, body=BINARY, signed=True),
    "preflight_by_host": call("OPTIONS", by_host, headers={**origin, "Access-Control-Request-Method": "PUT"}),
}))
