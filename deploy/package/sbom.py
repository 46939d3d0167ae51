"""Write what MediaHub ships as a bill of materials: `python -m deploy.package.sbom` prints it as CycloneDX 1.6.

It lists the locked packages of the functions and of the Fargate workers' image, and those in the bundle of the upload
page. The same locks give the same text, byte for byte. Source: "CycloneDX Bill of Materials Specification", ECMA-424.
"""

import base64
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {"functions": "requirements/lambda.txt", "workers": "requirements/workers.txt"}
BUNDLE = "mediahub/desk/frontend/package-lock.json"
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.M)
PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.M | re.I)
# SPDX expressions of packages whose own metadata have none, read in their license files.
LICENSES = {
    "amqp": "BSD-3-Clause",
    "async-timeout": "Apache-2.0",
    "billiard": "BSD-3-Clause",
    "click-plugins": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "django-csp": "BSD-3-Clause",
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "pi-heif": "BSD-3-Clause AND LGPL-3.0-or-later",
    "prompt-toolkit": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "qrcode": "BSD-3-Clause AND MIT",
    "s3transfer": "Apache-2.0",
    "sqlparse": "BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "tzdata": "Apache-2.0",
    "vine": "BSD-3-Clause",
    "wcwidth": "MIT",
    "zappa": "MIT",
}


def build_bill() -> dict[str, Any]:
    """Return the bill of materials as CycloneDX's JSON."""
    parts = [*_list_python_packages(), *_list_bundled_packages()]
    parts.sort(key=lambda part: part["bom-ref"])
    [version] = VERSION.findall((ROOT / "mediahub" / "__init__.py").read_text())
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "mediahub",
                "name": "mediahub",
                "version": version,
                "licenses": [{"expression": "MIT"}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": "mediahub", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    # A bill with the same contents has the same number.
    return {**bill, "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(bill, sort_keys=True))}"}


def _list_python_packages() -> list[dict[str, Any]]:
    places: dict[tuple[str, str], list[str]] = {}
    for place, lock in LOCKS.items():
        for name, version in PIN.findall((ROOT / lock).read_text()):
            places.setdefault((name.lower(), version), []).append(place)
    return [
        _build_component(f"pkg:pypi/{name}@{version}", name, version, _find_license(name), used_in)
        for (name, version), used_in in places.items()
    ]


def _find_license(name: str) -> str:
    """Return the SPDX expression of a package's license; empty where nobody has looked it up."""
    if name in LICENSES:
        return LICENSES[name]
    try:
        declared = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return ""
    return str(declared.get("license_expression") or declared.get("license", ""))


def _list_bundled_packages() -> list[dict[str, Any]]:
    locked = json.loads((ROOT / BUNDLE).read_text())["packages"]
    parts = []
    for path, package in locked.items():
        name = path.rpartition("node_modules/")[2]
        if not name or package.get("dev"):
            continue
        purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
        part = _build_component(purl, name, package["version"], package.get("license", ""), ["bundle"])
        algorithm, _, digest = package["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        parts.append({**part, "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}]})
    return parts


def _build_component(purl: str, name: str, version: str, expression: str, used_in: list[str]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"expression": expression}] if expression else [],
        "properties": [{"name": "mediahub:part", "value": place} for place in used_in],
    }


if __name__ == "__main__":
    json.dump(build_bill(), sys.stdout, indent=1, sort_keys=True)
    print()
