"""Tells the witness its event, and answers after as many seconds as the event says."""
import os, socket, time

def handler(event, context):
    host, port = os.environ["WITNESS"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as witness:
        witness.sendall(f"{event['name']}\n".encode())
    time.sleep(event["seconds"])
    return {"pod": socket.gethostname(), "name": event["name"]}
