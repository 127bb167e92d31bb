"""Functions and what belongs to them, in the calls of the Terraform provider."""
import json
import time

from stack import Resource, hashed, picked

NO_NETWORK = {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False}

# The configuration's members by the API's names: how each is given, and how it is found in what GetFunction shows.
MEMBERS = {
    "description": (lambda it: {"Description": it}, lambda it: it.get("Description")),
    "handler": (lambda it: {"Handler": it}, lambda it: it.get("Handler")),
    "memory_mib": (lambda it: {"MemorySize": it}, lambda it: it["MemorySize"]),
    "role": (lambda it: {"Role": it}, lambda it: it["Role"]),
    "runtime": (lambda it: {"Runtime": it}, lambda it: it.get("Runtime")),
    "timeout_s": (lambda it: {"Timeout": it}, lambda it: it["Timeout"]),
    "kms_key": (lambda it: {"KMSKeyArn": it}, lambda it: it.get("KMSKeyArn", "")),
    "layers": (lambda it: {"Layers": it}, lambda it: [layer["Arn"] for layer in it.get("Layers", [])]),
    "dead_letters": (
        lambda it: {"DeadLetterConfig": {"TargetArn": it}},
        lambda it: it.get("DeadLetterConfig", {}).get("TargetArn", ""),
    ),
    "environment": (
        lambda it: {"Environment": {"Variables": it}},
        lambda it: it.get("Environment", {}).get("Variables", {}),
    ),
    "storage_mib": (lambda it: {"EphemeralStorage": {"Size": it}}, lambda it: it["EphemeralStorage"]["Size"]),
    "file_systems": (lambda it: {"FileSystemConfigs": it}, lambda it: it.get("FileSystemConfigs", [])),
    "logging": (
        lambda it: {"LoggingConfig": {name: each for name, each in it.items() if each}},
        lambda it: picked(it["LoggingConfig"], "LogFormat", "LogGroup", "ApplicationLogLevel", "SystemLogLevel"),
    ),
    "snap_start": (lambda it: {"SnapStart": {"ApplyOn": it}}, lambda it: it["SnapStart"]["ApplyOn"]),
    "tracing": (lambda it: {"TracingConfig": {"Mode": it}}, lambda it: it["TracingConfig"]["Mode"]),
    "network": (
        lambda it: {"VpcConfig": it},
        lambda it: {name: it.get("VpcConfig", {}).get(name, empty) for name, empty in NO_NETWORK.items()},
    ),
}
CODE = {"code", "architectures"}


class Function(Resource):
    """The function, which publishes a version with each change; `version` is what it read last."""

    version = None

    def create(self):
        config = self.config
        members = self.members(MEMBERS.keys())
        self.lambda_.create_function(
            FunctionName=config["name"],
            PackageType="Zip",
            Publish=True,
            Code={"ZipFile": config["code"]},
            Architectures=config["architectures"],
            Tags=config["tags"],
            **members,
        )
        self.wait("State", "Active")
        self.put_reserved()

    def read(self):
        name = self.name()
        found = self.lambda_.get_function(**name)
        configuration = found["Configuration"]
        versions = self.lambda_.get_paginator("list_versions_by_function").paginate(**name).build_full_result()
        latest = versions["Versions"][-1]
        assert latest["FunctionArn"].endswith(f":{latest['Version']}"), latest
        self.version = latest["Version"]
        signing = self.lambda_.get_function_code_signing_config(**name)
        same_code = configuration["CodeSha256"] == hashed(self.config["code"])
        return {member: shown(configuration) for member, (_, shown) in MEMBERS.items()} | {
            "name": configuration["FunctionName"],
            "code": self.config["code"] if same_code else configuration["CodeSha256"],
            "architectures": configuration["Architectures"],
            "tags": found.get("Tags", {}),
            "reserved": found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "signing": signing.get("CodeSigningConfigArn", ""),
        }

    def update(self, changed):
        if "signing" in changed and self.config["signing"]:
            self.lambda_.put_function_code_signing_config(**self.name(), CodeSigningConfigArn=self.config["signing"])
        elif "signing" in changed:
            self.lambda_.delete_function_code_signing_config(**self.name())
        if configured := changed & MEMBERS.keys():
            self.lambda_.update_function_configuration(**self.name(), **self.members(configured))
            self.wait("LastUpdateStatus", "Successful")
        if changed & CODE:
            architectures = self.config["architectures"]
            self.lambda_.update_function_code(
                **self.name(), ZipFile=self.config["code"], Architectures=architectures
            )
            self.wait("LastUpdateStatus", "Successful")
        if "reserved" in changed:
            self.put_reserved()
        if "tags" in changed:
            self.retag()
        if configured or changed & CODE:
            self.publish()

    def delete(self):
        self.lambda_.delete_function(**self.name())

    def members(self, names):
        given = {}
        for name in names:
            given |= MEMBERS[name][0](self.config[name])
        return given

    def put_reserved(self):
        if self.config["reserved"] < 0:
            return self.lambda_.delete_function_concurrency(**self.name())
        self.lambda_.put_function_concurrency(**self.name(), ReservedConcurrentExecutions=self.config["reserved"])

    def retag(self):
        resource = {"Resource": self.arn}
        old = self.lambda_.list_tags(**resource)["Tags"]
        if removed := [key for key in old if key not in self.config["tags"]]:
            self.lambda_.untag_resource(**resource, TagKeys=removed)
        if self.config["tags"]:
            self.lambda_.tag_resource(**resource, Tags=self.config["tags"])

    def publish(self):
        before = self.version
        published = self.lambda_.publish_version(**self.name())["Version"]
        assert published == str(int(before) + 1), f"the change after version {before} became {published}"
        answer = self.lambda_.get_function_configuration(**self.name(), Qualifier=published)
        assert answer["LastUpdateStatus"] == "Successful", answer

    def wait(self, member, wanted):
        eventually(
            f"{member} of the function is {wanted}",
            lambda: self.lambda_.get_function(**self.name())["Configuration"][member] == wanted,
        )

    def name(self):
        return {"FunctionName": self.config["name"]}

    @property
    def arn(self):
        return f"arn:aws:lambda:us-east-1:{self.clients.account}:function:{self.config['name']}"


