"""Answers with the Pod it runs in, how many events that Pod has seen, and the event."""
import socket

count = 0


def handler(event, context):
    global count
    count += 1
    return {"pod": socket.gethostname(), "count": count, "event": event}
