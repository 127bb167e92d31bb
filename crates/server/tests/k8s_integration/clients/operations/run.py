"""Calls every operation of the service model through boto3, with valid input and with every kind of invalid input.

Usage: run.py ENDPOINT OPERATIONS.md
"""
import json
import sys
from collections import Counter

import answers
import tables
import violations
from case import LAYER, Refusal, create_function, differences, filled
from client import Client
from model import complete, required, sample, service

# These would start Pods; the tables have cases of them that do not.
INVOCATIONS = ["Invoke", "InvokeAsync", "InvokeWithResponseStream"]
NAMED_AS_SAMPLES = [
    create_function("abc"),
    ("PublishVersion", {"FunctionName": "abc"}),
    ("CreateAlias", {"FunctionName": "abc", "Name": "abc", "FunctionVersion": "1"}),
    ("PublishLayerVersion", LAYER[1] | {"LayerName": "abc"}),
]


class Run:
    def __init__(self, endpoint):
        self.client, self.accounts = Client(endpoint), 0
        self.calls, self.failures = 0, []

    def check(self, operation, what, input, answer, faults):
        self.calls += 1
        if faults:
            self.failures.append(f"{operation}: {what}\n  input: {input!r:.600}\n  answer: {answer}\n" + "".join(f"  - {fault}\n" for fault in faults))

    # Cases of the tables.

    def case(self, case):
        self.accounts += 1
        account = self.client.account.access_key = f"{self.accounts:012}"
        seen, what = [], f"case {case.expected if isinstance(case.expected, Refusal) else 'of valid input'}"
        for operation, members in case.given:
            answer = self.client.call(operation, filled(members, account, seen))
            if answer.code:
                return self.check(case.operation, what, filled(members, account, seen), answer, [f"{operation}, which comes before, failed"])
            seen.append(answer)
        input = filled(case.input, account, seen)
        answer = self.client.call(case.operation, input)
        model = service.operation_model(case.operation)
        if isinstance(case.expected, Refusal):
            faults = answers.faults_of_error(model, answer)
            names = filled(case.expected.names, account, seen)
            if answer.code != case.expected.code:
                faults.append(f"the code is not {case.expected.code}")
            if names not in (answer.message or ""):
                faults.append(f"the message does not name {names!r}")
        else:
            faults = answers.faults_of_success(model, answer, case.status)
            faults += differences(filled(case.expected, account, seen), answer.parsed, "")
        self.check(case.operation, what, input, answer, faults)

    # What the model alone says.

    def not_served(self, name):
        answer = self.client.call(name, sample(service.operation_model(name).input_shape))
        expected = (501, "NotImplementedException")
        faults = [] if (answer.status, answer.code) == expected and name in answer.message else [f"not {expected} naming it"]
        self.check(name, "not served yet", "the smallest", answer, faults)

    def constraints(self, name):
        """Each constraint of each member, in AWS's exact words; then all members at once."""
        model = service.operation_model(name)
        if model.input_shape is None:
            return
        for violation in violations.of_input(model.input_shape):
            answer = self.client.call(name, violation.value)
            faults = answers.faults_of_error(model, answer) + refused(answer, violation.texts, ordered=True)
            self.check(name, f"{violation.kind} {violation.path}", violation.value, answer, faults)
        value, texts = violations.all_at_once(model.input_shape)
        if texts:
            answer = self.client.call(name, value)
            faults = answers.faults_of_error(model, answer) + refused(answer, texts, ordered=False)
            self.check(name, "all members at once", value, answer, faults)

    def members(self, name):
        """Each member that may be left out, alone and all together, where a function, an alias and a layer have the
        names that samples have: whatever the answer is, the model must describe it."""
        model = service.operation_model(name)
        shape = model.input_shape
        if shape is None or name in INVOCATIONS:
            return
        self.accounts += 1
        account = self.client.account.access_key = f"{self.accounts:012}"
        for operation, members in NAMED_AS_SAMPLES:
            input = filled(members, account, [])
            answer = self.client.call(operation, input)
            if answer.code:
                return self.check(name, "what has the names of samples", input, answer, [f"{operation} failed"])
        inputs = [sample(shape) | {each: complete(shape.members[each])} for each in shape.members if each not in required(shape)]
        for input in [*inputs, complete(shape)]:
            answer = self.client.call(name, input)
            check = answers.faults_of_error if answer.code else answers.faults_of_success
            self.check(name, "members that may be left out", input, answer, check(model, answer))

    def malformed(self, name):
        """Bodies that are no JSON, and members of other JSON types than the model's."""
        model = service.operation_model(name)
        shape = model.input_shape
        in_body = [] if shape is None or "payload" in shape.serialization else [
            member for member, each in shape.members.items() if not each.serialization.get("location")
        ]
        if not in_body:
            return
        expected = "InvalidRequestContentException"
        answer = self.client.call(name, sample(shape), lambda _: b'{"a":')
        faults = [] if answer.code == expected and "json" in answer.message else [f"not {expected} saying JSON"]
        self.check(name, "a body that is no JSON", '{"a":', answer, faults + answers.faults_of_error(model, answer))
        for member in in_body:
            wire = shape.members[member].serialization.get("name", member)
            wrong, said = violations.wrong_type(shape.members[member])
            answer = self.client.call(name, sample(shape), lambda body: json.dumps(json.loads(body or "{}") | {wire: wrong}).encode())
            faults = answers.faults_of_error(model, answer)
            if (answer.code, answer.message) != ("SerializationException", said):
                faults.append(f"not a SerializationException with {said!r}")
            self.check(name, f"{member} of a wrong type", wrong, answer, faults)


def refused(answer, texts, ordered):
    count = f"{len(texts)} validation error{'s' if len(texts) > 1 else ''} detected: "
    if answer.code != "ValidationException":
        return ["the code is not ValidationException"]
    said = answer.message.removeprefix(count)
    # The order of members is not documented, so of several the set must be right.
    same = said == "; ".join(texts) if ordered else are_told(Counter(split(said)), Counter(split("; ".join(texts))))
    return [] if same and said != answer.message else [f"the message is not {count}{'; '.join(texts)}"]


def are_told(told, all):
    """Whether a message tells of all violations as many as it may."""
    return told <= all and told.total() == min(all.total(), violations.TOLD_MAX)


def split(violations_text):
    """The violations of a message; a value may contain the separator, but not this."""
    return violations_text.replace("; Value", "\n; Value").split("\n; ")


def main(endpoint, documented):
    states = tables.documented_states(documented)
    served = [name for name in service.operation_names if states[name] != "not yet"]
    run = Run(endpoint)
    run.failures += tables.gaps(served)
    for case in tables.CASES:
        # The others are called below, and must say that they are not served.
        if case.operation in served:
            run.case(case)
    for name in service.operation_names:
        if name in served:
            run.members(name)
        else:
            run.not_served(name)
        run.constraints(name)
        run.malformed(name)
    count = f"{len(run.failures)} failures in {run.calls} calls of {len(service.operation_names)} operations"
    print(*run.failures, count, sep="\n")
    sys.exit(bool(run.failures))


main(*sys.argv[1:])