class LayerVersion(Resource):
    """One version: a change is another version."""

    version = 1

    def create(self):
        published = self.lambda_.publish_layer_version(
            LayerName=self.config["name"],
            Content={"ZipFile": self.config["code"]},
            CompatibleRuntimes=self.config["runtimes"],
            Description=self.config["description"],
            LicenseInfo=self.config["license"],
        )
        self.version = published["Version"]

    def read(self):
        layer = self.lambda_.get_layer_version(LayerName=self.config["name"], VersionNumber=self.version)
        assert layer["LayerVersionArn"] == self.arn, layer
        same_code = layer["Content"]["CodeSha256"] == hashed(self.config["code"])
        return {
            "name": layer["LayerArn"].rsplit(":", 1)[1],
            "code": self.config["code"] if same_code else layer["Content"]["CodeSha256"],
            "runtimes": layer["CompatibleRuntimes"],
            "description": layer["Description"],
            "license": layer["LicenseInfo"],
        }

    def delete(self):
        self.lambda_.delete_layer_version(LayerName=self.config["name"], VersionNumber=self.version)

    @property
    def arn(self):
        return f"arn:aws:lambda:us-east-1:{self.clients.account}:layer:{self.config['name']}:{self.version}"


class Alias(Resource):
    def create(self):
        self.lambda_.create_alias(**self.given())

    def read(self):
        alias = self.lambda_.get_alias(FunctionName=self.config["function"], Name=self.config["name"])
        return {
            "function": self.config["function"],
            "name": alias["Name"],
            "version": alias["FunctionVersion"],
            "description": alias["Description"],
            "weights": alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
        }

    def update(self, changed):
        self.lambda_.update_alias(**self.given())

    def delete(self):
        self.lambda_.delete_alias(FunctionName=self.config["function"], Name=self.config["name"])

    def given(self):
        return {
            "FunctionName": self.config["function"],
            "Name": self.config["name"],
            "FunctionVersion": self.config["version"],
            "Description": self.config["description"],
            "RoutingConfig": {"AdditionalVersionWeights": self.config["weights"]},
        }


class Permission(Resource):
    def create(self):
        self.lambda_.add_permission(
            FunctionName=self.config["function"],
            Qualifier=self.config["qualifier"],
            StatementId=self.config["name"],
            Action=self.config["action"],
            Principal=self.config["principal"],
            SourceArn=self.config["source"],
            SourceAccount=self.config["account"],
        )

    def read(self):
        policy = self.lambda_.get_policy(FunctionName=self.config["function"], Qualifier=self.config["qualifier"])
        statements = [each for each in json.loads(policy["Policy"])["Statement"] if each["Sid"] == self.config["name"]]
        if not statements:
            return None
        (statement,) = statements
        condition = statement["Condition"]
        # The provider takes function and qualifier out of the resource.
        function, qualifier = statement["Resource"].split(":function:")[1].split(":")
        return {
            "function": function,
            "qualifier": qualifier,
            "name": statement["Sid"],
            "action": statement["Action"],
            "principal": statement["Principal"]["Service"],
            "source": condition["ArnLike"]["AWS:SourceArn"],
            "account": condition["StringEquals"]["AWS:SourceAccount"],
        }

    def delete(self):
        self.lambda_.remove_permission(
            FunctionName=self.config["function"],
            Qualifier=self.config["qualifier"],
            StatementId=self.config["name"],
        )


