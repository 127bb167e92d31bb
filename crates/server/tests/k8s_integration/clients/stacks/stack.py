"""A stack of resources that is applied, refreshed, changed and destroyed, as infrastructure tools do it."""
import base64
import hashlib
import io
import zipfile

import boto3
from botocore.exceptions import ClientError


class Clients:
    """boto3's clients of one account, all with one endpoint."""

    def __init__(self, endpoint):
        session = boto3.Session(region_name="us-east-1")
        self.lambda_, self.iam, self.sts, self.s3 = (
            session.client(service, endpoint_url=endpoint) for service in ("lambda", "iam", "sts", "s3")
        )
        # Providers begin by asking whose credentials they have.
        self.account = self.sts.get_caller_identity()["Account"]


class Resource:
    """What a tool keeps of a resource: the configuration that it compares with what it reads."""

    # What the service says of a resource that is not there.
    gone = "ResourceNotFoundException"

    def __init__(self, clients, **config):
        self.clients, self.lambda_, self.iam = clients, clients.lambda_, clients.iam
        self.config = config

    def create(self):
        raise NotImplementedError

    def read(self):
        """The configuration as the service has it."""
        raise NotImplementedError

    def update(self, changed):
        """Makes the members that are named what the configuration says."""
        raise NotImplementedError

    def delete(self):
        raise NotImplementedError

    def refreshed(self):
        """What is read; None when the resource is not there."""
        try:
            return self.read()
        except ClientError as error:
            if error.response["Error"]["Code"] != self.gone:
                raise
            return None


def apply(*resources):
    for resource in resources:
        assert resource.refreshed() is None, f"{label(resource)} is there before it was made"
        resource.create()
        expect_no_difference(resource)


def refresh(*resources):
    for resource in resources:
        expect_no_difference(resource)


def change(resource, **changes):
    """Changes some members together; all others must stay as they are."""
    resource.config |= changes
    resource.update(set(changes))
    expect_no_difference(resource)


def destroy(*resources):
    for resource in reversed(resources):
        resource.delete()
        left = resource.refreshed()
        assert left is None, f"{label(resource)} is there after it was deleted: {left}"


def expect_no_difference(resource):
    found = resource.refreshed()
    assert found is not None, f"{label(resource)} is not there"
    wanted = resource.config
    differences = [
        f"{name}: configured {wanted.get(name)!r}, read {found.get(name)!r}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    assert not differences, f"{label(resource)}: " + "; ".join(differences)


def label(resource):
    return f"{type(resource).__name__} {resource.config.get('name', '')}"


def archive(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(zipfile.ZipInfo("app.py"), text)
    return file.getvalue()


def hashed(code):
    """The hash that tools compare with CodeSha256."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def picked(source, *names):
    """Some members, None for those that are not there."""
    return {name: source.get(name) for name in names}
