"""The published schemas of CloudFormation's types, as cfn-lint ships them for each region."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Read as files: to import cfn-lint takes two seconds, in each process of the suite.
PACKAGE = find_spec("cfnlint")
DATA = Path(str(PACKAGE and PACKAGE.origin)).parent / "data"
FOLDER = DATA / "schemas"


@cache
def read_types(region: str) -> dict[str, str]:
    """Return the types that CloudFormation offers in a region, each with the name of its schema."""
    return dict(json.loads((FOLDER / "providers" / f"{region}.json").read_text()))


@cache
def read_schema(kind: str, region: str = "us-east-1") -> dict[str, Any]:
    """Return the schema of a type, such as `AWS::S3::Bucket`."""
    return dict(json.loads((FOLDER / "resources" / f"{read_types(region)[kind]}.json").read_text()))


def name_properties(schema: dict[str, Any], *keys: str) -> set[str]:
    """Return the top-level properties under these keys of a schema, such as `createOnlyProperties`."""
    return {path.split("/")[2] for key in keys for path in schema.get(key, [])}
