"""Sleeps for its event's `sleep` in seconds, and says where and how often it ran before."""
import socket, time

runs = 0

def handler(event, context):
    global runs
    runs += 1
    time.sleep(event.get("sleep", 0))
    return {"pod": socket.gethostname(), "run": runs}
