"""boto3, with the checks of its own that would keep wrong input from the server switched off."""
import json

import boto3
import botocore.exceptions
from botocore.config import Config

from model import session

REGION = "us-east-1"


class Answer:
    """What came back: as it travelled, and as boto3 understood it."""

    def __init__(self, status, headers, content, parsed):
        self.status, self.headers, self.content, self.parsed = status, headers, content, parsed

    @property
    def code(self):
        return self.parsed.get("Error", {}).get("Code")

    @property
    def message(self):
        return self.parsed.get("Error", {}).get("Message")

    def body(self):
        """The JSON body; None where there is none."""
        return json.loads(self.content) if self.content else None

    def __str__(self):
        return f"HTTP {self.status} {self.headers.get('x-amzn-errortype', '')} {self.content[:600]!r}"


class Client:
    """A client whose account can be changed, so that each case has one of its own."""

    def __init__(self, endpoint, service="lambda"):
        # An access key of twelve digits names the account.
        session.set_credentials("000000000000", "any")
        self.account = session.get_credentials()
        config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, read_timeout=60)
        self.boto3 = boto3.Session(botocore_session=session, region_name=REGION).client(
            service, endpoint_url=endpoint, config=config
        )
        self.boto3.meta.events.register(f"before-call.{service}", self._before)
        self.boto3.meta.events.register(f"after-call.{service}", self._after)
        self._body = self._answer = None

    def call(self, operation, members, body=None):
        """Calls an operation; `body`, a function, may put something else in place of the bytes that boto3 would send."""
        self._body, self._answer = body, None
        method = getattr(self.boto3, snake_case(operation))
        try:
            method(**members)
        except botocore.exceptions.ClientError:
            # The answer was seen on its way.
            pass
        return self._answer

    def _before(self, params, **_):
        if self._body:
            params["body"] = self._body(params["body"])

    def _after(self, http_response, parsed, **_):
        # A stream's content is the payload of an invocation, which the test reads.
        content = getattr(http_response, "content", b"") if "Payload" not in parsed else parsed["Payload"].read()
        self._answer = Answer(http_response.status_code, http_response.headers, content, parsed)


def snake_case(operation):
    return botocore.xform_name(operation)
