"""Names that say one version while the qualifier says another, and names with a version where only functions do."""
from case import FUNCTION, VERSION, no
from model import sample, service

TWICE = """
    AddPermission DeleteFunction DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig GetFunction
    GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy GetProvisionedConcurrencyConfig
    GetRuntimeManagementConfig Invoke InvokeWithResponseStream PutFunctionEventInvokeConfig
    PutProvisionedConcurrencyConfig PutRuntimeManagementConfig RemovePermission UpdateFunctionEventInvokeConfig
""".split()

OF_FUNCTIONS = "PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency".split()


def called(operation, **members):
    return sample(service.operation_model(operation).input_shape) | members


CASES = [
    no(name, [FUNCTION, VERSION], called(name, FunctionName="f:1", Qualifier="2"), "InvalidParameterValue", "does not match the specified qualifier")
    for name in TWICE
] + [
    no(name, [FUNCTION, VERSION], called(name, FunctionName="f:1"), "InvalidParameterValue", "unqualified function ARN")
    for name in OF_FUNCTIONS
]
