"""Signing in through the organization's provider: in come those whom the desk knows, and nobody else."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings

from tests.desk.organization_visits import VISITS
from tests.desk.provider import CLIENT

REASONS = {
    "unverified": "names no verified e-mail address",
    "silent about it": "names no verified e-mail address",
    "without address": "names no verified e-mail address",
    "stranger": "Stranger@example.org may not enter the desk",
    "inactive": "Gone@example.org may not enter the desk",
    "no staff": "Reader@example.org may not enter the desk",
    "two people": "Two@example.org may not enter the desk",
    "another account with the address": "belongs to another account",
    "token for another client": "gave no valid answer",
    "token of another issuer": "gave no valid answer",
    "expired token": "gave no valid answer",
    "forged state": "gave no valid answer",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what became of each visit, on a site in a process of its own."""
    environment = {**os.environ, "TEST_STATE": f"{os.environ.get('TEST_STATE', 'test')}-organization"}
    process = subprocess.run(
        [sys.executable, "-m", "tests.desk.organization_visits"],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    outcome: dict[str, Any] = json.loads(process.stdout)
    return outcome


def test_a_known_person_comes_in_and_nobody_else(answers: dict[str, Any]) -> None:
    assert answers["known"]["user"] == answers["again"]["user"] == 1
    assert answers["known"]["to"] == "/admin/library/image/"
    for name, sentence in REASONS.items():
        assert answers[name]["user"] is None, name
        assert sentence in answers[name]["page"], name
    assert set(VISITS) == {*REASONS, "known", "again"} - {"forged state"}
    assert answers["people"] == 5, "nobody was made"


def test_the_sign_in_offers_it_and_the_policy_allows_it(answers: dict[str, Any]) -> None:
    assert "Continue with Example" in answers["page"]
    sent = answers["known"]["sent"]
    assert sent["client_id"] == CLIENT
    assert sent["code_challenge_method"] == "S256"
    assert "code_verifier=" in answers["asked"]
    form_action = next(part for part in answers["policy"].split(";") if "form-action" in part)
    assert "http://127.0.0.1:" in form_action
    assert (answers["get"], answers["nowhere"]) == (405, 404)


def test_a_provider_that_cannot_be_reached_is_told_with_what_to_do(answers: dict[str, Any]) -> None:
    assert "cannot be reached. Use your password or passkey" in answers["unreachable"]
