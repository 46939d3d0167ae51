"""Engines and runtimes are in support, as far as the data of the locked cfn-lint and botocore can tell.

cfn-lint's schemas say which versions of Aurora exist and which are deprecated on the day of the schemas. They know no
date on which a version will be, and not which ones are supported for long: those are AWS's own list below. A newer
cfn-lint (`make lock`) brings newer data, and with it the day on which a test here fails.
"""

import json
from datetime import date
from functools import cache
from typing import Any

import botocore.session
import pytest

from deploy import template
from deploy.functions import zappa_settings
from tests.aws.schemas import DATA

# "Long-term support (LTS) releases" of Aurora PostgreSQL, one for each major version, as AWS gives them in
# aws/agent-toolkit-for-aws, amazon-aurora-postgresql/references/upgrade-planning-lts-recommendation.md.
LONG_TERM = ("17.7", "16.8", "15.10", "14.6", "13.9", "12.9", "11.9")
RESOURCES = template.compose()["Resources"]
CLUSTER = RESOURCES["DatabaseCluster"]["Properties"]
RUNTIMES = {
    "Zappa's functions": str(zappa_settings.read_stages()["base"]["runtime"]),
    "the CDN's function": str(RESOURCES["CdnFunction"]["Properties"]["Runtime"]),
}


@cache
def database_versions(file: str) -> set[str]:
    """Return the versions of Aurora PostgreSQL in one of cfn-lint's lists: `engine_version`, or those deprecated."""
    rules = json.loads((DATA / "schemas" / "extensions" / "aws_rds_dbcluster" / f"{file}.json").read_text())["allOf"]
    versions: set[str] = set()
    for rule in rules:
        if rule["if"]["properties"].get("Engine") == {"const": "aurora-postgresql"}:
            for side in (rule["if"], rule["then"]):
                versions |= set(side["properties"]["EngineVersion"].get("enum", [])) if side else set()
    assert versions, "cfn-lint keeps its versions elsewhere now"
    return versions


def schema_date() -> date:
    return date.fromisoformat(json.loads((DATA / "schemas" / "version.json").read_text())["schema_date"][:10])


def test_the_database_has_a_long_term_version() -> None:
    version = str(CLUSTER["EngineVersion"])
    assert version in LONG_TERM
    assert version in database_versions("engine_version")
    assert version not in database_versions("engine_version_deprecated")
    # "If you want to remain on an LTS minor version, disable automatic minor version upgrade" (Aurora user guide).
    assert RESOURCES["DatabaseInstance"]["Properties"]["AutoMinorVersionUpgrade"] is False


def test_the_data_bears_the_list_out() -> None:
    """Long-term versions are still offered where their neighbors are deprecated."""
    offered = database_versions("engine_version") - database_versions("engine_version_deprecated")
    assert set(LONG_TERM) <= offered
    assert not {"13.8", "13.10", "14.5", "14.7", "15.8", "16.6"} & offered


def test_parameters_are_those_of_the_clusters_major_version() -> None:
    major = str(CLUSTER["EngineVersion"]).split(".")[0]
    assert RESOURCES["DatabaseParameters"]["Properties"]["Family"] == f"aurora-postgresql{major}"


@pytest.mark.parametrize("owner", RUNTIMES)
def test_lambda_supports_each_runtime(owner: str) -> None:
    runtime = RUNTIMES[owner]
    known: Any = botocore.session.get_session().get_service_model("lambda").shape_for("Runtime")
    assert runtime in known.enum
    cycle = json.loads((DATA / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text())[runtime]
    assert date.fromisoformat(cycle["deprecated"]) > schema_date()
