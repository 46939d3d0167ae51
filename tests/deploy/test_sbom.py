"""The bill of materials: complete, the same for the same locks, and with licenses that allow what MediaHub does."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from deploy.package import sbom

# What the functions and the Fargate workers' image are built from.
SHIPPED = ("requirements/lambda.txt", "requirements/workers.txt")
# Licenses that let a product be used and passed on with their text, and ask nothing of its own source.
PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
}
# Others, each for the packages that were looked at, and why they are used as they come.
ACCEPTED = {
    "certifi": ("MPL-2.0", "A list of authorities, which is not changed."),
    "fido2": ("MPL-2.0", "Mozilla's list of public suffixes, which is not changed."),
    "pi-heif": ("LGPL-3.0-or-later", "libheif and libde265 are loaded as shared libraries, which can be replaced."),
    "psycopg": ("LGPL-3.0-only", "Imported, not changed; it can be replaced."),
    "psycopg-binary": ("LGPL-3.0-only", "Imported, not changed; it can be replaced."),
    "text-unidecode": ("Artistic-1.0-Perl", "Its user chooses between this license and the GPL; it is not changed."),
}


def allows(expression: str, also: str = "") -> bool:
    """Return whether every license of an SPDX expression is allowed, or one of each choice."""
    alternatives = re.sub(r"[()]", "", expression).split(" OR ")
    return any(set(each.split(" AND ")) <= PERMISSIVE | ({also} - {""}) for each in alternatives)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    """Provide what the command prints."""
    command = [sys.executable, "-m", "deploy.package.sbom"]
    process = subprocess.run(command, cwd=sbom.ROOT, capture_output=True, text=True, check=True)
    printed: dict[str, Any] = json.loads(process.stdout)
    return printed


def test_it_lists_each_locked_package_once(bill: dict[str, Any]) -> None:
    names = [part["purl"] for part in bill["components"]]
    assert len(set(names)) == len(names)
    for lock in SHIPPED:
        text = (sbom.ROOT / lock).read_text()
        # Counted in another way than the command reads them: each pin begins a line.
        pins = {line.split()[0] for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))}
        listed = {f"{part['name']}=={part['version']}" for part in bill["components"]}
        assert {re.sub(r"\[.*\]", "", pin).lower() for pin in pins} <= listed
    bundled = {part["name"] for part in bill["components"] if part["purl"].startswith("pkg:npm/")}
    assert {"@uppy/core", "@uppy/aws-s3", "exifr", "preact"} <= bundled
    assert not {"esbuild", "axe-core"} & bundled


def test_it_says_what_readers_of_cyclonedx_need(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    assert bill == sbom.build_bill()
    references = [part["bom-ref"] for part in bill["components"]]
    assert bill["dependencies"] == [{"ref": "mediahub", "dependsOn": references}]
    for part in bill["components"]:
        assert re.fullmatch(r"pkg:(pypi|npm)/(%40)?[\w./-]+@[\w.+-]+", part["purl"])
        for digest in part.get("hashes", []):
            assert (digest["alg"], len(digest["content"])) == ("SHA-512", 128)


def test_each_license_is_allowed_or_accepted_with_a_reason(bill: dict[str, Any]) -> None:
    licenses = {part["name"]: [each["expression"] for each in part["licenses"]] for part in bill["components"]}
    assert [name for name, expressions in licenses.items() if len(expressions) != 1] == []
    refused = {
        name: expression
        for name, [expression] in licenses.items()
        if not allows(expression, ACCEPTED.get(name, ("", ""))[0])
    }
    assert refused == {}
    # What is no longer shipped, or has another license now, is no longer accepted.
    assert [name for name in ACCEPTED if name not in licenses or allows(licenses[name][0])] == []
    assert set(sbom.LICENSES) <= set(licenses)


@pytest.mark.parametrize("expression", ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "BUSL-1.1", "BSD", ""])
def test_a_license_that_nobody_accepted_is_refused(expression: str) -> None:
    assert not allows(expression)
