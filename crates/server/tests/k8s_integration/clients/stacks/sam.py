"""A serverless application as `sam deploy` has CloudFormation make it: a role, a function with AutoPublishAlias, its
events and its URL; deployed, deployed again with nothing changed, deployed with new code and configuration, rolled back
half way, and deleted.

The code comes from a bucket. The order and the reads are those of CloudFormation's handlers of the resource types.

Usage: sam.py ENDPOINT
"""
import hashlib
import sys

from botocore.exceptions import ClientError

from functions import eventually
from iam import allow, dumped, trust
from stack import Clients, archive, hashed

clients = Clients(sys.argv[1])
lambda_, iam, s3 = clients.lambda_, clients.iam, clients.s3
here = f"us-east-1:{clients.account}"
name = {"FunctionName": "app-Hello-0123456789AB"}
arn = f"arn:aws:lambda:{here}:function:{name['FunctionName']}"
role = {"RoleName": "app-HelloRole-0123456789AB"}
basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
queue = f"arn:aws:sqs:{here}:app-Queue"
bucket = "aws-sam-cli-managed-default-samclisourcebucket"
tags = {"lambda:createdBy": "SAM", "aws-stack": "app"}


def role_of_the_function():
    created = iam.create_role(
        **role,
        AssumeRolePolicyDocument=dumped(trust("lambda.amazonaws.com")),
        Tags=[{"Key": "lambda:createdBy", "Value": "SAM"}],
    )
    iam.attach_role_policy(**role, PolicyArn=basic)
    iam.put_role_policy(**role, PolicyName="HelloRolePolicy0", PolicyDocument=dumped(allow("sqs:*", queue)))
    attached = iam.list_attached_role_policies(**role)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [basic], attached
    assert iam.list_role_policies(**role)["PolicyNames"] == ["HelloRolePolicy0"]
    return created["Role"]["Arn"]


def read_function():
    """What the handler of AWS::Lambda::Function reads after each step."""
    found = lambda_.get_function(**name)
    assert lambda_.get_function_recursion_config(**name)["RecursiveLoop"] == "Terminate"
    assert lambda_.get_runtime_management_config(**name)["UpdateRuntimeOn"] == "Auto"
    assert lambda_.get_function_code_signing_config(**name).get("CodeSigningConfigArn") is None
    return found


def uploaded(code):
    """`sam deploy` names an object by the hash of what is in it, and uploads it once."""
    place = {"Bucket": bucket, "Key": f"app/{hashlib.md5(code).hexdigest()}"}
    s3.put_object(**place, Body=code)
    assert s3.head_object(**place)["ContentLength"] == len(code)
    return {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}


def settled():
    configuration = lambda_.get_function(**name)["Configuration"]
    return configuration["State"] == "Active" and configuration["LastUpdateStatus"] == "Successful"


def published(code):
    """AutoPublishAlias: a version with the hash of the code as its condition, and the alias moved to it."""
    version = lambda_.publish_version(**name, CodeSha256=hashed(code))["Version"]
    assert lambda_.get_function_configuration(**name, Qualifier=version)["State"] == "Active"
    return version


