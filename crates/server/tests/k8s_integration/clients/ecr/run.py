"""Calls every operation of ECR's service model through boto3: a walk through those that are served, then every kind of
invalid input, then the operations that are not.

Usage: run.py ENDPOINT OPERATIONS.md
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "operations"))

import answers
import model
import violations
from client import Client

import walk

# Beside those that satisfy Lambda's model.
model.TEXTS += ["sha256:" + "0" * 64, "p" * 100]

service = model.session.get_service_model("ecr")

# Errors that no input leads to: there are no keys, no quotas, and no registry that this one stands before.
UNREACHED = {
    "KmsException",
    "LayerInaccessibleException",
    "LimitExceededException",
    "ServerException",
    "UnableToGetUpstreamImageException",
    "UnableToGetUpstreamLayerException",
    "UnableToListUpstreamImageReferrersException",
    "ValidationException",
}

# Tags that go need not be there, and a request without members has none that could be wrong.
UNREACHED_BY = {
    ("UntagResource", "InvalidTagParameterException"),
    ("UntagResource", "TooManyTagsException"),
    ("DescribeRegistry", "InvalidParameterException"),
}


def documented_states(file):
    """The state of each operation in ECR's table."""
    _, table = Path(file).read_text().split("\n## ECR\n")
    rows = [row.strip("|").split("|") for row in table.splitlines() if row.startswith("| ")]
    return {operation.strip(): state.strip() for operation, state, _ in rows[1:] if not state.strip().startswith("-")}


class Run:
    def __init__(self, endpoint):
        self.client, self.calls, self.failures = Client(endpoint, "ecr"), 0, []
        self.refused = set()

    def expect(self, operation, what, input, answer, code, words):
        self.calls += 1
        faults = [] if answer.code == code else [f"the code is not {code}"]
        said = (answer.message or "").lower()
        faults += [f"the message does not say {word!r}" for word in words if word.lower() not in said]
        if not faults:
            self.refused.add((operation, code))
        if faults:
            self.failures.append(f"{operation}: {what}\n  input: {input!r:.600}\n  answer: {answer}\n  {faults}")

    def constraints(self, name):
        """Each constraint of each member, in ECR's words."""
        for violation in violations.of_input(service.operation_model(name).input_shape):
            answer = self.client.call(name, violation.value)
            words = [f"at '{violation.path}.1.member'"]
            if not violation.kind.startswith("element"):
                # Of several constraints that a value breaks the first is told.
                constraints = [text.split("constraint: ", 1)[1] for text in violation.texts]
                told = [each for each in map(ecr_words, constraints) if each.lower() in (answer.message or "").lower()]
                words = [f"Invalid parameter at '{violation.path}' failed to satisfy constraint: '", *(told or constraints)[:1]]
            self.expect(name, f"{violation.kind} {violation.path}", violation.value, answer, "InvalidParameterException", words)

    def malformed(self, name):
        """Bodies that are no JSON, and members of other JSON types than the model's."""
        shape = service.operation_model(name).input_shape
        answer = self.client.call(name, model.sample(shape), lambda _: b'{"a":')
        self.expect(name, "a body that is no JSON", '{"a":', answer, "SerializationException", ["JSON"])
        for member, of in shape.members.items():
            wrong, said = violations.wrong_type(of)
            answer = self.client.call(name, model.sample(shape), lambda body: json.dumps(json.loads(body) | {member: wrong}).encode())
            self.expect(name, f"{member} of a wrong type", wrong, answer, "SerializationException", [said, f"'{member}'"])

    def missing_repository(self, name):
        """What names a repository that is not there."""
        shape = service.operation_model(name).input_shape
        if "repositoryName" in model.required(shape) and name != "CreateRepository":
            input = model.sample(shape)
            words = [f"The repository with name '{input['repositoryName']}' does not exist in the registry with id '"]
            self.expect(name, "no repository", input, self.client.call(name, input), "RepositoryNotFoundException", words)

    def not_served(self, name):
        answer = self.client.call(name, {})
        self.expect(name, "not served", {}, answer, "NotImplementedException", [name, "CreateRepository"])


def ecr_words(constraint):
    """A constraint of the model as ECR words it."""
    pattern = constraint.removeprefix("Member must satisfy regular expression pattern: ")
    return constraint if pattern == constraint else f"must satisfy regular expression '{pattern}'"


def gaps(served, refused):
    """Errors of the model that nothing has led to."""
    for name in served:
        for error in service.operation_model(name).error_shapes:
            unreached = error.name in UNREACHED or (name, error.name) in UNREACHED_BY
            if unreached == ((name, error.name) in refused):
                yield f"{name}: {error.name} is listed as unreached" if unreached else f"{name}: nothing led to {error.name}"


def main(endpoint, documented):
    states = documented_states(documented)
    assert sorted(states) == sorted(service.operation_names), set(states) ^ set(service.operation_names)
    served = [name for name in service.operation_names if states[name] != "not yet"]
    walked = walk.walk(endpoint, answers)
    run = Run(endpoint)
    for name in service.operation_names:
        if name in served:
            run.constraints(name)
            run.malformed(name)
            run.missing_repository(name)
        else:
            run.not_served(name)
    unseen = set(served) - walked.succeeded
    run.failures += [f"{name}: no call succeeded" for name in sorted(unseen)]
    run.failures += gaps(served, walked.refused | run.refused)
    calls = walked.calls + run.calls
    count = f"{len(run.failures)} failures in {calls} calls of {len(service.operation_names)} operations"
    print(*run.failures, count, sep="\n")
    sys.exit(bool(run.failures))


main(*sys.argv[1:])
