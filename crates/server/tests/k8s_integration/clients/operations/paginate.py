"""Reads every list that boto3 can page through, one element a page, and compares that with the list in one piece.

Usage: paginate.py ENDPOINT OPERATIONS.md
"""
import sys

import jmespath

from case import ALIAS, F, FUNCTION, LAYER, VERSION, Got, archive, create_function, filled
from cases import providers, settings, signing, versions
from client import Client, snake_case
from model import session
from tables import documented_states

QUEUES = [f"arn:aws:sqs:us-east-1:ACCOUNT:queue-{n}" for n in range(3)]
OTHER = ("CreateAlias", F | {"Name": "other", "FunctionVersion": "1"})
QUALIFIERS = ["1", "live", "other"]
CODE = ("UpdateFunctionCode", F | {"ZipFile": archive("other")})
PUBLISHED = [FUNCTION, VERSION, CODE, VERSION]
NAMED = [FUNCTION, VERSION, ALIAS, OTHER]
SIGNED = {"CodeSigningConfigArn": Got("CodeSigningConfigArn")}

# What makes three elements, and what the list needs to be told.
LISTS = {
    "ListFunctions": ([create_function(name) for name in "abc"], {}),
    "ListVersionsByFunction": (PUBLISHED, F),
    "ListAliases": ([*NAMED, ("CreateAlias", F | {"Name": "third", "FunctionVersion": "1"})], F),
    "ListLayers": ([("PublishLayerVersion", LAYER[1] | {"LayerName": name}) for name in "abc"], {}),
    "ListLayerVersions": ([LAYER] * 3, {"LayerName": "l"}),
    "ListFunctionEventInvokeConfigs": (
        [*NAMED, *[(settings.EVENTS[0], settings.EVENTS[1] | {"Qualifier": each}) for each in QUALIFIERS]],
        F,
    ),
    "ListFunctionUrlConfigs": (
        [*NAMED, settings.URL, *[(settings.URL[0], settings.URL[1] | {"Qualifier": each}) for each in QUALIFIERS[1:]]],
        F,
    ),
    "ListProvisionedConcurrencyConfigs": (
        [
            *PUBLISHED,
            ALIAS,
            (versions.PROVISIONED[0], versions.PROVISIONED[1] | {"Qualifier": "2"}),
            versions.PROVISIONED,
            ("UpdateFunctionCode", F | {"ZipFile": archive("third")}),
            VERSION,
            (versions.PROVISIONED[0], versions.PROVISIONED[1] | {"Qualifier": "3"}),
        ],
        F,
    ),
    "ListEventSourceMappings": (
        [FUNCTION, *[("CreateEventSourceMapping", F | {"EventSourceArn": queue}) for queue in QUEUES]],
        {},
    ),
    "ListCodeSigningConfigs": ([signing.SIGNING] * 3, {}),
    "ListFunctionsByCodeSigningConfig": (
        [
            signing.SIGNING,
            *[create_function(name) for name in "abc"],
            *[("PutFunctionCodeSigningConfig", {"FunctionName": name} | SIGNED) for name in "abc"],
        ],
        SIGNED,
    ),
    "ListCapacityProviders": (
        [(providers.PROVIDER[0], providers.PROVIDER[1] | {"CapacityProviderName": name}) for name in "abc"],
        {},
    ),
    "ListFunctionVersionsByCapacityProvider": (
        [*providers.PLACED, CODE, VERSION, ("UpdateFunctionCode", F | {"ZipFile": archive("third")}), VERSION],
        providers.NAME,
    ),
}


def check(client, operation):
    given, input = LISTS[operation]
    account = client.account.access_key
    seen = []
    for name, members in given:
        seen.append(client.call(name, filled(members, account, seen)))
        assert not seen[-1].code, f"{operation}: {name}, which comes before, answered {seen[-1]}"
    input = filled(input, account, seen)
    paginator = client.boto3.get_paginator(snake_case(operation))
    whole = paginator.paginate(**input).build_full_result()
    pages = [page for page in paginator.paginate(**input, PaginationConfig={"PageSize": 1})]
    (key,) = [each.expression for each in paginator.result_keys]
    everything = jmespath.search(key, whole)
    assert len(everything) == 3, f"{operation}: not 3 elements but {everything}"
    sizes = [len(jmespath.search(key, page)) for page in pages]
    assert sizes == [1, 1, 1], f"{operation}: pages of {sizes} elements"
    paged = [each for page in pages for each in jmespath.search(key, page)]
    assert paged == everything, f"{operation}: page by page {paged}, at once {everything}"
    # Where a page ends, another client can go on.
    first = paginator.paginate(**input, PaginationConfig={"MaxItems": 2, "PageSize": 1}).build_full_result()
    rest = paginator.paginate(**input, PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
    resumed = jmespath.search(key, first) + jmespath.search(key, rest)
    assert resumed == everything, f"{operation}: resumed {resumed}, at once {everything}"


def main(endpoint, documented):
    states = documented_states(documented)
    model = session.get_component("data_loader").load_service_model("lambda", "paginators-1")
    served = [name for name in model["pagination"] if states[name] != "not yet"]
    missing = set(served) ^ set(LISTS)
    assert not missing, f"boto3 pages through {sorted(served)}, the table has {sorted(LISTS)}"
    client = Client(endpoint)
    for number, operation in enumerate(served):
        # Not an account of another test of the same server.
        client.account.access_key = f"9{number:011}"
        check(client, operation)
    print(f"{len(served)} lists")


main(*sys.argv[1:])
