"""The service model as botocore ships it: shapes, what satisfies them, what does not, and AWS's words for that.

Written from the model and AWS's wording alone, not from fakecloud's code, so that one checks the other.
"""
import re

import botocore.session

session = botocore.session.get_session()
service = session.get_service_model("lambda")

# One of these satisfies every text of the inputs; the first that does is its sample.
TEXTS = [
    "abc",
    "ALL",
    "12",
    "o-1234567890",
    "lambda:InvokeFunction",
    "lambda:GetLayerVersion",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/b",
    "arn:aws:lambda:us-east-1:000000000000:layer:l:1",
    "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdefg",
    "arn:aws:lambda:us-east-1:000000000000:capacity-provider:c",
    "arn:aws:lambda:us-east-1::runtime:" + "0" * 64,
    "arn:aws:lambda:us-east-1:000000000000:runtime/abc",
    "arn:aws:iam::000000000000:role/any",
    "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
    "arn:aws:kms:us-east-1:000000000000:key/k",
    "sg-0",
    "subnet-0",
    "/mnt/a",
    "host.example:9092",
    "kafka://abc",
    "csc-0123456789abcdefg",
    "123456789012",
    "00000000-0000-0000-0000-000000000000",
]

# What breaks patterns: the first that breaks one, and no bound on lengths, is sent.
WRONG_TEXTS = ["%", "a b", "$", "!" * 12, "~" * 36, "~" * 60, "~" * 90, "\x7f", "a\nb", "a" * 36]


# AWS lists the values of these in another order than its model.
LISTED = {
    "EventSourcePosition": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"],
    "InvokeMode": ["RESPONSE_STREAM", "BUFFERED"],
    "RecursiveLoop": ["Terminate", "Allow"],
}


def required(shape):
    return shape.required_members


def metadata(shape, name):
    return shape.metadata.get(name)


def sample(shape):
    """The smallest value that satisfies a shape: required members only, as few elements as allowed."""
    if shape.type_name == "structure":
        return {name: sample(shape.members[name]) for name in required(shape)}
    if shape.type_name == "list":
        return [sample(shape.member)] * max(metadata(shape, "min") or 0, 1)
    if shape.type_name == "map":
        return {sample(shape.key): sample(shape.value)}
    if shape.type_name == "string":
        fitting = [text for text in [*shape.enum, *TEXTS] if not broken(shape, text)]
        assert fitting, f"TEXTS has nothing for {shape.name}: {dict(shape.metadata)}"
        return fitting[0]
    if shape.type_name == "blob":
        return b"x"
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return "2026-01-31T12:00:00Z"
    number = max(metadata(shape, "min") or 0, 1)
    return float(number) if shape.type_name == "double" else number


def complete(shape):
    """A value with every member, of which each satisfies its own constraints; together they may contradict."""
    if shape.type_name == "structure":
        return {name: complete(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [complete(shape.member)] * max(metadata(shape, "min") or 0, 1)
    if shape.type_name == "map":
        return {sample(shape.key): complete(shape.value)}
    return sample(shape)


def broken(shape, value):
    """The constraints of the shape itself, not of its members, that a value breaks, as AWS words them."""
    if value is None:
        return ["Member must not be null"]
    size = measure(shape, value)
    return [text for holds, text in constraints(shape) if not holds(value, size)]


def constraints(shape):
    """Each constraint of a shape in AWS's order: a predicate over the value and its size, and AWS's words."""
    high, low, pattern = (metadata(shape, name) for name in ("max", "min", "pattern"))
    number = shape.type_name in ("integer", "long", "double", "float", "timestamp")
    what, fraction = "value" if number else "length", ".0" if shape.type_name == "double" else ""
    bound = f"Member must have {what} {{}} than or equal to {{}}{fraction}"
    if high is not None:
        yield (lambda _, size: size <= high), bound.format("less", int(high))
    if low is not None:
        yield (lambda _, size: size >= low), bound.format("greater", int(low))
    if pattern is not None:
        matches = python_pattern(pattern).fullmatch
        yield (lambda value, _: matches(value) is not None), f"Member must satisfy regular expression pattern: {pattern}"
    if enum := getattr(shape, "enum", []):
        listed = ", ".join(LISTED.get(shape.name, enum))
        yield (lambda value, _: value in enum), f"Member must satisfy enum value set: [{listed}]"


def python_pattern(pattern):
    """A pattern of the model, which is in Java's notation, in Python's."""
    return re.compile(pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\d", "[0-9]"))


def measure(shape, value):
    """What `min` and `max` bound."""
    return len(value) if shape.type_name in ("string", "blob", "list", "map") else value


def lower(name):
    return name[0].lower() + name[1:]


def rendered(value):
    """A value as Java prints it."""
    if isinstance(value, list):
        return f"[{', '.join(map(rendered, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={rendered(each)}" for key, each in value.items()) + "}"
    if value is None:
        return "null"
    return str(value)
