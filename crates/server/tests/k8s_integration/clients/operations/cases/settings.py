"""What configures invocations: asynchronous ones, URLs, runtimes, recursion."""
from case import ALIAS, F, FUNCTION, HERE, MISSING, PER_TENANT, VERSION, no, ok

EVENTS = ("PutFunctionEventInvokeConfig", F | {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60})
URL = ("CreateFunctionUrlConfig", F | {"AuthType": "NONE"})
CONFIGURED = [FUNCTION, EVENTS]
SERVED = [FUNCTION, URL]
MANUAL = {"UpdateRuntimeOn": "Manual"}
BUCKET = {"OnSuccess": {"Destination": "arn:aws:dynamodb:us-east-1:ACCOUNT:table/t"}}
NOT_AN_ALIAS = F | {"Qualifier": "other"}

CASES = [
    ok("PutFunctionEventInvokeConfig", [FUNCTION], EVENTS[1], MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60),
    no("PutFunctionEventInvokeConfig", [FUNCTION], F, "InvalidParameterValue", "at least one"),
    no("PutFunctionEventInvokeConfig", [FUNCTION], F | {"DestinationConfig": BUCKET}, "InvalidParameterValue", "table/t"),
    no("PutFunctionEventInvokeConfig", [], MISSING | {"MaximumRetryAttempts": 1}, "ResourceNotFound", "function"),
    ok("UpdateFunctionEventInvokeConfig", CONFIGURED, F | {"MaximumRetryAttempts": 0}, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60),
    no("UpdateFunctionEventInvokeConfig", CONFIGURED, F | {"DestinationConfig": BUCKET}, "InvalidParameterValue", "table/t"),
    no("UpdateFunctionEventInvokeConfig", [FUNCTION], F | {"MaximumRetryAttempts": 0}, "ResourceNotFound", "EventInvokeConfig"),
    ok("GetFunctionEventInvokeConfig", CONFIGURED, F, MaximumRetryAttempts=1, FunctionArn=f"{HERE}:function:f:$LATEST"),
    no("GetFunctionEventInvokeConfig", [FUNCTION], F, "ResourceNotFound", "EventInvokeConfig"),
    ok("ListFunctionEventInvokeConfigs", CONFIGURED, F, FunctionEventInvokeConfigs=[{"MaximumRetryAttempts": 1}]),
    no("ListFunctionEventInvokeConfigs", [], MISSING, "ResourceNotFound", "function"),
    no("ListFunctionEventInvokeConfigs", [FUNCTION], F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("DeleteFunctionEventInvokeConfig", CONFIGURED, F),
    no("DeleteFunctionEventInvokeConfig", [FUNCTION], F, "ResourceNotFound", "EventInvokeConfig"),
    ok("CreateFunctionUrlConfig", [FUNCTION], URL[1] | {"Cors": {"AllowOrigins": ["*"]}}, AuthType="NONE", Cors={"AllowOrigins": ["*"]}),
    no("CreateFunctionUrlConfig", [PER_TENANT], URL[1], "InvalidParameterValue", "tenant isolation"),
    no("CreateFunctionUrlConfig", SERVED, URL[1], "ResourceConflict", "function:f"),
    no("CreateFunctionUrlConfig", [], MISSING | {"AuthType": "NONE"}, "ResourceNotFound", "Function does not exist"),
    no("CreateFunctionUrlConfig", [FUNCTION], NOT_AN_ALIAS | {"AuthType": "NONE"}, "ResourceNotFound", "does not exist"),
    ok("UpdateFunctionUrlConfig", SERVED, F | {"AuthType": "AWS_IAM"}, AuthType="AWS_IAM"),
    no("UpdateFunctionUrlConfig", [FUNCTION], F | {"AuthType": "AWS_IAM"}, "ResourceNotFound", "does not exist"),
    ok("GetFunctionUrlConfig", SERVED, F, FunctionArn=f"{HERE}:function:f"),
    no("GetFunctionUrlConfig", [FUNCTION], F, "ResourceNotFound", "does not exist"),
    ok("ListFunctionUrlConfigs", [FUNCTION, VERSION, ALIAS, URL, ("CreateFunctionUrlConfig", F | {"AuthType": "NONE", "Qualifier": "live"})], F, FunctionUrlConfigs=[{"FunctionArn": f"{HERE}:function:f"}, {"FunctionArn": f"{HERE}:function:f:live"}]),
    no("ListFunctionUrlConfigs", [], MISSING, "ResourceNotFound", "Function does not exist"),
    no("ListFunctionUrlConfigs", [FUNCTION], F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("DeleteFunctionUrlConfig", SERVED, F),
    no("DeleteFunctionUrlConfig", [FUNCTION], F, "ResourceNotFound", "does not exist"),
    ok("PutRuntimeManagementConfig", [FUNCTION], F | {"UpdateRuntimeOn": "FunctionUpdate"}, UpdateRuntimeOn="FunctionUpdate"),
    no("PutRuntimeManagementConfig", [FUNCTION], F | MANUAL, "InvalidParameterValue", "RuntimeVersionArn"),
    no("PutRuntimeManagementConfig", [], MISSING | {"UpdateRuntimeOn": "Auto"}, "ResourceNotFound", "function:missing"),
    ok("GetRuntimeManagementConfig", [FUNCTION], F, UpdateRuntimeOn="Auto"),
    no("GetRuntimeManagementConfig", [], MISSING, "ResourceNotFound", "function:missing"),
    ok("PutFunctionRecursionConfig", [FUNCTION], F | {"RecursiveLoop": "Allow"}, RecursiveLoop="Allow"),
    no("PutFunctionRecursionConfig", [], MISSING | {"RecursiveLoop": "Allow"}, "ResourceNotFound", "function:missing"),
    ok("GetFunctionRecursionConfig", [FUNCTION], F, RecursiveLoop="Terminate"),
    no("GetFunctionRecursionConfig", [], MISSING, "ResourceNotFound", "function:missing"),
]
