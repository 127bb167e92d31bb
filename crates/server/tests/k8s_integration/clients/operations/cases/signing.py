"""Code signing configurations."""
from case import F, FUNCTION, HERE, MISSING, Got, no, ok

SIGNERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:ACCOUNT:/signing-profiles/p/0123456789"]}
SIGNING = ("CreateCodeSigningConfig", {"AllowedPublishers": SIGNERS})
ARN = {"CodeSigningConfigArn": Got("CodeSigningConfigArn")}
UNKNOWN = {"CodeSigningConfigArn": f"{HERE}:code-signing-config:csc-0123456789abcdefa"}
NAMED = "csc-0123456789abcdefa"
USED = [FUNCTION, SIGNING, ("PutFunctionCodeSigningConfig", F | ARN)]

CASES = [
    ok("CreateCodeSigningConfig", [], SIGNING[1] | {"Description": "d"}, CodeSigningConfig={"Description": "d"}),
    ok("UpdateCodeSigningConfig", [SIGNING], ARN | {"Description": "new"}, CodeSigningConfig={"Description": "new"}),
    no("UpdateCodeSigningConfig", [], UNKNOWN | {"Description": "new"}, "ResourceNotFound", NAMED),
    ok("GetCodeSigningConfig", [SIGNING], ARN, CodeSigningConfig={"AllowedPublishers": SIGNERS}),
    no("GetCodeSigningConfig", [], UNKNOWN, "ResourceNotFound", NAMED),
    ok("ListCodeSigningConfigs", [SIGNING], {}, CodeSigningConfigs=[{"AllowedPublishers": SIGNERS}]),
    no("ListCodeSigningConfigs", [SIGNING], {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("ListFunctionsByCodeSigningConfig", USED, ARN, FunctionArns=[f"{HERE}:function:f"]),
    no("ListFunctionsByCodeSigningConfig", [], UNKNOWN, "ResourceNotFound", NAMED),
    no("ListFunctionsByCodeSigningConfig", USED, ARN | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("PutFunctionCodeSigningConfig", [FUNCTION, SIGNING], F | ARN, FunctionName="f"),
    no("PutFunctionCodeSigningConfig", [FUNCTION], F | UNKNOWN, "CodeSigningConfigNotFound", NAMED),
    no("PutFunctionCodeSigningConfig", [SIGNING], MISSING | ARN, "ResourceNotFound", "function:missing"),
    ok("GetFunctionCodeSigningConfig", USED, F, FunctionName="f"),
    no("GetFunctionCodeSigningConfig", [], MISSING, "ResourceNotFound", "function:missing"),
    ok("DeleteFunctionCodeSigningConfig", USED, F),
    no("DeleteFunctionCodeSigningConfig", [], MISSING, "ResourceNotFound", "function:missing"),
    ok("DeleteCodeSigningConfig", [SIGNING], ARN),
    no("DeleteCodeSigningConfig", USED, ARN, "ResourceConflict", "csc-"),
    no("DeleteCodeSigningConfig", [], UNKNOWN, "ResourceNotFound", NAMED),
]
