"""Capacity providers, and functions on them."""
from case import F, FUNCTION, HERE, ROLE, VERSION, create_function, no, ok

NAME = {"CapacityProviderName": "c"}
OTHER = {"CapacityProviderName": "missing"}
NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
OPERATOR = {"CapacityProviderOperatorRoleArn": ROLE}
PROVIDER = ("CreateCapacityProvider", NAME | {"VpcConfig": NETWORK, "PermissionsConfig": OPERATOR})
ON_PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": f"{HERE}:capacity-provider:c"}}
PLACED = [PROVIDER, create_function(CapacityProviderConfig=ON_PROVIDER), VERSION]
FIRST = F | {"Qualifier": "1"}

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
    no("DeleteCapacityProvider", PLACED, NAME, "ResourceConflict", "function:f:1"),
    ok("ListFunctionVersionsByCapacityProvider", PLACED, NAME, FunctionVersions=[{"FunctionArn": f"{HERE}:function:f:1", "State": "Active"}]),
    no("ListFunctionVersionsByCapacityProvider", [], OTHER, "ResourceNotFound", "capacity-provider:missing"),
    no("ListFunctionVersionsByCapacityProvider", [PROVIDER], NAME | {"Marker": "nonsense"}, "InvalidParameterValue", "Marker"),
    ok("PutFunctionScalingConfig", PLACED, FIRST | {"FunctionScalingConfig": {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 2}}),
    no("PutFunctionScalingConfig", PLACED, FIRST | {"FunctionScalingConfig": {"MinExecutionEnvironments": 2, "MaxExecutionEnvironments": 1}}, "InvalidParameterValue", "MinExecutionEnvironments"),
    no("PutFunctionScalingConfig", [FUNCTION], FIRST | {"FunctionScalingConfig": {}}, "ResourceNotFound", "function:f:1"),
    ok("GetFunctionScalingConfig", PLACED, FIRST, FunctionArn=f"{HERE}:function:f:1"),
    no("GetFunctionScalingConfig", [FUNCTION], FIRST, "ResourceNotFound", "function:f:1"),
]
