"""A walk through ECR as deployment tools go it: repositories, layers and images, what is told of them, and their end.

Every answer is held to the service model on its way.
"""
import base64
import hashlib
import json
import urllib.request

import boto3

ACCOUNT, REGION = "111122223333", "eu-west-1"
ABSENT = "sha256:" + "0" * 64
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
PART = 6 << 20


class Walk:
    """A client, and what has come of its calls."""

    def __init__(self, endpoint, answers):
        session = boto3.Session(ACCOUNT, "any", region_name=REGION)
        self.ecr = session.client("ecr", endpoint_url=endpoint)
        self.ecr.meta.events.register("after-call.ecr", self._after)
        self.answers, self.calls = answers, 0
        self.succeeded, self.refused = set(), set()

    def _after(self, http_response, parsed, model, **_):
        self.calls += 1
        body = json.loads(http_response.content)
        error = parsed.get("Error")
        if error is None:
            self.succeeded.add(model.name)
            faults = self.answers.faults_of(model.output_shape, body, "")
        else:
            self.refused.add((model.name, error["Code"]))
            shapes = {shape.name: shape for shape in model.error_shapes}
            shape = shapes.get(error["Code"])
            faults = [] if shape and error["Message"] else [f"the model lists no {error}"]
            if shape:
                given = {name: value for name, value in body.items() if name != "__type"}
                faults += self.answers.faults_of(shape, given, "")
        assert not faults, f"{model.name}: {faults}: {body!r:.800}"

    def no(self, error, operation, **members):
        """Calls what is to be refused; the words of the refusal."""
        try:
            answer = getattr(self.ecr, operation)(**members)
        except getattr(self.ecr.exceptions, f"{error}Exception") as refusal:
            self.response = refusal.response
            return refusal.response["Error"]["Message"]
        raise AssertionError(f"{operation} answered {answer!r} instead of {error}")

    def pages(self, operation, member, **members):
        paginator = self.ecr.get_paginator(operation).paginate(**members, PaginationConfig={"PageSize": 1})
        pages = [page[member] for page in paginator]
        assert all(len(page) <= 1 for page in pages), pages
        return [each for page in pages for each in page]


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(media_type, content):
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def manifest_of(layers, **more):
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    config = json.dumps(config).encode()
    described = [descriptor(LAYER, layer) for layer in layers]
    return config, json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config), "layers": described} | more)


def repositories(walk):
    ecr, arn = walk.ecr, f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/app"
    made = ecr.create_repository(repositoryName="team/app", tags=[{"Key": "team", "Value": "a"}])["repository"]
    same((made["repositoryArn"], made["registryId"], made["imageTagMutability"]), (arn, ACCOUNT, "MUTABLE"))
    host = ecr.meta.endpoint_url.split("://")[1]
    same(made["repositoryUri"], f"{host}/{ACCOUNT}/{REGION}/team/app")
    walk.no("RepositoryAlreadyExists", "create_repository", repositoryName="team/app")
    for name in ["a1", "b1"]:
        ecr.create_repository(repositoryName=name)
    same([each["repositoryName"] for each in walk.pages("describe_repositories", "repositories")], ["a1", "b1", "team/app"])
    same(ecr.describe_repositories(repositoryNames=["team/app"])["repositories"], [made])
    walk.no("RepositoryNotFound", "describe_repositories", repositoryNames=["none"])
    walk.no("InvalidParameter", "create_repository", repositoryName="new", imageTagMutability="IMMUTABLE_WITH_EXCLUSION")
    walk.no("InvalidTagParameter", "create_repository", repositoryName="new", tags=[{"Key": "aws:x", "Value": ""}])
    many = [{"Key": str(number), "Value": ""} for number in range(51)]
    walk.no("TooManyTags", "create_repository", repositoryName="new", tags=many)
    for name in ["a1", "b1"]:
        ecr.delete_repository(repositoryName=name)

    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "stage", "Value": "test"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["team"])
    same(ecr.list_tags_for_resource(resourceArn=arn)["tags"], [{"Key": "stage", "Value": "test"}])
    walk.no("InvalidTagParameter", "tag_resource", resourceArn=arn, tags=[{"Key": "", "Value": ""}])
    walk.no("TooManyTags", "tag_resource", resourceArn=arn, tags=many)
    for operation, more in [("tag_resource", {"tags": []}), ("untag_resource", {"tagKeys": []}), ("list_tags_for_resource", {})]:
        walk.no("InvalidParameter", operation, resourceArn="arn:aws:s3:::bucket", **more)
        walk.no("RepositoryNotFound", operation, resourceArn=f"{arn}-none", **more)
    registry = ecr.describe_registry()
    same((registry["registryId"], registry["replicationConfiguration"]), (ACCOUNT, {"rules": []}))


