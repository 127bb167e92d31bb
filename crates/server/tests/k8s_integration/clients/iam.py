"""IAM and STS through boto3: a role and its policies as Terraform makes them, pages, waiters, errors, sessions."""

import json
import sys
import urllib.request

import boto3
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
ACCOUNT = "111122223333"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
STATEMENT = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
TRUST = {"Version": "2012-10-17", "Statement": [STATEMENT]}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}


def client(service, key=ACCOUNT, token=None):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key="any",
        aws_session_token=token,
    )


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def refused(kind, call, **parameters):
    try:
        answer = call(**parameters)
    except kind as error:
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} answered {answer!r} instead of {kind.__name__}")


def roles(iam):
    document = json.dumps(TRUST)
    tags = [{"Key": "team", "Value": "a"}]
    made = iam.create_role(RoleName="hello", AssumeRolePolicyDocument=document, Description="<&>", Tags=tags)["Role"]
    same(made["Arn"], f"arn:aws:iam::{ACCOUNT}:role/hello")
    iam.get_waiter("role_exists").wait(RoleName="hello")
    shown = iam.get_role(RoleName="hello")["Role"]
    same(shown["AssumeRolePolicyDocument"], TRUST)
    same((shown["Description"], shown["Tags"], shown["MaxSessionDuration"]), ("<&>", tags, 3600))
    same(shown["CreateDate"], made["CreateDate"])
    same(iam.list_role_tags(RoleName="hello")["Tags"], tags)
    refused(iam.exceptions.EntityAlreadyExistsException, iam.create_role, RoleName="HELLO",
            AssumeRolePolicyDocument=document)
    refused(iam.exceptions.MalformedPolicyDocumentException, iam.create_role, RoleName="bad",
            AssumeRolePolicyDocument="{}")
    refused(iam.exceptions.NoSuchEntityException, iam.get_role, RoleName="none")
    same(refused(ClientError, iam.get_role, RoleName="a b"),
         "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the "
         "following: +=,.@_-")


def pages(iam):
    for number in range(5):
        iam.create_role(RoleName=f"page-{number}", AssumeRolePolicyDocument=json.dumps(TRUST))
    paginator = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    names = [role["RoleName"] for page in paginator for role in page["Roles"]]
    same(names, ["hello", "page-0", "page-1", "page-2", "page-3", "page-4"])
    for number in range(5):
        iam.delete_role(RoleName=f"page-{number}")


def policies(iam):
    arn = iam.create_policy(PolicyName="queue", PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn)
    same(iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"], ALLOW)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(ALLOW), SetAsDefault=True)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "k", "Value": ""}])
    same(iam.list_policy_tags(PolicyArn=arn)["Tags"], [{"Key": "k", "Value": ""}])
    for policy in [arn, BASIC]:
        iam.attach_role_policy(RoleName="hello", PolicyArn=policy)
    attached = iam.list_attached_role_policies(RoleName="hello")["AttachedPolicies"]
    same([policy["PolicyName"] for policy in attached], ["queue", "AWSLambdaBasicExecutionRole"])
    same([role["RoleName"] for role in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]], ["hello"])
    same(iam.get_policy(PolicyArn=BASIC)["Policy"]["AttachmentCount"], 1)
    iam.put_role_policy(RoleName="hello", PolicyName="own", PolicyDocument=json.dumps(ALLOW))
    same(iam.get_role_policy(RoleName="hello", PolicyName="own")["PolicyDocument"], ALLOW)
    same(iam.list_role_policies(RoleName="hello")["PolicyNames"], ["own"])
    return arn


def sessions(role):
    sts = client("sts")
    root = sts.get_caller_identity()
    same((root["Account"], root["Arn"]), (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"))
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    session = client("sts", assumed["AccessKeyId"], assumed["SessionToken"])
    same(session.get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/hello/tests")
    functions = client("lambda", assumed["AccessKeyId"], assumed["SessionToken"])
    message = refused(ClientError, functions.get_function, FunctionName="none")
    same(message, f"Function not found: arn:aws:lambda:eu-west-1:{ACCOUNT}:function:none")
    presigned = sts.generate_presigned_url("get_caller_identity")
    with urllib.request.urlopen(presigned) as answer:
        assert f"<Account>{ACCOUNT}</Account>" in answer.read().decode(), presigned


def destroy(iam, arn):
    conflict = iam.exceptions.DeleteConflictException
    refused(conflict, iam.delete_role, RoleName="hello")
    refused(conflict, iam.delete_policy, PolicyArn=arn)
    for policy in [arn, BASIC]:
        iam.detach_role_policy(RoleName="hello", PolicyArn=policy)
    iam.delete_role_policy(RoleName="hello", PolicyName="own")
    same(iam.list_instance_profiles_for_role(RoleName="hello")["InstanceProfiles"], [])
    iam.delete_policy(PolicyArn=arn)
    iam.delete_role(RoleName="hello")
    same(iam.list_roles()["Roles"], [])
    same(iam.list_policies(Scope="Local")["Policies"], [])


def main():
    iam = client("iam")
    roles(iam)
    pages(iam)
    arn = policies(iam)
    sessions(f"arn:aws:iam::{ACCOUNT}:role/hello")
    destroy(iam, arn)
    message = refused(ClientError, iam.create_user, UserName="somebody")
    assert "AttachRolePolicy" in message, message
    print("ok")


main()
