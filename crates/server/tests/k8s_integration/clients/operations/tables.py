"""All tables, and that they leave nothing out."""
from pathlib import Path

from case import Refusal
from cases import functions, layers, mappings, policies, providers, qualifiers, settings, signing, versions
from model import service
from unreached import EVERYWHERE, SINGLE

TABLES = [functions, versions, layers, policies, settings, signing, mappings, providers, qualifiers]
CASES = [case for table in TABLES for case in table.CASES]


def documented_states(file):
    """The state of each operation in the documented table of Lambda, after which comes ECR's."""
    table, _ = Path(file).read_text().split("\n## ECR\n")
    rows = [row.strip("|").split("|") for row in table.splitlines() if row.startswith("| ")]
    return {operation.strip(): state.strip() for operation, state, _ in rows[1:]}


def gaps(served):
    """What has no case though it should, and what has one though it is listed as unreached: a line each."""
    valid = {case.operation for case in CASES if not isinstance(case.expected, Refusal)}
    refused = {(case.operation, case.expected.code) for case in CASES if isinstance(case.expected, Refusal)}
    for name in served:
        if name not in valid:
            yield f"{name}: no case of valid input"
        for error in service.operation_model(name).error_shapes:
            unreached = error.name in EVERYWHERE or (name, error.name) in SINGLE
            if unreached == ((name, error.name) in refused):
                yield f"{name}: {error.name} is listed as unreached" if unreached else f"{name}: no case of {error.name}"
