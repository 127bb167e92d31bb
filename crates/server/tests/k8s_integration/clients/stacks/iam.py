"""Roles and policies, in the calls of the Terraform provider."""
import json

from stack import Resource


class Iam(Resource):
    gone = "NoSuchEntity"


class Role(Iam):
    def create(self):
        config = self.config
        self.iam.create_role(
            RoleName=config["name"],
            Path="/",
            AssumeRolePolicyDocument=dumped(config["trust"]),
            MaxSessionDuration=config["session_s"],
            Tags=pairs(config["tags"]),
            **({"Description": config["description"]} if config["description"] else {}),
        )
        self.iam.get_waiter("role_exists").wait(RoleName=config["name"])

    def read(self):
        role = self.iam.get_role(RoleName=self.config["name"])["Role"]
        # Providers read these to know policies that nobody configured.
        name = {"RoleName": self.config["name"]}
        self.iam.list_role_policies(**name)
        self.iam.list_attached_role_policies(**name)
        return {
            "name": role["RoleName"],
            "trust": role["AssumeRolePolicyDocument"],
            "description": role.get("Description", ""),
            "session_s": role["MaxSessionDuration"],
            "tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        }

    def update(self, changed):
        name = {"RoleName": self.config["name"]}
        if "trust" in changed:
            self.iam.update_assume_role_policy(**name, PolicyDocument=dumped(self.config["trust"]))
        if "description" in changed:
            self.iam.update_role_description(**name, Description=self.config["description"])
        if "session_s" in changed:
            self.iam.update_role(**name, MaxSessionDuration=self.config["session_s"])
        if "tags" in changed:
            old = [tag["Key"] for tag in self.iam.list_role_tags(**name)["Tags"]]
            self.iam.untag_role(**name, TagKeys=[key for key in old if key not in self.config["tags"]])
            self.iam.tag_role(**name, Tags=pairs(self.config["tags"]))

    def delete(self):
        name = {"RoleName": self.config["name"]}
        assert self.iam.list_instance_profiles_for_role(**name)["InstanceProfiles"] == []
        self.iam.delete_role(**name)

    @property
    def arn(self):
        return f"arn:aws:iam::{self.clients.account}:role/{self.config['name']}"


class RolePolicy(Iam):
    def create(self):
        self.iam.put_role_policy(**self.names(), PolicyDocument=dumped(self.config["document"]))

    def read(self):
        policy = self.iam.get_role_policy(**self.names())
        return {"role": policy["RoleName"], "name": policy["PolicyName"], "document": policy["PolicyDocument"]}

    def update(self, changed):
        self.create()

    def delete(self):
        self.iam.delete_role_policy(**self.names())

    def names(self):
        return {"RoleName": self.config["role"], "PolicyName": self.config["name"]}


class Policy(Iam):
    def create(self):
        self.iam.create_policy(
            PolicyName=self.config["name"],
            Path="/",
            Description=self.config["description"],
            PolicyDocument=dumped(self.config["document"]),
        )

    def read(self):
        policy = self.iam.get_policy(PolicyArn=self.arn)["Policy"]
        version = self.iam.get_policy_version(PolicyArn=self.arn, VersionId=policy["DefaultVersionId"])
        return {
            "name": policy["PolicyName"],
            "description": policy["Description"],
            "document": version["PolicyVersion"]["Document"],
        }

    def update(self, changed):
        self.iam.list_policy_versions(PolicyArn=self.arn)
        self.iam.create_policy_version(
            PolicyArn=self.arn, PolicyDocument=dumped(self.config["document"]), SetAsDefault=True
        )

    def delete(self):
        for version in self.iam.list_policy_versions(PolicyArn=self.arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                self.iam.delete_policy_version(PolicyArn=self.arn, VersionId=version["VersionId"])
        self.iam.delete_policy(PolicyArn=self.arn)

    @property
    def arn(self):
        return f"arn:aws:iam::{self.clients.account}:policy/{self.config['name']}"


class Attachment(Iam):
    def create(self):
        self.iam.attach_role_policy(RoleName=self.config["role"], PolicyArn=self.config["policy"])

    def read(self):
        attached = self.iam.list_attached_role_policies(RoleName=self.config["role"])["AttachedPolicies"]
        arns = [policy["PolicyArn"] for policy in attached]
        return dict(self.config) if self.config["policy"] in arns else None

    def delete(self):
        self.iam.detach_role_policy(RoleName=self.config["role"], PolicyArn=self.config["policy"])


def trust(service):
    """A trust policy, as its JSON document."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(action, resource="*"):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def dumped(document):
    # With spaces, as people write it: what is read must mean the same.
    return json.dumps(document, indent=2)


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]
