"""Validates Kubernetes objects strictly: schemas.py VERSION[,VERSION...] FILE...

One process for all files and versions, because reading a version's schemas takes longer than validating by them. Prints a
line for each object that does not validate, and exits with 1 if there is one.
"""

import functools
import sys

import yaml
from kubernetes_validate import utils

utils.schema_contents = functools.cache(utils.schema_contents)


def objects(path):
    """The objects of a YAML file; of a snapshot, what follows its front matter."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".snap"):
        _, _, text = text.split("---\n", 2)
    return [item for item in yaml.safe_load_all(text) if item]


def failure(item, version):
    """Why an object is not valid in a version of Kubernetes, or None."""
    try:
        used = utils.validate(item, version, strict=True)
    except utils.ValidationError as error:
        return f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    except (utils.SchemaNotFoundError, utils.VersionNotSupportedError) as error:
        return error.message
    return None if used == version else f"kubernetes-validate has only the schemas of {used}"


def main():
    versions, paths = sys.argv[1].split(","), sys.argv[2:]
    failures = count = 0
    for path in paths:
        for item in objects(path):
            count += 1
            name = f"{item.get('kind')} {item.get('metadata', {}).get('name')}"
            for version in versions:
                if reason := failure(item, version):
                    failures += 1
                    print(f"{path}: {name}: Kubernetes {version}: {reason}", file=sys.stderr)
    print(f"{count} objects, {len(versions)} versions of Kubernetes, {failures} failures", file=sys.stderr)
    return 1 if failures or not count else 0


sys.exit(main())