class EventSourceMapping(Resource):
    uuid = "00000000-0000-0000-0000-000000000000"
    CHANGING = {
        "batch": "BatchSize",
        "window_s": "MaximumBatchingWindowInSeconds",
        "filters": "FilterCriteria",
        "enabled": "Enabled",
        "responses": "FunctionResponseTypes",
    }

    def create(self):
        created = self.lambda_.create_event_source_mapping(
            FunctionName=self.config["function"], EventSourceArn=self.config["source"], **self.given(self.CHANGING)
        )
        self.uuid = created["UUID"]
        self.settle()

    def read(self):
        mapping = self.lambda_.get_event_source_mapping(UUID=self.uuid)
        return {
            "function": mapping["FunctionArn"],
            "source": mapping["EventSourceArn"],
            "batch": mapping["BatchSize"],
            "window_s": mapping["MaximumBatchingWindowInSeconds"],
            "filters": mapping.get("FilterCriteria", {}),
            "enabled": mapping["State"] == "Enabled",
            "responses": mapping["FunctionResponseTypes"],
        }

    def update(self, changed):
        self.lambda_.update_event_source_mapping(UUID=self.uuid, **self.given(changed))
        self.settle()

    def delete(self):
        self.lambda_.delete_event_source_mapping(UUID=self.uuid)
        eventually("the mapping is gone", lambda: self.refreshed() is None)

    def given(self, members):
        return {self.CHANGING[member]: self.config[member] for member in members}

    def settle(self):
        state = lambda: self.lambda_.get_event_source_mapping(UUID=self.uuid)["State"]
        eventually("the mapping is enabled or disabled", lambda: state() in ("Enabled", "Disabled"))


class EventInvokeConfig(Resource):
    def create(self):
        destinations = {
            outcome: {"Destination": arn} for outcome, arn in self.config["destinations"].items()
        }
        self.lambda_.put_function_event_invoke_config(
            **self.name(),
            MaximumRetryAttempts=self.config["retries"],
            MaximumEventAgeInSeconds=self.config["age_s"],
            DestinationConfig=destinations,
        )

    def read(self):
        found = self.lambda_.get_function_event_invoke_config(**self.name())
        destinations = found["DestinationConfig"]
        return {
            "function": self.config["function"],
            "qualifier": found["FunctionArn"].rsplit(":", 1)[1],
            "retries": found["MaximumRetryAttempts"],
            "age_s": found["MaximumEventAgeInSeconds"],
            "destinations": {
                outcome: each["Destination"] for outcome, each in destinations.items() if "Destination" in each
            },
        }

    def update(self, changed):
        # The provider puts the whole configuration again.
        self.create()

    def delete(self):
        self.lambda_.delete_function_event_invoke_config(**self.name())

    def name(self):
        return {"FunctionName": self.config["function"], "Qualifier": self.config["qualifier"]}


class FunctionUrl(Resource):
    def create(self):
        self.lambda_.create_function_url_config(**self.given())

    def read(self):
        url = self.lambda_.get_function_url_config(**self.name())
        return {
            "function": self.config["function"],
            "qualifier": url["FunctionArn"].rsplit(":", 1)[1],
            "auth": url["AuthType"],
            "mode": url["InvokeMode"],
            "cors": url.get("Cors", {}),
        }

    def update(self, changed):
        self.lambda_.update_function_url_config(**self.given())

    def delete(self):
        self.lambda_.delete_function_url_config(**self.name())

    def given(self):
        return self.name() | {
            "AuthType": self.config["auth"],
            "InvokeMode": self.config["mode"],
            "Cors": self.config["cors"],
        }

    def name(self):
        return {"FunctionName": self.config["function"], "Qualifier": self.config["qualifier"]}


class CodeSigningConfig(Resource):
    arn = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000"

    def create(self):
        created = self.lambda_.create_code_signing_config(**self.given())
        self.arn = created["CodeSigningConfig"]["CodeSigningConfigArn"]

    def read(self):
        found = self.lambda_.get_code_signing_config(CodeSigningConfigArn=self.arn)["CodeSigningConfig"]
        return {
            "description": found["Description"],
            "publishers": found["AllowedPublishers"]["SigningProfileVersionArns"],
            "policy": found["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"],
        }

    def update(self, changed):
        self.lambda_.update_code_signing_config(CodeSigningConfigArn=self.arn, **self.given())

    def delete(self):
        self.lambda_.delete_code_signing_config(CodeSigningConfigArn=self.arn)

    def given(self):
        return {
            "Description": self.config["description"],
            "AllowedPublishers": {"SigningProfileVersionArns": self.config["publishers"]},
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": self.config["policy"]},
        }


def eventually(what, probe):
    deadline = time.monotonic() + 60
    while not probe():
        assert time.monotonic() < deadline, f"waited 60 s in vain until {what}"
        time.sleep(0.2)
