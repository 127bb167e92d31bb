"""Artifacts: files pushed, pulled and attached to one another by oras, and found by what they are attached to."""

import hashlib
import os
import sys
from urllib.parse import quote

import oras.client
import oras.oci

REGISTRY = sys.argv[1]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SBOM = "application/vnd.example.sbom+json"

client = oras.client.OrasClient(insecure=True)


def url(path):
    return f"http://{REGISTRY}/v2/artifacts/{path}"


def ask(method, path, status, **kwargs):
    answer = client.do_request(url(path), method, **kwargs)
    assert answer.status_code == status, (method, path, answer.status_code, answer.text)
    return answer


def write(name, size):
    with open(name, "wb") as file:
        file.write(os.urandom(size))
    return name


def content(path):
    with open(path, "rb") as file:
        return file.read()


def manifest_of(reference):
    answer = ask("GET", f"thing/manifests/{reference}", 200, headers={"Accept": MANIFEST})
    digest = "sha256:" + hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["Docker-Content-Digest"] == digest, answer.headers
    return answer, digest


def attach(subject, tag, file):
    """As `oras attach`: an artifact whose manifest names its subject."""
    answer = client.push(
        f"{REGISTRY}/artifacts/thing:{tag}",
        files=[f"{file}:{SBOM}"],
        subject=subject,
        manifest_annotations={"com.example.of": tag},
        disable_path_validation=True,
        quiet=True,
    )
    assert answer.headers["OCI-Subject"] == subject.digest, answer.headers
    return manifest_of(tag)[1]


def discover(digest, query=""):
    answer = ask("GET", f"thing/referrers/{digest}{query}", 200)
    assert answer.headers["Content-Type"] == "application/vnd.oci.image.index.v1+json", answer.headers
    return answer, {found["digest"]: found for found in answer.json()["manifests"]}


def pushed_files_come_back():
    files = [write("small", 1000), write("large", 20_000_000)]
    os.mkdir("folder")
    write("folder/inner", 5000)
    target = f"{REGISTRY}/artifacts/thing:v1"
    # The large file in several pieces, as oras sends them when told to.
    client.push(target, files=[*files, "folder"], do_chunked=True, chunk_size=3_000_001, quiet=True)
    pulled = client.pull(target, outdir="pulled")
    assert sorted(map(os.path.basename, pulled)) == ["folder", "large", "small"], pulled
    for name in ["small", "large", "folder/inner"]:
        assert content(f"pulled/{name}") == content(name), name
    assert client.get_tags(target) == ["v1"], client.get_tags(target)


def attached_artifacts_are_discovered():
    answer, digest = manifest_of("v1")
    subject = oras.oci.Subject(MANIFEST, digest, len(answer.content))
    assert discover(digest)[1] == {}
    write("sbom", 300)
    first, second = attach(subject, "first", "sbom"), attach(subject, "second", "sbom")
    found = discover(digest)[1]
    assert set(found) == {first, second}, found
    config = manifest_of("first")[0].json()["config"]["mediaType"]
    assert found[first]["artifactType"] == config, found[first]
    assert found[first]["annotations"]["com.example.of"] == "first", found[first]
    assert found[first]["size"] == len(manifest_of("first")[0].content), found[first]

    answer, found = discover(digest, f"?artifactType={quote(config, safe='')}")
    assert set(found) == {first, second}, found
    assert answer.headers["OCI-Filters-Applied"] == "artifactType", answer.headers
    assert discover(digest, "?artifactType=application/vnd.example.other")[1] == {}

    ask("DELETE", f"thing/manifests/{first}", 202)
    assert set(discover(digest)[1]) == {second}


def subject_may_come_later():
    missing = "sha256:" + hashlib.sha256(b"comes later").hexdigest()
    attached = attach(oras.oci.Subject(MANIFEST, missing, 11), "early", "sbom")
    assert set(discover(missing)[1]) == {attached}


pushed_files_come_back()
attached_artifacts_are_discovered()
subject_may_come_later()
print("done")
