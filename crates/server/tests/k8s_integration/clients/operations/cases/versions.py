"""Versions and aliases, and the concurrency that is set aside for them."""
from case import ALIAS, F, FUNCTION, MISSING, STALE, VERSION, no, ok

PROVISIONED = ("PutProvisionedConcurrencyConfig", F | {"Qualifier": "live", "ProvisionedConcurrentExecutions": 1})
PUBLISHED = [FUNCTION, VERSION]
NAMED = [FUNCTION, VERSION, ALIAS]
LIVE = F | {"Name": "live"}
OTHER = F | {"Name": "other"}

CASES = [
    ok("PublishVersion", [FUNCTION], F, Version="1"),
    ok("PublishVersion", PUBLISHED, F, Version="1"),
    no("PublishVersion", [FUNCTION], F | {"PublishTo": "LATEST_PUBLISHED"}, "InvalidParameterValue", "capacity providers"),
    no("PublishVersion", [], MISSING, "ResourceNotFound", "function:missing"),
    no("PublishVersion", [FUNCTION], F | {"CodeSha256": "other"}, "InvalidParameterValue", "CodeSHA256"),
    no("PublishVersion", [FUNCTION], F | {"RevisionId": STALE}, "PreconditionFailed", "Revision"),
    ok("ListVersionsByFunction", PUBLISHED, F, Versions=[{"Version": "$LATEST"}, {"Version": "1"}]),
    no("ListVersionsByFunction", [], MISSING, "ResourceNotFound", "function:missing"),
    no("ListVersionsByFunction", [FUNCTION], F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("CreateAlias", PUBLISHED, ALIAS[1], Name="live", FunctionVersion="1"),
    no("CreateAlias", NAMED, ALIAS[1], "ResourceConflict", "function:f:live"),
    no("CreateAlias", [FUNCTION], ALIAS[1], "ResourceNotFound", "function:f:1"),
    no("CreateAlias", [], MISSING | {"Name": "live", "FunctionVersion": "1"}, "ResourceNotFound", "function:missing"),
    no("CreateAlias", PUBLISHED, ALIAS[1] | {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, "InvalidParameterValue", "version"),
    ok("GetAlias", NAMED, LIVE, Name="live", FunctionVersion="1"),
    no("GetAlias", PUBLISHED, OTHER, "ResourceNotFound", "function:f:other"),
    ok("UpdateAlias", NAMED, LIVE | {"Description": "new"}, Description="new"),
    no("UpdateAlias", PUBLISHED, OTHER | {"Description": "new"}, "ResourceNotFound", "function:f:other"),
    no("UpdateAlias", NAMED, LIVE | {"Description": "new", "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    no("UpdateAlias", NAMED, LIVE | {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, "InvalidParameterValue", "version"),
    ok("DeleteAlias", NAMED, LIVE),
    no("DeleteAlias", [], MISSING | {"Name": "live"}, "ResourceNotFound", "function:missing"),
    ok("ListAliases", NAMED, F, Aliases=[{"Name": "live"}]),
    ok("ListAliases", NAMED, F | {"FunctionVersion": "$LATEST"}, Aliases=[]),
    no("ListAliases", [], MISSING, "ResourceNotFound", "function:missing"),
    no("ListAliases", NAMED, F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("PutFunctionConcurrency", [FUNCTION], F | {"ReservedConcurrentExecutions": 7}, ReservedConcurrentExecutions=7),
    no("PutFunctionConcurrency", [], MISSING | {"ReservedConcurrentExecutions": 7}, "ResourceNotFound", "function:missing"),
    no("PutFunctionConcurrency", [FUNCTION], F | {"ReservedConcurrentExecutions": 901}, "InvalidParameterValue", "[100]"),
    ok("GetFunctionConcurrency", [FUNCTION, ("PutFunctionConcurrency", F | {"ReservedConcurrentExecutions": 7})], F, ReservedConcurrentExecutions=7),
    no("GetFunctionConcurrency", [], MISSING, "ResourceNotFound", "function:missing"),
    ok("DeleteFunctionConcurrency", [FUNCTION], F),
    no("DeleteFunctionConcurrency", [], MISSING, "ResourceNotFound", "function:missing"),
    ok("PutProvisionedConcurrencyConfig", NAMED, PROVISIONED[1], RequestedProvisionedConcurrentExecutions=1, Status="IN_PROGRESS"),
    no("PutProvisionedConcurrencyConfig", [], MISSING | {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1}, "ResourceNotFound", "function:missing"),
    no("PutProvisionedConcurrencyConfig", [FUNCTION], F | {"Qualifier": "$LATEST", "ProvisionedConcurrentExecutions": 1}, "InvalidParameterValue", "unpublished"),
    no("PutProvisionedConcurrencyConfig", [*NAMED, PROVISIONED], F | {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1}, "ResourceConflict", "lias"),
    ok("GetProvisionedConcurrencyConfig", [*NAMED, PROVISIONED], F | {"Qualifier": "live"}, RequestedProvisionedConcurrentExecutions=1),
    no("GetProvisionedConcurrencyConfig", NAMED, F | {"Qualifier": "live"}, "ProvisionedConcurrencyConfigNotFound", "Provisioned Concurrency Config"),
    no("GetProvisionedConcurrencyConfig", [], MISSING | {"Qualifier": "1"}, "ResourceNotFound", "function:missing"),
    no("GetProvisionedConcurrencyConfig", [FUNCTION], F | {"Qualifier": "$LATEST"}, "InvalidParameterValue", "published version"),
    ok("ListProvisionedConcurrencyConfigs", [*NAMED, PROVISIONED], F, ProvisionedConcurrencyConfigs=[{"RequestedProvisionedConcurrentExecutions": 1}]),
    no("ListProvisionedConcurrencyConfigs", [], MISSING, "ResourceNotFound", "function:missing"),
    no("ListProvisionedConcurrencyConfigs", [FUNCTION], F | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("DeleteProvisionedConcurrencyConfig", [*NAMED, PROVISIONED], F | {"Qualifier": "live"}),
    no("DeleteProvisionedConcurrencyConfig", [], MISSING | {"Qualifier": "1"}, "ResourceNotFound", "function:missing"),
    no("DeleteProvisionedConcurrencyConfig", [FUNCTION], F | {"Qualifier": "$LATEST"}, "InvalidParameterValue", "published version"),
]
