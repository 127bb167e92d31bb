"""Makes an SQS queue, or prints the bodies of the messages in it as a list in JSON, and removes them.

Usage: sqs_queue.py ENDPOINT NAME make|take
"""
import json
import sys

import boto3

endpoint, name, what = sys.argv[1:]
sqs = boto3.client("sqs", endpoint_url=endpoint)
url = sqs.create_queue(QueueName=name)["QueueUrl"]
bodies = []
while what == "take" and (messages := sqs.receive_message(QueueUrl=url).get("Messages")):
    for message in messages:
        bodies.append(json.loads(message["Body"]))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
print(json.dumps(bodies))
