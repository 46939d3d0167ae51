"""The stack as data: what must hold, for every bucket, queue, table and role of it, whoever adds one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy import template
from mediahub.local.event_loop import FUNCTION_SECONDS as LOCAL_SECONDS
from tests.deploy import security
from tests.deploy.mutants import mutants
from tests.deploy.stack import FUNCTION_SECONDS, PROPERTIES, Template, holds, packages, whole

WHOLE = whole()


@pytest.mark.parametrize("name", PROPERTIES)
def test_e1_e2_e3_e4_e8_e9_e10_e11_e12_e13_it_holds(name: str) -> None:
    assert list(PROPERTIES[name](WHOLE)) == []


def test_the_bucket_of_packages_is_as_closed_as_the_others() -> None:
    bucket_template = packages()
    for look in (
        security.buckets_are_closed,
        security.buckets_are_encrypted_versioned_and_logged,
        security.nothing_is_taken_over_plain_http,
    ):
        assert list(look(bucket_template)) == []


def broken(changed: Template) -> bool:
    """Whether a test above would fail; one that cannot even be evaluated fails too."""
    try:
        return bool(holds(changed))
    except (KeyError, TypeError, AttributeError):
        return True


def test_e1_e4_each_loosened_setting_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    tried = list(mutants(WHOLE))
    survivors = [name for name, changed in tried if not broken(changed)]
    with capsys.disabled():
        print(f"\n{len(tried)} mutants of the template, {len(tried) - len(survivors)} noticed")
    assert survivors == []
    assert len(tried) > 400


def test_the_functions_time_is_the_one_that_the_local_loop_and_zappa_give() -> None:
    assert FUNCTION_SECONDS == LOCAL_SECONDS


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    (tmp_path / "stack.yaml").write_text("Metadata: {Parts: [part.yaml]}\nResources: {A: {Type: X}}\n")
    return tmp_path


def test_parts_are_put_together(parts: Path) -> None:
    (parts / "part.yaml").write_text(
        "Resources:\n  B: {Type: !Sub '${A}', Of: !GetAtt A.Arn, If: !If [C, !Ref A, 1]}\n"
    )
    assert template.compose(parts)["Resources"] == {
        "A": {"Type": "X"},
        "B": {
            "Type": {"Fn::Sub": "${A}"},
            "Of": {"Fn::GetAtt": ["A", "Arn"]},
            "If": {"Fn::If": ["C", {"Ref": "A"}, 1]},
        },
    }


@pytest.mark.parametrize(
    ("text", "says"), [("Resources: {A: {Type: Y}}", "has A again"), ("Globals: {}", "has Globals; a part has")]
)
def test_a_part_that_does_not_fit_is_named(parts: Path, text: str, says: str) -> None:
    (parts / "part.yaml").write_text(text)
    with pytest.raises(template.TemplateError, match=says):
        template.compose(parts)


def test_cloudformation_takes_it(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(template.compose()))
    lint = [
        str(Path(sys.executable).parent / "cfn-lint"),
        str(tmp_path / "stack.json"),
        "deploy/templates/packages.yaml",
    ]
    process = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, "")


def test_each_parameter_and_condition_is_used() -> None:
    text = json.dumps({key: WHOLE[key] for key in ("Resources", "Outputs", "Conditions")})
    parameters: dict[str, Any] = WHOLE["Parameters"]
    assert [name for name in parameters if f'"{name}"' not in text and f"${{{name}}}" not in text] == []
    rest = json.dumps({key: WHOLE[key] for key in ("Resources", "Outputs")})
    conditions = WHOLE["Conditions"]
    used = {name for name in conditions if f'"{name}"' in rest}
    used |= {
        name
        for name in conditions
        if any({"Condition": name} in part for c in conditions.values() for part in c.values())
    }
    assert set(conditions) == used
