"""Put both functions back to an earlier release."""

import urllib.request
from typing import Any

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stage import Stage


def roll_back(stage: Stage, back: int) -> list[str]:
    """Return both functions to an earlier release, and report the version of each.

    Records stay as they are, and migrations remove nothing. Zappa's own command names versions in a form that not every
    Lambda accepts. Raise DeployError, and change nothing, when Lambda keeps no release that old.
    """
    client = stage.client("lambda")
    names = zappa_settings.name_functions(stage).values()
    versions = {name: _find_earlier_version(client, name, back) for name in names}
    for name, version in versions.items():
        function = client.get_function(FunctionName=name, Qualifier=version)
        with urllib.request.urlopen(function["Code"]["Location"], timeout=120) as response:  # noqa: S310 - AWS signed it
            code = response.read()
        # Lambda rejects a change while another one is in progress.
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_code(FunctionName=name, ZipFile=code, Publish=True)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    return [f"{name} is version {version} again" for name, version in versions.items()]


def _find_earlier_version(client: Any, name: str, back: int) -> str:
    """Return the version that was current so many releases ago; versions with the code of today do not count."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    digests = {version["Version"]: version["CodeSha256"] for page in pages for version in page["Versions"]}
    latest = digests.pop("$LATEST")
    others = sorted((int(version) for version, digest in digests.items() if digest != latest), reverse=True)
    if not 1 <= back <= len(others):
        raise DeployError(
            f"{name} cannot go back {back} releases: Lambda keeps {len(others)} earlier releases with other code."
        )
    return str(others[back - 1])
