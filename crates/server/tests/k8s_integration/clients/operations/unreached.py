"""Errors of the model that no case leads to, and why: the one list of what the tables leave out."""

SERVICE = "a fault of the service or a throttle of the API itself, which nobody provokes from outside"
UNSIGNED = "no signature is checked"
NO_LIMIT = "no such limit is kept"

# Of every operation.
EVERYWHERE = {
    "ServiceException": SERVICE,
    "TooManyRequestsException": SERVICE,
    "CodeStorageExceededException": "needs 75 GB of code",
    "AliasLimitExceededException": NO_LIMIT,
    "CapacityProviderLimitExceededException": NO_LIMIT,
    "FunctionVersionsPerCapacityProviderLimitExceededException": NO_LIMIT,
    "InvalidCodeSignatureException": UNSIGNED,
    "CodeVerificationFailedException": UNSIGNED,
    "PublicPolicyException": "no public access is blocked",
}

# A second change while one is under way: here none takes time.
AT_ONCE = """
    DeleteAlias DeleteEventSourceMapping DeleteFunctionCodeSigningConfig
    DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig
    DeleteProvisionedConcurrencyConfig DeleteResourcePolicy Invoke InvokeAsync
    InvokeWithResponseStream PublishVersion    PutFunctionCodeSigningConfig PutFunctionConcurrency PutFunctionEventInvokeConfig PutFunctionRecursionConfig PutFunctionScalingConfig
    PutResourcePolicy PutRuntimeManagementConfig RemoveLayerVersionPermission TagResource UntagResource UpdateAlias
    UpdateCapacityProvider UpdateEventSourceMapping UpdateFunctionCode UpdateFunctionConfiguration
    UpdateFunctionEventInvokeConfig UpdateFunctionUrlConfig
""".split()

# Whatever the model's constraints let pass is valid.
ALL_IS_VALID = """
    AddLayerVersionPermission CreateCapacityProvider CreateCodeSigningConfig DeleteAlias
    DeleteCapacityProvider DeleteCodeSigningConfig DeleteEventSourceMapping DeleteFunctionCodeSigningConfig
    DeleteFunctionUrlConfig DeleteResourcePolicy GetAlias GetCapacityProvider GetCodeSigningConfig
    GetEventSourceMapping GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig
    GetFunctionUrlConfig GetLayerVersionByArn GetLayerVersionPolicy GetResourcePolicy PutFunctionCodeSigningConfig
    PutFunctionRecursionConfig RemoveLayerVersionPermission UpdateCapacityProvider UpdateCodeSigningConfig
    UpdateFunctionUrlConfig
""".split()

# Lists of what is not there are empty, and what is not there is deleted at once.
NONE_IS_FINE = """
    CreateEventSourceMapping CreateFunction DeleteLayerVersion ListEventSourceMappings ListLayerVersions
    PublishLayerVersion
""".split()

# Faults of the execution environment and what it reaches; the tests of invocations in Pods see those that Pods have.
INVOCATIONS = ["Invoke", "InvokeAsync", "InvokeWithResponseStream"]
OF_ENVIRONMENTS = """
    RuntimeAliasDeleted CodeArtifactUserDeleted ResourceNotReady ServiceQuotaExceeded InvalidSecurityGroupID
    SnapStartTimeout EC2Throttled EFSMountConnectivity SubnetIPAddressLimitReached KMSAccessDenied RequestTooLarge
    KMSDisabled UnsupportedMediaType S3FilesMountConnectivity SerializedRequestEntityTooLarge InvalidRuntime
    NoPublishedVersion EC2Unexpected InvalidSubnetID KMSNotFound EC2AccessDenied EFSIO KMSInvalidState
    RuntimeVersionDeleted ENILimitReached SnapStartNotReady CodeArtifactUserPending SnapStart RecursiveInvocation
    S3FilesMountFailure EFSMountTimeout ENINotReady S3FilesMountTimeout CodeArtifactUserFailed ModeNotSupported
    SnapStartRegenerationFailure DurableExecutionAlreadyStarted InvalidZipFile EFSMountFailure
""".split()

# Of single operations.
SINGLE = {
    *((name, "ResourceConflictException") for name in AT_ONCE),
    *((name, "InvalidParameterValueException") for name in ALL_IS_VALID),
    *((name, "ResourceNotFoundException") for name in NONE_IS_FINE),
    *((name, f"{error}Exception") for name in INVOCATIONS for error in OF_ENVIRONMENTS),
    # The model's own constraint is the same limit, and comes first.
    ("PutResourcePolicy", "PolicyLengthExceededException"),
    # A mapping is never in use longer than a call takes.
    ("DeleteEventSourceMapping", "ResourceInUseException"),
    ("UpdateEventSourceMapping", "ResourceInUseException"),
    # A function with a signing configuration that is gone: those in use cannot be deleted.
    ("DeleteFunctionCodeSigningConfig", "CodeSigningConfigNotFoundException"),
    ("GetFunctionCodeSigningConfig", "CodeSigningConfigNotFoundException"),
    ("UpdateFunctionCode", "CodeSigningConfigNotFoundException"),
    ("UpdateFunctionConfiguration", "CodeSigningConfigNotFoundException"),
}
