"""Every way to break a constraint of the service model, for every member of every operation, with AWS's answer.

Nothing here names an operation: what the model constrains is what is tested, once for each constraint.
"""
from dataclasses import dataclass

from model import WRONG_TEXTS, broken, constraints, lower, metadata, rendered, required, sample

# What JSON of another type is said to be, and what it is not.
KINDS = {
    "structure": "an Object",
    "map": "an Object",
    "list": "an Array",
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "double": "a Double",
    "boolean": "a Boolean",
    "blob": "a Blob",
    "timestamp": "a Timestamp",
}
NUMBERS = ("integer", "long", "double", "float")


@dataclass
class Violation:
    """A value that breaks one member, and what AWS says about it."""

    kind: str
    path: str
    value: object
    texts: list[str]

    def within(self, value):
        """The same violation, of a value around it."""
        return Violation(self.kind, self.path, value, self.texts)


ABSENT = object()
# A message tells so many violations at most, though it counts all, and shows so many bytes of each value.
TOLD_MAX = 20
SHOWN_BYTES_MAX = 2048
# A longer body is refused unread, where it brings no archive.
BODY_BYTES_MAX = 6_291_456


# AWS answers wrong runtimes with errors and lists of its own, for which the tables have cases.
NOT_BY_THE_MODEL = {
    ("CreateFunctionRequest", "runtime"),
    ("UpdateFunctionConfigurationRequest", "runtime"),
    ("PublishLayerVersionRequest", "compatibleRuntimes"),
    ("PublishLayerVersionRequest", "compatibleArchitectures"),
    ("ListLayersRequest", "compatibleRuntime"),
    ("ListLayerVersionsRequest", "compatibleRuntime"),
}


def of_input(shape):
    """The violations of an operation's input: in each one the members that are required, and one that is wrong."""
    found = [violation for violation in members(shape, "") if can_travel(shape, violation)]
    return [violation for violation in found if (shape.name, violation.path) not in NOT_BY_THE_MODEL]


def all_at_once(shape):
    """One input in which as many members as possible are wrong, each in one way, and all of AWS's texts."""
    value, texts, taken = sample(shape), [], set()
    for violation in of_input(shape):
        name = next(name for name in shape.members if lower(name) == violation.path.split(".")[0])
        if name not in taken:
            taken.add(name)
            value[name] = violation.value.get(name, ABSENT)
            texts += violation.texts
    return {name: each for name, each in value.items() if each is not ABSENT}, texts


def can_travel(shape, violation):
    """Whether a client can say it: no body is longer than one without an archive may be, no path has an empty segment, no header
    has a line break, no query has a null."""
    if len(str(violation.value)) > BODY_BYTES_MAX:
        return False
    for name, member in shape.members.items():
        if lower(name) != violation.path.split(".")[0]:
            continue
        location, value = member.serialization.get("location"), violation.value.get(name)
        if location == "uri":
            return value not in (None, "")
        if location == "header":
            return value is None or str(value).isprintable()
        if location == "querystring":
            return not isinstance(value, list) or (value and None not in value)
    return True


def members(shape, path):
    for name, member in shape.members.items():
        inner = f"{path}.{lower(name)}" if path else lower(name)
        if name in required(shape):
            without = {key: value for key, value in sample(shape).items() if key != name}
            yield Violation("missing", inner, without, [f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"])
        for violation in of(member, inner):
            yield violation.within(sample(shape) | {name: violation.value})


def of(shape, path):
    """The violations of one value and of what is in it."""
    for kind, value in wrong_values(shape):
        yield Violation(kind, path, value, [text(shape, path, value, each) for each in broken(shape, value)])
    if shape.type_name == "structure":
        yield from members(shape, path)
    elif shape.type_name == "list" and shape.member.type_name == "structure":
        for violation in of(shape.member, f"{path}.1.member"):
            yield violation.within([violation.value])
    elif shape.type_name == "list":
        for kind, value in [*wrong_values(shape.member), *null(shape.member)]:
            yield element(shape, path, kind, [value], "Member", shape.member)
    elif shape.type_name == "map":
        for kind, key in wrong_values(shape.key):
            yield element(shape, path, kind, {key: sample(shape.value)}, "Map keys", shape.key)
        for kind, value in [*wrong_values(shape.value), *null(shape.value)]:
            yield element(shape, path, kind, {sample(shape.key): value}, "Map value", shape.value)


def wrong_values(shape):
    """One value for each constraint of the shape itself; it may break more than that one."""
    high, low = metadata(shape, "max"), metadata(shape, "min")
    if shape.type_name in NUMBERS:
        one = 1.0 if shape.type_name == "double" else 1
        if high is not None:
            yield "too large", high + one
        if low is not None:
            yield "too small", low - one
        return
    if high is not None and (long := sized(shape, high + 1)) is not None:
        yield "too long", long
    if low:
        yield "too short", sized(shape, low - 1)
    if metadata(shape, "pattern"):
        wrong = [value for value in WRONG_TEXTS if breaks_pattern(shape, value)]
        if wrong:
            yield "pattern", wrong[0]
    if getattr(shape, "enum", []):
        yield "enum", "unheard-of"


def null(shape):
    """Of the elements, boto3 sends null only for texts."""
    return [("null", None)] if shape.type_name == "string" else []


def sized(shape, size):
    if shape.type_name == "string":
        return "a" * size
    if shape.type_name == "blob":
        return b"a" * size
    if shape.type_name == "list":
        return [sample(shape.member)] * size
    names = getattr(shape.key, "enum", []) or [f"key{index:04}" for index in range(size)]
    # The model has a map that may hold more entries than there are keys.
    return {name: sample(shape.value) for name in names[:size]} if len(names) >= size else None


def breaks_pattern(shape, value):
    found = broken(shape, value)
    return len(found) == 1 and "pattern" in found[0]


# Of the keys of these AWS says nothing about nulls.
NEVER_NULL = ["routingConfig.additionalVersionWeights"]
# Of the elements of these it says other patterns than its model has.
OF_NETWORKS = {"vpcConfig.subnetIds": "^subnet-[0-9a-z]*$", "vpcConfig.securityGroupIds": "^sg-[0-9a-zA-Z]*$"}


def element(shape, path, kind, value, who, member):
    """The one violation of a whole collection with a wrong element."""
    everything = [each for _, each in constraints(member)]
    if path in OF_NETWORKS:
        everything[-1] = f"Member must satisfy regular expression pattern: {OF_NETWORKS[path]}"
    elif who != "Map keys" or path not in NEVER_NULL:
        everything.append("Member must not be null")
    constraint = f"{who} must satisfy constraint: [{', '.join(everything)}]"
    return Violation(f"element {kind}", path, value, [text(shape, path, value, constraint)])


def text(shape, path, value, constraint):
    shown = "Value" if metadata(shape, "sensitive") else f"Value '{beginning(rendered(value))}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def beginning(value):
    """As much of a value as a message shows."""
    shown = value.encode()
    return value if len(shown) <= SHOWN_BYTES_MAX else shown[:SHOWN_BYTES_MAX].decode(errors="ignore") + "…"


def wrong_type(shape):
    """JSON of another type than the shape's, and what AWS says about it."""
    if shape.type_name in ("string", "blob", "boolean"):
        return 7, f"NUMBER_VALUE can not be converted to {KINDS[shape.type_name]}"
    return "text", f"STRING_VALUE can not be converted to {KINDS[shape.type_name]}"
