"""Whether an answer is one that the service model describes."""
import datetime

from model import broken, metadata, required

# What any operation may answer, with the status; the model lists these for few operations or none.
COMMON = {
    "AccessDeniedException": 403,
    "InvalidRequestContentException": 400,
    "SerializationException": 400,
    "ValidationException": 400,
}

TYPES = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}


# What has another status than the model says.
STATUSES = {"DeleteFunction": 204}

# What answers {} where nothing is configured, whatever the model requires.
EMPTY_AT_TIMES = {"GetFunctionCodeSigningConfig"}

# What AWS answers though its model does not know it.
UNKNOWN_TO_THE_MODEL = {("LastUpdateStatusReasonCode", "Creating")}


def faults_of_success(operation, answer, status=None):
    """What is wrong with the answer to valid input; `status` is one that the model leaves to the documentation."""
    if answer.code:
        return ["an error"]
    faults = []
    status = status or STATUSES.get(operation.name, operation.http.get("responseCode", 200))
    if answer.status != status:
        faults.append(f"the status is not {status}")
    shape = operation.output_shape
    # What a stream brings is for the tests of invocations in Pods.
    if operation.has_event_stream_output:
        return faults
    if operation.name in EMPTY_AT_TIMES and answer.body() == {}:
        return faults
    if shape is None:
        return faults + ["a body where the model has none"] * bool(answer.content)
    payload = shape.serialization.get("payload")
    elsewhere = {name for name, member in shape.members.items() if member.serialization.get("location")}
    for name in required(shape):
        if name not in answer.parsed:
            faults.append(f"{name} is missing, says boto3")
    if payload is None:
        faults += faults_of(shape, answer.body() or {}, "", elsewhere)
    elif shape.members[payload].type_name == "structure":
        faults += faults_of(shape.members[payload], answer.body(), payload, set())
    return faults


def faults_of_error(operation, answer):
    """What is wrong with the answer to invalid input, whatever the input was."""
    if not answer.code:
        return ["no error"]
    # The model lists ServiceException nearly everywhere, but no input may lead to it.
    if answer.status >= 500 or answer.code == "ServiceException":
        return ["a fault of the server"]
    shapes = {shape.name: shape for shape in operation.error_shapes}
    shape = shapes.get(answer.code)
    if shape is None and answer.code not in COMMON:
        return [f"the model lists no {answer.code} for this operation, but {sorted(shapes)}"]
    status = shape.metadata["error"]["httpStatusCode"] if shape else COMMON[answer.code]
    faults = []
    if answer.status != status:
        faults.append(f"the status of {answer.code} is {status}")
    if not answer.message:
        faults.append("the message is empty, says boto3")
    body = answer.body()
    # Some of AWS's errors have no Type.
    if body.get("Type") not in (None, "User", "Service") or not isinstance(body.get("message", body.get("Message")), str):
        faults.append("the body has another Type, or no message")
    if shape:
        faults += [f"the model has no {name} in {answer.code}" for name in body if name not in shape.members]
    return faults


def faults_of(shape, value, path, elsewhere=frozenset()):
    """What in a body the model does not describe: types, members, what is required, and every constraint."""
    if not isinstance(value, TYPES[shape.type_name]) or isinstance(value, bool) != (shape.type_name == "boolean"):
        return [f"{path or 'the body'} is no {shape.type_name}: {value!r}"]
    faults = []
    if shape.type_name == "structure":
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        missing = [name for name in required(shape) if name not in value and name not in elsewhere]
        faults += [f"{path}.{name} is missing" for name in missing]
        for name, each in value.items():
            if name not in members or name in elsewhere:
                faults.append(f"the model has no {path}.{name}")
            elif each is not None:
                faults += faults_of(members[name], each, f"{path}.{name}")
    elif shape.type_name == "list":
        for index, each in enumerate(value):
            faults += faults_of(shape.member, each, f"{path}[{index}]")
    elif shape.type_name == "map":
        for key, each in value.items():
            faults += faults_of(shape.key, key, f"{path} key") + faults_of(shape.value, each, f"{path}.{key}")
    known = value != "" and (shape.name, value if isinstance(value, str) else None) not in UNKNOWN_TO_THE_MODEL
    if shape.type_name not in ("blob", "timestamp") and known:
        faults += [f"{path} is {value!r}: {text}" for text in broken(shape, value)]
    return faults