def policies(walk):
    ecr, app = walk.ecr, {"repositoryName": "team/app"}
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    lifecycle = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
    access = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}]})
    walk.no("LifecyclePolicyNotFound", "get_lifecycle_policy", **app)
    walk.no("LifecyclePolicyNotFound", "delete_lifecycle_policy", **app)
    walk.no("InvalidParameter", "put_lifecycle_policy", lifecyclePolicyText="{}".ljust(100), **app)
    same(ecr.put_lifecycle_policy(lifecyclePolicyText=lifecycle, **app)["lifecyclePolicyText"], lifecycle)
    same(ecr.get_lifecycle_policy(**app)["lifecyclePolicyText"], lifecycle)
    same(ecr.delete_lifecycle_policy(**app)["lifecyclePolicyText"], lifecycle)
    walk.no("RepositoryPolicyNotFound", "get_repository_policy", **app)
    walk.no("RepositoryPolicyNotFound", "delete_repository_policy", **app)
    walk.no("InvalidParameter", "set_repository_policy", policyText="{}", **app)
    same(ecr.set_repository_policy(policyText=access, **app)["policyText"], access)
    same(ecr.get_repository_policy(**app)["policyText"], access)
    same(ecr.delete_repository_policy(**app)["policyText"], access)
    scanning = {"scanOnPush": True}
    same(ecr.put_image_scanning_configuration(imageScanningConfiguration=scanning, **app)["imageScanningConfiguration"], scanning)


def upload(walk, content, size=PART):
    """Uploads a layer in parts."""
    ecr, app = walk.ecr, {"repositoryName": "team/app"}
    begun = ecr.initiate_layer_upload(**app)
    assert begun["partSize"] > 0, begun
    named = app | {"uploadId": begun["uploadId"]}
    for first in range(0, len(content), size):
        part = content[first : first + size]
        last = first + len(part) - 1
        answer = ecr.upload_layer_part(partFirstByte=first, partLastByte=last, layerPartBlob=part, **named)
        same(answer["lastByteReceived"], last)
    return named


def layers(walk, large):
    ecr, app, digest = walk.ecr, {"repositoryName": "team/app"}, digest_of(large)
    checked = ecr.batch_check_layer_availability(layerDigests=[digest, "x"], **app)
    same([(each["layerDigest"], each["layerAvailability"]) for each in checked["layers"]], [(digest, "UNAVAILABLE")])
    same([each["failureCode"] for each in checked["failures"]], ["InvalidLayerDigest"])
    walk.no("LayersNotFound", "get_download_url_for_layer", layerDigest=digest, **app)

    named = upload(walk, large)
    again = {"partFirstByte": 0, "partLastByte": 1, "layerPartBlob": b"ab"} | named
    walk.no("InvalidLayerPart", "upload_layer_part", **again)
    same((walk.response["lastValidByteReceived"], walk.response["uploadId"]), (len(large) - 1, named["uploadId"]))
    same(ecr.complete_layer_upload(layerDigests=[digest], **named)["layerDigest"], digest)
    none = {"uploadId": "00000000-0000-0000-0000-000000000000"}
    walk.no("UploadNotFound", "upload_layer_part", **again)
    walk.no("UploadNotFound", "complete_layer_upload", layerDigests=[digest], **named | none)
    walk.no("EmptyUpload", "complete_layer_upload", layerDigests=[digest], **upload(walk, b""))
    walk.no("InvalidLayer", "complete_layer_upload", layerDigests=[digest], **upload(walk, b"other"))
    small_parts = upload(walk, b"other", size=3)
    walk.no("LayerPartTooSmall", "complete_layer_upload", layerDigests=[digest_of(b"other")], **small_parts)
    walk.no("LayerAlreadyExists", "complete_layer_upload", layerDigests=[digest], **upload(walk, large))

    checked = ecr.batch_check_layer_availability(layerDigests=[digest], **app)["layers"]
    same([(each["layerAvailability"], each["layerSize"]) for each in checked], [("AVAILABLE", len(large))])
    url = ecr.get_download_url_for_layer(layerDigest=digest, **app)["downloadUrl"]
    with urllib.request.urlopen(url) as download:
        assert download.read() == large, f"{url} gives something else"


