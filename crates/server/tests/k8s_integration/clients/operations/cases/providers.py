"""Capacity providers."""
from case import HERE, ROLE, no, ok

NAME = {"CapacityProviderName": "c"}
OTHER = {"CapacityProviderName": "missing"}
NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
OPERATOR = {"CapacityProviderOperatorRoleArn": ROLE}
PROVIDER = ("CreateCapacityProvider", NAME | {"VpcConfig": NETWORK, "PermissionsConfig": OPERATOR})

CASES = [
    ok("CreateCapacityProvider", [], PROVIDER[1], CapacityProvider={"State": "Pending", "VpcConfig": NETWORK}),
    no("CreateCapacityProvider", [PROVIDER], PROVIDER[1], "ResourceConflict", "capacity-provider:c"),
    ok("GetCapacityProvider", [PROVIDER], NAME, CapacityProvider={"CapacityProviderArn": f"{HERE}:capacity-provider:c"}),
    no("GetCapacityProvider", [], OTHER, "ResourceNotFound", "capacity-provider:missing"),
    ok("UpdateCapacityProvider", [PROVIDER], NAME | {"CapacityProviderScalingConfig": {"MaxVCpuCount": 9}}, CapacityProvider={"CapacityProviderScalingConfig": {"MaxVCpuCount": 9}}),
    no("UpdateCapacityProvider", [], OTHER, "ResourceNotFound", "capacity-provider:missing"),
    ok("ListCapacityProviders", [PROVIDER], {}, CapacityProviders=[{"State": "Active"}]),
    no("ListCapacityProviders", [], {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("DeleteCapacityProvider", [PROVIDER], NAME, CapacityProvider={"State": "Deleting"}),
    no("DeleteCapacityProvider", [], OTHER, "ResourceNotFound", "capacity-provider:missing"),
]
