"""Put both functions back to an earlier release."""

import urllib.request
from typing import Any

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stage import Place


def rollback(place: Place, back: int) -> list[str]:
    """Put both functions back by so many releases; returns what each is now.

    Records are not touched, and migrations take nothing away. Zappa's own command names versions in a form that not
    every Lambda takes. Raises DeployError when Lambda keeps no release so old; then nothing is changed.
    """
    client = place.clients("lambda")
    chosen = {name: _earlier(client, name, back) for name in zappa_settings.functions(place).values()}
    for name, version in chosen.items():
        found = client.get_function(FunctionName=name, Qualifier=version)
        with urllib.request.urlopen(found["Code"]["Location"], timeout=120) as answer:  # noqa: S310 - AWS signed it
            code = answer.read()
        # Lambda changes nothing of a function that is being changed.
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_code(FunctionName=name, ZipFile=code, Publish=True)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    return [f"{name} is version {version} again" for name, version in chosen.items()]


def _earlier(client: Any, name: str, back: int) -> str:
    """The version that was in force so many releases ago: those with the code of today are none."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    held = {found["Version"]: found["CodeSha256"] for page in pages for found in page["Versions"]}
    today = held.pop("$LATEST")
    others = sorted((int(version) for version, digest in held.items() if digest != today), reverse=True)
    if not 1 <= back <= len(others):
        raise DeployError(
            f"{name} cannot go back by {back}: Lambda keeps {len(others)} earlier releases of it whose code is another."
        )
    return str(others[back - 1])
