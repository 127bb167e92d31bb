"""The rows of the tables: what is there, what is called, what must come back."""
import io
import zipfile
from dataclasses import dataclass

ROLE = "arn:aws:iam::ACCOUNT:role/any"
HERE = "arn:aws:lambda:us-east-1:ACCOUNT"


@dataclass
class Case:
    """One call. In every text, ACCOUNT stands for the account, of which each case has one of its own."""

    operation: str
    # Calls that come before it, all of which must succeed: pairs of operation and input.
    given: list
    input: dict
    # Members of the answer, to any depth, or the error.
    expected: object
    status: int | None = None


@dataclass
class Refusal:
    code: str
    # A part of the message, which names what is wrong.
    names: str


class Got(str):
    """The value of this member in the latest answer to the given calls that has it."""


def ok(operation, given, input, status=None, **expected):
    return Case(operation, given, input, expected, status)


def no(operation, given, input, code, names):
    return Case(operation, given, input, Refusal(f"{code}Exception", names))


def archive(text="def handler(event, context): return event"):
    """A zip with app.py; the same text gives the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return file.getvalue()


def create_function(name="f", **more):
    members = {"FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE}
    return "CreateFunction", members | {"Code": {"ZipFile": archive()}} | more


PER_TENANT = create_function(TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
F = {"FunctionName": "f"}
MISSING = {"FunctionName": "missing"}
FUNCTION = create_function()
VERSION = ("PublishVersion", F)
ALIAS = ("CreateAlias", F | {"Name": "live", "FunctionVersion": "1"})
LAYER = ("PublishLayerVersion", {"LayerName": "l", "Content": {"ZipFile": archive()}})
STALE = "00000000-0000-0000-0000-000000000000"


def filled(value, account, seen):
    """The value with the account, and with what the calls before answered, in its places."""
    if isinstance(value, Got):
        return next(answer.parsed[value] for answer in map(flat, reversed(seen)) if value in answer.parsed)
    if isinstance(value, str):
        return value.replace("ACCOUNT", account)
    if isinstance(value, dict):
        return {key: filled(each, account, seen) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, account, seen) for each in value]
    return value


def flat(answer):
    """An answer whose one structure, as code signing configurations have, is opened."""
    for each in list(answer.parsed.values()):
        if isinstance(each, dict):
            answer.parsed = each | answer.parsed
    return answer


def differences(expected, found, path):
    """Where the answer lacks what was expected; lists have exactly so many elements."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [text for key, each in expected.items() for text in differences(each, found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [text for index, each in enumerate(expected) for text in differences(each, found[index], f"{path}[{index}]")]
    return [] if expected == found else [f"{path} is {found!r}, not {expected!r}"]
