"""Functions: their code and configuration, their tags, and invocations that need no Pod."""
from case import F, FUNCTION, HERE, MISSING, ROLE, STALE, VERSION, ALIAS, archive, create_function, no, ok

OTHER_CODE = archive("def handler(event, context): return 1")
NO_TAGS = f"{HERE}:function:missing"
# What is asked of a function that may not run waits.
NO_POD = ("PutFunctionConcurrency", F | {"ReservedConcurrentExecutions": 0})
REPOSITORY = "000000000000.dkr.ecr.us-east-1.amazonaws.com/missing"


def image_function(uri):
    """What CreateFunction takes for a function from an image."""
    return {"FunctionName": "f", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": uri}}


CASES = [
    ok("CreateFunction", [], FUNCTION[1], State="Pending", StateReasonCode="Creating", Version="$LATEST"),
    ok("CreateFunction", [], create_function(Publish=True)[1], Version="1"),
    ok("CreateFunction", [], image_function("registry.example/i:1"), PackageType="Image"),
    no("CreateFunction", [], image_function(f"{REPOSITORY}:v1"), "InvalidParameterValue", f"Source image {REPOSITORY}:v1 does not exist. Provide a valid source image."),
    no("CreateFunction", [], image_function(REPOSITORY), "InvalidParameterValue", f"Source image {REPOSITORY} is not valid. Provide a valid source image."),
    no("CreateFunction", [FUNCTION], FUNCTION[1], "ResourceConflict", "Function already exist: f"),
    no("CreateFunction", [], create_function(Runtime="python9")[1], "InvalidParameterValue", "Value python9 at 'runtime'"),
    no("CreateFunction", [], create_function(Runtime="python2.7")[1], "InvalidParameterValue", "python2.7"),
    no("CreateFunction", [], create_function(Code={})[1], "InvalidParameterValue", "source"),
    no("CreateFunction", [], create_function(Code={"ZipFile": b"no zip"})[1], "InvalidParameterValue", "unzip"),
    no("CreateFunction", [], create_function(Layers=[f"{HERE}:layer:l:1"])[1], "InvalidParameterValue", "layer:l:1"),
    no("CreateFunction", [], create_function(MemorySize=127)[1], "Validation", "Value '127' at 'memorySize'"),
    no("CreateFunction", [], create_function(Environment={"Variables": {"AWS_REGION": "x"}})[1], "InvalidParameterValue", "AWS_REGION"),
    no("CreateFunction", [], create_function(CodeSigningConfigArn=f"{HERE}:code-signing-config:csc-0123456789abcdefa")[1], "CodeSigningConfigNotFound", "csc-0123456789abcdefa"),
    ok("GetFunction", [FUNCTION], F, Configuration={"FunctionName": "f", "State": "Active"}, Code={"RepositoryType": "S3"}),
    ok("GetFunction", [FUNCTION], {"FunctionName": f"{HERE}:function:f"}, Configuration={"FunctionArn": f"{HERE}:function:f"}),
    ok("GetFunction", [FUNCTION], {"FunctionName": "ACCOUNT:function:f"}, Configuration={"FunctionArn": f"{HERE}:function:f"}),
    ok("GetFunction", [FUNCTION, VERSION], {"FunctionName": "f:1"}, Configuration={"Version": "1"}),
    no("GetFunction", [], MISSING, "ResourceNotFound", f"Function not found: {HERE}:function:missing"),
    no("GetFunction", [FUNCTION], F | {"Qualifier": "9"}, "ResourceNotFound", "function:f:9"),
    no("GetFunction", [FUNCTION], {"FunctionName": "arn:aws:lambda:eu-west-1:ACCOUNT:function:f"}, "ResourceNotFound", "eu-west-1"),
    ok("GetFunctionConfiguration", [FUNCTION], F, MemorySize=128, Timeout=3, LastUpdateStatus="Successful"),
    no("GetFunctionConfiguration", [], MISSING, "ResourceNotFound", "function:missing"),
    no("GetFunctionConfiguration", [FUNCTION], F | {"Qualifier": "live"}, "ResourceNotFound", "function:f:live"),
    ok("ListFunctions", [FUNCTION, VERSION], {}, Functions=[{"Version": "$LATEST"}]),
    ok("ListFunctions", [FUNCTION, VERSION], {"FunctionVersion": "ALL"}, Functions=[{"Version": "$LATEST"}, {"Version": "1"}]),
    no("ListFunctions", [FUNCTION], {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("UpdateFunctionCode", [FUNCTION], F | {"ZipFile": OTHER_CODE}, LastUpdateStatus="InProgress"),
    ok("UpdateFunctionCode", [FUNCTION], F | {"ZipFile": OTHER_CODE, "Publish": True}, Version="1"),
    ok("UpdateFunctionCode", [FUNCTION], F | {"ZipFile": OTHER_CODE, "DryRun": True}, FunctionName="f"),
    no("UpdateFunctionCode", [], MISSING | {"ZipFile": OTHER_CODE}, "ResourceNotFound", "function:missing"),
    no("UpdateFunctionCode", [FUNCTION], F, "InvalidParameterValue", "source"),
    no("UpdateFunctionCode", [("CreateFunction", image_function("registry.example/i:1"))], F | {"ImageUri": f"{REPOSITORY}:v1"}, "InvalidParameterValue", "does not exist"),
    no("UpdateFunctionCode", [FUNCTION], F | {"ZipFile": OTHER_CODE, "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    ok("UpdateFunctionConfiguration", [FUNCTION], F | {"Timeout": 9, "Environment": {"Variables": {"KEY": "value"}}}, Timeout=9, Environment={"Variables": {"KEY": "value"}}),
    no("UpdateFunctionConfiguration", [], MISSING | {"Timeout": 9}, "ResourceNotFound", "function:missing"),
    no("UpdateFunctionConfiguration", [FUNCTION], F | {"Timeout": 9, "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    no("UpdateFunctionConfiguration", [FUNCTION], F | {"Runtime": "python9"}, "InvalidParameterValue", "Value python9 at 'runtime'"),
    no("UpdateFunctionConfiguration", [FUNCTION], F | {"Environment": {"Variables": {"BIG": "x" * 4096}}}, "InvalidParameterValue", "4KB"),
    ok("DeleteFunction", [FUNCTION], F),
    ok("DeleteFunction", [FUNCTION, VERSION], F | {"Qualifier": "1"}),
    no("DeleteFunction", [], MISSING, "ResourceNotFound", "function:missing"),
    no("DeleteFunction", [FUNCTION, VERSION, ALIAS], F | {"Qualifier": "1"}, "ResourceConflict", "live"),
    no("DeleteFunction", [FUNCTION, VERSION, ALIAS], F | {"Qualifier": "live"}, "InvalidParameterValue", "alias"),
    ok("Invoke", [FUNCTION], F | {"InvocationType": "DryRun"}, status=204, StatusCode=204),
    no("Invoke", [], MISSING, "ResourceNotFound", "function:missing"),
    no("Invoke", [FUNCTION], F | {"Qualifier": "9"}, "ResourceNotFound", "function:f:9"),
    no("Invoke", [FUNCTION], F | {"Payload": b"{"}, "InvalidRequestContent", "Could not parse request body into json"),
    no("Invoke", [FUNCTION], {"FunctionName": "f:1", "Qualifier": "2"}, "InvalidParameterValue", "qualifier"),
    ok("InvokeAsync", [FUNCTION, NO_POD], F | {"InvokeArgs": b"{}"}, Status=202),
    no("InvokeAsync", [], MISSING | {"InvokeArgs": b"{}"}, "ResourceNotFound", "function:missing"),
    no("InvokeAsync", [FUNCTION], F | {"InvokeArgs": b"{"}, "InvalidRequestContent", "Could not parse request body into json"),
    ok("InvokeWithResponseStream", [FUNCTION], F | {"InvocationType": "DryRun"}, status=204),
    no("InvokeWithResponseStream", [], MISSING, "ResourceNotFound", "function:missing"),
    no("InvokeWithResponseStream", [FUNCTION], F | {"Qualifier": "9"}, "ResourceNotFound", "function:f:9"),
    no("InvokeWithResponseStream", [FUNCTION], F | {"Payload": b"{"}, "InvalidRequestContent", "Could not parse request body into json"),
    ok("TagResource", [FUNCTION], {"Resource": f"{HERE}:function:f", "Tags": {"key": "value"}}),
    no("TagResource", [], {"Resource": NO_TAGS, "Tags": {"key": "value"}}, "ResourceNotFound", "function:missing"),
    no("TagResource", [FUNCTION], {"Resource": f"{HERE}:function:f", "Tags": {f"key{n}": "" for n in range(51)}}, "InvalidParameterValue", "limit"),
    no("TagResource", [FUNCTION], {"Resource": f"{HERE}:function:f:1", "Tags": {"key": "value"}}, "InvalidParameterValue", "version"),
    ok("UntagResource", [create_function(Tags={"key": "value"})], {"Resource": f"{HERE}:function:f", "TagKeys": ["key"]}),
    no("UntagResource", [], {"Resource": NO_TAGS, "TagKeys": ["key"]}, "ResourceNotFound", "function:missing"),
    no("UntagResource", [FUNCTION], {"Resource": f"{HERE}:function:f:1", "TagKeys": ["key"]}, "InvalidParameterValue", "version"),
    ok("ListTags", [create_function(Tags={"key": "value"})], {"Resource": f"{HERE}:function:f"}, Tags={"key": "value"}),
    no("ListTags", [], {"Resource": NO_TAGS}, "ResourceNotFound", "function:missing"),
    no("ListTags", [FUNCTION], {"Resource": f"{HERE}:function:f:1"}, "InvalidParameterValue", "version"),
    ok("GetAccountSettings", [FUNCTION], {}, AccountUsage={"FunctionCount": 1}, AccountLimit={"ConcurrentExecutions": 1000}),
]
