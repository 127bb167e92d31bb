"""A runtime of the standard library alone. The event says what it does: {"do": ..., ...}."""

import http.client
import json
import os
import signal
import sys
import time

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(API)


def call(method, path, body=None, headers={}):
    connection.request(method, "/2018-06-01/runtime" + path, body=body, headers=headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def answer(id, body, headers={}):
    status, _, text = call("POST", f"/invocation/{id}/response", body, headers)
    if status != 202:
        print("refused", status, text.decode(), flush=True)


def chunked(pieces, pause=None, trailers=""):
    for piece in pieces:
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        if pause:
            while not os.path.exists(pause):
                time.sleep(0.005)
    connection.send(b"0\r\n" + trailers.encode() + b"\r\n")


def stream(id, event):
    connection.putrequest("POST", f"/2018-06-01/runtime/invocation/{id}/response")
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", "text/plain")
    connection.endheaders()
    if event.get("die"):
        connection.send(b"3\r\none\r\n")
        os._exit(9)
    chunked([piece.encode() for piece in event["pieces"]], event.get("pause"), event.get("trailers", ""))
    connection.getresponse().read()


def handle(id, headers, event):
    do = event.get("do")
    if do == "echo":
        answer(id, json.dumps(event.get("value")).encode(), {"Content-Type": "application/json"})
    elif do == "headers":
        answer(id, json.dumps({name.lower(): value for name, value in headers.items()}).encode())
    elif do == "environment":
        answer(id, json.dumps({**os.environ, "pid": os.getpid()}).encode())
    elif do == "print":
        sys.stdout.write(event["text"])
        sys.stdout.flush()
        answer(id, b"null")
    elif do == "late":
        answer(id, b"null")
        print("behind the answer", flush=True)
    elif do == "raise":
        body = json.dumps({"errorMessage": "m", "errorType": "E"}).encode()
        call("POST", f"/invocation/{id}/error", body, {"Lambda-Runtime-Function-Error-Type": "Function.Error"})
    elif do == "exit":
        os._exit(event["status"])
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "sleep":
        time.sleep(event["seconds"])
    elif do == "large":
        answer(id, b"x" * event["bytes"])
    elif do == "stream":
        stream(id, event)
    elif do == "eval":
        answer(id, json.dumps(eval(event["code"])).encode())


if os.environ.get("INIT") == "error":
    body = json.dumps({"errorMessage": "no module", "errorType": "Runtime.ImportModuleError"}).encode()
    call("POST", "/init/error", body, {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"})
    sys.exit(1)
if os.environ.get("INIT") == "exit":
    sys.exit(7)

while True:
    status, headers, event = call("GET", "/invocation/next")
    handle(headers["Lambda-Runtime-Aws-Request-Id"], headers, json.loads(event))