def refused(code, call, **members):
    try:
        call(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{members} was not refused with {code}")


# The first deployment.
s3.create_bucket(Bucket=bucket)
one, two = archive("def handler(event, context): return 1"), archive("def handler(event, context): return 2")
refused("ResourceNotFoundException", lambda_.get_function, **name)
function = {
    "Runtime": "python3.12",
    "Handler": "app.handler",
    "Role": role_of_the_function(),
    "MemorySize": 256,
    "Timeout": 10,
    "Environment": {"Variables": {"QUEUE": queue}},
    "Architectures": ["x86_64"],
    "TracingConfig": {"Mode": "Active"},
}
created = lambda_.create_function(**name, **function, Code=uploaded(one), Tags=tags)
assert (created["State"], created["CodeSha256"]) == ("Pending", hashed(one)), created
lambda_.get_waiter("function_active_v2").wait(**name)
found = read_function()
assert found["Tags"] == tags, found
for member, value in function.items():
    assert found["Configuration"][member] == value, (member, found)
assert published(one) == "1"
live = lambda_.create_alias(**name, Name="live", FunctionVersion="1")
mapping = lambda_.create_event_source_mapping(
    FunctionName=live["AliasArn"], EventSourceArn=queue, BatchSize=5, Tags=tags
)
uuid = {"UUID": mapping["UUID"]}
eventually("the mapping is enabled", lambda: lambda_.get_event_source_mapping(**uuid)["State"] == "Enabled")
assert lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"] == tags
lambda_.add_permission(
    **name,
    Qualifier="live",
    StatementId="HelloApiPermission",
    Action="lambda:InvokeFunction",
    Principal="apigateway.amazonaws.com",
    SourceArn=f"arn:aws:execute-api:{here}:api/*/GET/",
)
lambda_.put_function_event_invoke_config(**name, Qualifier="live", MaximumRetryAttempts=1)
url = lambda_.create_function_url_config(**name, Qualifier="live", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
assert lambda_.get_function_url_config(**name, Qualifier="live")["FunctionUrl"] == url["FunctionUrl"]

# Deployed again: nothing changed, so no version is new.
assert published(one) == "1"
before = read_function()["Configuration"]["RevisionId"]

# New code and configuration.
updated = lambda_.update_function_code(**name, **uploaded(two), Architectures=["x86_64"])
assert updated["LastUpdateStatus"] == "InProgress" and updated["RevisionId"] != before, updated
eventually("the code is updated", settled)
lambda_.update_function_configuration(**name, Timeout=20, Environment={"Variables": {"QUEUE": queue, "NEW": "1"}})
eventually("the configuration is updated", settled)
lambda_.untag_resource(Resource=arn, TagKeys=["aws-stack"])
lambda_.tag_resource(Resource=arn, Tags={"release": "2"})
found = read_function()
assert found["Tags"] == {"lambda:createdBy": "SAM", "release": "2"}, found
assert (found["Configuration"]["Timeout"], found["Configuration"]["CodeSha256"]) == (20, hashed(two)), found
refused("InvalidParameterValueException", lambda_.publish_version, **name, CodeSha256=hashed(one))
assert published(two) == "2"
# A gradual deployment moves the alias in two steps.
lambda_.update_alias(**name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
assert lambda_.get_alias(**name, Name="live")["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}
moved = lambda_.update_alias(
    **name, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
)
assert (moved["FunctionVersion"], moved.get("RoutingConfig")) == ("2", None), moved

# A deployment that fails half way is rolled back: the alias returns, version 2 cannot go while it is used.
refused("InvalidParameterValueException", lambda_.update_function_configuration, **name, Layers=[f"arn:aws:lambda:{here}:layer:none:1"])
message = refused("ResourceConflictException", lambda_.delete_function, **name, Qualifier="2")
assert "live" in message, message
lambda_.update_alias(**name, Name="live", FunctionVersion="1")
lambda_.delete_function(**name, Qualifier="2")
refused("ResourceNotFoundException", lambda_.get_function, **name, Qualifier="2")
assert lambda_.get_function(**name, Qualifier="live")["Configuration"]["CodeSha256"] == hashed(one)

# Deleted, in the reverse order.
lambda_.delete_function_url_config(**name, Qualifier="live")
lambda_.delete_function_event_invoke_config(**name, Qualifier="live")
lambda_.remove_permission(**name, Qualifier="live", StatementId="HelloApiPermission")
lambda_.delete_event_source_mapping(**uuid)
lambda_.delete_alias(**name, Name="live")
lambda_.delete_function(**name, Qualifier="1")
lambda_.delete_function(**name)
refused("ResourceNotFoundException", lambda_.get_function, **name)
refused("DeleteConflict", iam.delete_role, **role)
iam.delete_role_policy(**role, PolicyName="HelloRolePolicy0")
iam.detach_role_policy(**role, PolicyArn=basic)
iam.delete_role(**role)
refused("NoSuchEntity", iam.get_role, **role)
print("done")
