"""Event source mappings."""
from case import F, FUNCTION, HERE, MISSING, Got, no, ok

QUEUE = {"EventSourceArn": "arn:aws:sqs:us-east-1:ACCOUNT:queue"}
STREAM = {"EventSourceArn": "arn:aws:kinesis:us-east-1:ACCOUNT:stream/s"}
MAPPING = ("CreateEventSourceMapping", F | QUEUE)
MAPPED = [FUNCTION, MAPPING]
ID = {"UUID": Got("UUID")}
UNKNOWN = {"UUID": "00000000-0000-0000-0000-000000000000"}

CASES = [
    ok("CreateEventSourceMapping", [FUNCTION], MAPPING[1], BatchSize=10, State="Creating", FunctionArn=f"{HERE}:function:f"),
    ok("CreateEventSourceMapping", [FUNCTION], F | STREAM | {"StartingPosition": "LATEST"}, BatchSize=100, StartingPosition="LATEST"),
    no("CreateEventSourceMapping", MAPPED, MAPPING[1], "ResourceConflict", "UUID"),
    no("CreateEventSourceMapping", [FUNCTION], F | STREAM, "InvalidParameterValue", "startingPosition"),
    no("CreateEventSourceMapping", [FUNCTION], F | {"EventSourceArn": "arn:aws:s3:::bucket"}, "InvalidParameterValue", "source"),
    no("CreateEventSourceMapping", [], MISSING | QUEUE, "InvalidParameterValue", "Function does not exist"),
    no("CreateEventSourceMapping", [FUNCTION], MAPPING[1] | {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "InvalidParameterValue", "filter pattern"),
    ok("GetEventSourceMapping", MAPPED, ID, BatchSize=10, EventSourceArn="arn:aws:sqs:us-east-1:ACCOUNT:queue"),
    no("GetEventSourceMapping", [], UNKNOWN, "ResourceNotFound", "resource you requested does not exist"),
    ok("ListEventSourceMappings", MAPPED, F, EventSourceMappings=[{"BatchSize": 10}]),
    no("ListEventSourceMappings", MAPPED, F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("UpdateEventSourceMapping", MAPPED, ID | {"BatchSize": 5}, BatchSize=5, State="Updating"),
    no("UpdateEventSourceMapping", [], UNKNOWN | {"BatchSize": 5}, "ResourceNotFound", "resource you requested does not exist"),
    no("UpdateEventSourceMapping", MAPPED, ID | {"BatchSize": 11}, "InvalidParameterValue", "batch"),
    ok("DeleteEventSourceMapping", MAPPED, ID, State="Deleting"),
    no("DeleteEventSourceMapping", [], UNKNOWN, "ResourceNotFound", "resource you requested does not exist"),
]
