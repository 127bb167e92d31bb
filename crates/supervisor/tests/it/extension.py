import http.client, http.server, json, os, threading

seen = open(SEEN, "a", buffering=1)


class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for item in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            seen.write(f"telemetry {item['type']} {item['record']}\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Telemetry)
threading.Thread(target=server.serve_forever, daemon=True).start()

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def call(method, path, body, headers):
    connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
    response = connection.getresponse()
    return response.headers, response.read()


headers, _ = call("POST", "/2020-01-01/extension/register", {"events": ["INVOKE", "SHUTDOWN"]}, {"Lambda-Extension-Name": os.path.basename(__file__)})
identifier = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
subscription = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_port}"},
}
call("PUT", "/2022-07-01/telemetry", subscription, identifier)
while True:
    _, event = call("GET", "/2020-01-01/extension/event/next", None, identifier)
    kind = json.loads(event)["eventType"]
    seen.write(kind + "\n")
    if kind == "SHUTDOWN":
        # The last batches are on their way.
        server.shutdown()
        break
