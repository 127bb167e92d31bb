"""Policies on functions, one statement at a time and as whole documents."""
import json

from case import F, FUNCTION, HERE, MISSING, STALE, Got, no, ok

GRANT = ("AddPermission", F | {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"})
ARN = {"ResourceArn": f"{HERE}:function:f"}
NOWHERE = {"ResourceArn": f"{HERE}:function:missing"}
STATEMENT = {"Sid": "s", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": f"{HERE}:function:f"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
LARGE = GRANT[1] | {"StatementId": "a", "SourceArn": "arn:aws:s3:::" + "b" * 9000}
WHOLE = ("PutResourcePolicy", ARN | {"Policy": POLICY})

CASES = [
    ok("AddPermission", [FUNCTION], GRANT[1]),
    no("AddPermission", [], GRANT[1] | MISSING, "ResourceNotFound", "function:missing"),
    no("AddPermission", [FUNCTION, GRANT], GRANT[1], "ResourceConflict", "s3"),
    no("AddPermission", [FUNCTION, GRANT], GRANT[1] | {"StatementId": "more", "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    no("AddPermission", [FUNCTION], GRANT[1] | {"Principal": "nobody"}, "InvalidParameterValue", "principal"),
    no("AddPermission", [FUNCTION, ("AddPermission", LARGE), ("AddPermission", LARGE | {"StatementId": "b"})], LARGE | {"StatementId": "c"}, "PolicyLengthExceeded", "policy size"),
    ok("GetPolicy", [FUNCTION, GRANT], F),
    no("GetPolicy", [FUNCTION], F, "ResourceNotFound", "resource you requested does not exist"),
    no("RemovePermission", [FUNCTION], F | {"StatementId": "s3"}, "ResourceNotFound", "No policy"),
    ok("RemovePermission", [FUNCTION, GRANT], F | {"StatementId": "s3"}),
    no("RemovePermission", [FUNCTION, GRANT], F | {"StatementId": "other"}, "ResourceNotFound", "other"),
    no("RemovePermission", [FUNCTION, GRANT], F | {"StatementId": "s3", "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    ok("PutResourcePolicy", [FUNCTION], WHOLE[1]),
    no("PutResourcePolicy", [], NOWHERE | {"Policy": POLICY}, "ResourceNotFound", "function:missing"),
    no("PutResourcePolicy", [FUNCTION], ARN | {"Policy": "{"}, "InvalidParameterValue", "policy"),
    no("PutResourcePolicy", [FUNCTION, WHOLE], WHOLE[1] | {"RevisionId": STALE}, "PreconditionFailed", "Revision"),
    ok("GetResourcePolicy", [FUNCTION, WHOLE], ARN, RevisionId=Got("RevisionId")),
    no("GetResourcePolicy", [FUNCTION], ARN, "ResourceNotFound", "resource you requested does not exist"),
    ok("DeleteResourcePolicy", [FUNCTION, WHOLE], ARN),
    no("DeleteResourcePolicy", [], NOWHERE, "ResourceNotFound", "function:missing"),
    no("DeleteResourcePolicy", [FUNCTION, WHOLE], ARN | {"RevisionId": STALE}, "PreconditionFailed", "Revision"),
]
