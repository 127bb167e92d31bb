"""Layers and their permissions."""
from case import HERE, LAYER, STALE, Got, archive, no, ok

L = {"LayerName": "l"}
ONE = L | {"VersionNumber": 1}
NINE = L | {"VersionNumber": 9}
GRANT = ("AddLayerVersionPermission", ONE | {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"})
# As many statements of 240 bytes as a policy holds.
FULL = [("AddLayerVersionPermission", GRANT[1] | {"StatementId": f"{n}".rjust(100, "s")}) for n in range(85)]

CASES = [
    ok("PublishLayerVersion", [], LAYER[1] | {"CompatibleRuntimes": ["python3.12"]}, Version=1, CompatibleRuntimes=["python3.12"]),
    ok("PublishLayerVersion", [LAYER], LAYER[1], Version=2),
    no("PublishLayerVersion", [], L | {"Content": {"ZipFile": b"no zip"}}, "InvalidParameterValue", "unzip"),
    no("PublishLayerVersion", [], LAYER[1] | {"CompatibleRuntimes": ["cobol"]}, "Validation", "Value '[cobol]' at 'compatibleRuntimes'"),
    no("PublishLayerVersion", [], LAYER[1] | {"CompatibleRuntimes": [None]}, "Validation", "Value '[null]' at 'compatibleRuntimes'"),
    no("PublishLayerVersion", [], LAYER[1] | {"CompatibleArchitectures": ["vax"]}, "Validation", "Value '[vax]' at 'compatibleArchitectures'"),
    no("PublishLayerVersion", [], L | {"Content": {}}, "InvalidParameterValue", "source"),
    ok("GetLayerVersion", [LAYER], ONE, Version=1),
    no("GetLayerVersion", [LAYER], NINE, "ResourceNotFound", "resource you requested does not exist"),
    no("GetLayerVersion", [LAYER], L | {"VersionNumber": 0}, "InvalidParameterValue", "Layer Version"),
    ok("GetLayerVersionByArn", [LAYER], {"Arn": f"{HERE}:layer:l:1"}, Version=1),
    no("GetLayerVersionByArn", [LAYER], {"Arn": f"{HERE}:layer:l:9"}, "ResourceNotFound", "resource you requested does not exist"),
    ok("ListLayers", [LAYER], {}, Layers=[{"LayerName": "l", "LatestMatchingVersion": {"Version": 1}}]),
    no("ListLayers", [LAYER], {"CompatibleRuntime": "cobol"}, "Validation", "Value 'cobol' at 'compatibleRuntime'"),
    no("ListLayers", [LAYER], {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("ListLayerVersions", [LAYER, LAYER], L, LayerVersions=[{"Version": 2}, {"Version": 1}]),
    no("ListLayerVersions", [LAYER], L | {"CompatibleRuntime": "cobol"}, "Validation", "Value 'cobol' at 'compatibleRuntime'"),
    no("ListLayerVersions", [LAYER], L | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("DeleteLayerVersion", [LAYER], ONE),
    ok("DeleteLayerVersion", [], ONE),
    no("DeleteLayerVersion", [LAYER], L | {"VersionNumber": 0}, "InvalidParameterValue", "Layer Version"),
    ok("AddLayerVersionPermission", [LAYER], GRANT[1]),
    no("AddLayerVersionPermission", [], GRANT[1], "ResourceNotFound", "layer:l:1"),
    no("AddLayerVersionPermission", [LAYER, GRANT], GRANT[1], "ResourceConflict", "all"),
    no("AddLayerVersionPermission", [LAYER, GRANT], GRANT[1] | {"StatementId": "more", "RevisionId": STALE}, "PreconditionFailed", "Revision"),
    no("AddLayerVersionPermission", [LAYER, *FULL], GRANT[1] | {"StatementId": "x" * 100}, "PolicyLengthExceeded", "policy size"),
    ok("GetLayerVersionPolicy", [LAYER, GRANT], ONE, RevisionId=Got("RevisionId")),
    no("GetLayerVersionPolicy", [LAYER], ONE, "ResourceNotFound", "No policy"),
    ok("RemoveLayerVersionPermission", [LAYER, GRANT], ONE | {"StatementId": "all"}),
    no("RemoveLayerVersionPermission", [LAYER, GRANT], ONE | {"StatementId": "other"}, "ResourceNotFound", "other"),
    no("RemoveLayerVersionPermission", [LAYER, GRANT], ONE | {"StatementId": "all", "RevisionId": STALE}, "PreconditionFailed", "Revision"),
]
