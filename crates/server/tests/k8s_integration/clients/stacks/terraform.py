"""A stack as the Terraform provider for AWS applies, refreshes, changes and destroys it: its calls, in its order, and what
it reads compared as it compares it.

Usage: terraform.py ENDPOINT
"""
import sys

from functions import (
    NO_NETWORK,
    Alias,
    CodeSigningConfig,
    EventInvokeConfig,
    EventSourceMapping,
    Function,
    FunctionUrl,
    LayerVersion,
    Permission,
)
from iam import Attachment, Policy, Role, RolePolicy, allow, trust
from stack import Clients, apply, archive, change, destroy, refresh

clients = Clients(sys.argv[1])
account = clients.account
here = f"us-east-1:{account}"

role = Role(clients, name="stack", trust=trust("lambda.amazonaws.com"), description="", session_s=3600, tags={"a": "1"})
other_role = Role(clients, name="other", trust=trust("lambda.amazonaws.com"), description="", session_s=3600, tags={})
inline = RolePolicy(clients, role="stack", name="logs", document=allow("logs:*"))
policy = Policy(clients, name="queue", description="reads", document=allow("sqs:ReceiveMessage"))
attachment = Attachment(clients, role="stack", policy=policy.arn)
layer = LayerVersion(
    clients,
    name="shared",
    code=archive("shared = 1"),
    runtimes=["python3.12", "python3.13"],
    description="what functions share",
    license="MIT",
)
signing = CodeSigningConfig(
    clients,
    description="trusted",
    publishers=[f"arn:aws:signer:{here}:/signing-profiles/p/0123456789"],
    policy="Warn",
)
function = Function(
    clients,
    name="stack",
    code=archive("def handler(event, context): return 1"),
    architectures=["x86_64"],
    description="",
    handler="app.handler",
    memory_mib=128,
    role=role.arn,
    runtime="python3.12",
    timeout_s=3,
    kms_key="",
    layers=[],
    dead_letters="",
    environment={},
    storage_mib=512,
    file_systems=[],
    logging={"LogFormat": "Text", "LogGroup": "/aws/lambda/stack", "ApplicationLogLevel": None, "SystemLogLevel": None},
    snap_start="None",
    tracing="PassThrough",
    network=NO_NETWORK,
    tags={},
    reserved=-1,
    signing="",
)
alias = Alias(clients, function="stack", name="live", version="1", description="", weights={})
permission = Permission(
    clients,
    function="stack",
    qualifier="live",
    name="bucket",
    action="lambda:InvokeFunction",
    principal="s3.amazonaws.com",
    source="arn:aws:s3:::bucket",
    account=account,
)
mapping = EventSourceMapping(
    clients,
    function=f"{function.arn}:live",
    source=f"arn:aws:sqs:{here}:queue",
    batch=10,
    window_s=0,
    filters={},
    enabled=True,
    responses=[],
)
events = EventInvokeConfig(
    clients, function="stack", qualifier="live", retries=1, age_s=3600, destinations={}
)
url = FunctionUrl(clients, function="stack", qualifier="live", auth="NONE", mode="BUFFERED", cors={})

stack = [role, other_role, inline, policy, attachment, layer, signing, function, alias, permission, mapping, events, url]
apply(*stack)
refresh(*stack)

change(role, description="of the stack")
change(role, session_s=7200)
change(role, trust=trust("edgelambda.amazonaws.com"))
change(role, tags={"b": "2"})
change(inline, document=allow(["logs:PutLogEvents", "logs:CreateLogStream"]))
change(policy, document=allow("sqs:*", f"arn:aws:sqs:{here}:queue"))
change(signing, policy="Enforce", description="trusted only")

# Each attribute by itself, and where it can be, taken back.
change(function, description="changed")
change(function, description="")
change(function, handler="app.other")
change(function, memory_mib=256)
change(function, role=other_role.arn)
change(function, runtime="python3.13")
change(function, timeout_s=30)
change(function, kms_key=f"arn:aws:kms:{here}:key/00000000-0000-0000-0000-000000000000")
change(function, kms_key="")
change(function, layers=[layer.arn])
change(function, layers=[])
change(function, dead_letters=f"arn:aws:sqs:{here}:dead")
change(function, dead_letters="")
change(function, environment={"KEY": "value", "OTHER": ""})
change(function, environment={"KEY": "other"})
change(function, environment={})
change(function, storage_mib=1024)
change(function, logging={"LogFormat": "JSON", "LogGroup": "/own/group", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN"})
change(function, snap_start="PublishedVersions")
change(function, snap_start="None")
change(function, tracing="Active")
change(function, network={"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": True})
mount = {"Arn": f"arn:aws:elasticfilesystem:{here}:access-point/fsap-0123456789abcdef0", "LocalMountPath": "/mnt/data"}
change(function, file_systems=[mount])
change(function, file_systems=[])
change(function, network=NO_NETWORK)
change(function, reserved=5)
change(function, reserved=0)
change(function, reserved=-1)
change(function, signing=signing.arn)
change(function, signing="")
change(function, tags={"team": "a", "stage": "test"})
change(function, tags={"team": "b"})
change(function, tags={})
change(function, code=archive("def handler(event, context): return 2"))
change(function, architectures=["arm64"])
change(function, timeout_s=60, memory_mib=512, code=archive("def handler(event, context): return 3"))

change(alias, description="stable")
change(alias, version=function.version)
change(alias, weights={"1": 0.25})
change(alias, weights={})
change(mapping, batch=5)
change(mapping, batch=100, window_s=5)
change(mapping, filters={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]})
change(mapping, responses=["ReportBatchItemFailures"])
change(mapping, enabled=False)
change(mapping, enabled=True)
change(events, retries=0, age_s=60)
change(events, destinations={"OnFailure": f"arn:aws:sqs:{here}:failed"})
change(url, auth="AWS_IAM")
change(url, mode="RESPONSE_STREAM")
change(url, cors={"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"], "MaxAge": 60})

refresh(*stack)
destroy(*stack)
print("done")