def images(walk, large):
    ecr, app = walk.ecr, {"repositoryName": "team/app"}
    config, manifest = manifest_of([large])
    message = walk.no("LayersNotFound", "put_image", imageManifest=manifest, imageTag="v1", **app)
    assert digest_of(config) in message, message
    ecr.complete_layer_upload(layerDigests=[digest_of(config)], **upload(walk, config))
    digest = digest_of(manifest.encode())
    put = ecr.put_image(imageManifest=manifest, imageTag="v1", imageDigest=digest, **app)["image"]
    same(put["imageId"], {"imageDigest": digest, "imageTag": "v1"})
    same((put["imageManifest"], put["imageManifestMediaType"]), (manifest, MANIFEST))
    walk.no("ImageAlreadyExists", "put_image", imageManifest=manifest, imageTag="v1", **app)
    walk.no("ImageDigestDoesNotMatch", "put_image", imageManifest=manifest, imageDigest=ABSENT, **app)
    walk.no("InvalidParameter", "put_image", imageManifest="{", **app)
    walk.no("InvalidParameter", "put_image", imageManifest=manifest, imageTag="a b", **app)
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": MANIFEST, "digest": ABSENT, "size": 1}]}
    walk.no("ReferencedImagesNotFound", "put_image", imageManifest=json.dumps(index), **app)
    index["manifests"][0] = descriptor(MANIFEST, manifest.encode())
    listing = ecr.put_image(imageManifest=json.dumps(index), imageTag="multi", **app)["image"]["imageId"]["imageDigest"]

    # Retagging, as scripts do it: the manifest of one tag put under another.
    found = ecr.batch_get_image(imageIds=[{"imageTag": "v1"}, {"imageTag": "v0"}], acceptedMediaTypes=[MANIFEST], **app)
    same([(each["imageManifest"], each["imageId"]) for each in found["images"]], [(manifest, put["imageId"])])
    same([(each["imageId"], each["failureCode"]) for each in found["failures"]], [({"imageTag": "v0"}, "ImageNotFound")])
    ecr.put_image(imageManifest=found["images"][0]["imageManifest"], imageTag="v2", **app)
    refused = ecr.batch_get_image(imageIds=[{"imageTag": "multi"}], acceptedMediaTypes=[MANIFEST], **app)
    assert INDEX in refused["failures"][0]["failureReason"], refused

    ids = walk.pages("list_images", "imageIds", **app)
    same(sorted(each["imageTag"] for each in ids), ["multi", "v1", "v2"])
    same({each["imageDigest"] for each in ids}, {digest, listing})
    described = walk.pages("describe_images", "imageDetails", **app)
    tags = {each["imageDigest"]: each["imageTags"] for each in described}
    same(tags, {digest: ["v1", "v2"], listing: ["multi"]})
    same({each["imageSizeInBytes"] for each in described}, {len(large) + len(config)})
    message = walk.no("ImageNotFound", "describe_images", imageIds=[{"imageTag": "v9"}], **app)
    assert "{imageDigest:'null', imageTag:'v9'}" in message, message
    walk.no("InvalidParameter", "describe_images", imageIds=[{}], **app)
    walk.no("InvalidParameter", "list_images", nextToken="%", **app)

    subject = descriptor(MANIFEST, manifest.encode())
    _, signature = manifest_of([large], subject=subject, artifactType="application/x.signature")
    ecr.put_image(imageManifest=signature, **app)
    wanted = {"artifactTypes": ["application/x.signature"]}
    referrers = ecr.list_image_referrers(subjectId={"imageDigest": digest}, filter=wanted, **app)["referrers"]
    same([each["digest"] for each in referrers], [digest_of(signature.encode())])
    walk.no("InvalidParameter", "list_image_referrers", subjectId={"imageDigest": "x"}, **app)
    return digest, listing


def immutable_tags(walk, large):
    ecr, app = walk.ecr, {"repositoryName": "team/app"}
    _, other = manifest_of([large], annotations={"other": "image"})
    ecr.put_image_tag_mutability(imageTagMutability="IMMUTABLE", **app)
    message = walk.no("ImageTagAlreadyExists", "put_image", imageManifest=other, imageTag="v1", **app)
    same(message, "The image tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the tag is immutable.")
    filters = [{"filterType": "WILDCARD", "filter": "v*"}]
    ecr.put_image_tag_mutability(imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters, **app)
    ecr.put_image(imageManifest=other, imageTag="v1", **app)
    ecr.put_image_tag_mutability(imageTagMutability="MUTABLE", **app)
    walk.no("InvalidParameter", "put_image_tag_mutability", imageTagMutability="MUTABLE", imageTagMutabilityExclusionFilters=filters, **app)


def authorization(walk):
    data = walk.ecr.get_authorization_token()["authorizationData"][0]
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":")
    same((user, data["proxyEndpoint"]), ("AWS", walk.ecr.meta.endpoint_url))
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(f"{data['proxyEndpoint']}/v2/", headers={"Authorization": f"Basic {credentials}"})
    with urllib.request.urlopen(request) as answer:
        same(answer.status, 200)


def destroy(walk, digest, listing):
    ecr, app = walk.ecr, {"repositoryName": "team/app"}
    some = ecr.batch_delete_image(imageIds=[{"imageTag": "v1"}, {"imageDigest": digest}, {}], **app)
    same([each["imageTag"] for each in some["imageIds"]], ["v1"])
    kept = some["failures"]
    same([each["failureCode"] for each in kept], ["ImageReferencedByManifestList", "MissingDigestAndTag"])
    assert listing in kept[0]["failureReason"], kept
    deleted = ecr.batch_delete_image(imageIds=[{"imageTag": "multi"}, {"imageDigest": digest}], **app)
    same(deleted["failures"], [])
    same(deleted["imageIds"], [{"imageDigest": listing, "imageTag": "multi"}, {"imageDigest": digest, "imageTag": "v2"}])
    walk.no("RepositoryNotEmpty", "delete_repository", **app)
    ecr.delete_repository(force=True, **app)
    same(ecr.describe_repositories()["repositories"], [])


def walk(endpoint, answers):
    self = Walk(endpoint, answers)
    large = hashlib.shake_256(b"a layer of two parts").digest(2 * PART)
    repositories(self)
    policies(self)
    layers(self, large)
    digest, listing = images(self, large)
    immutable_tags(self, large)
    authorization(self)
    destroy(self, digest, listing)
    return self
