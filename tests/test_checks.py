"""Settings that contradict each other are found before the first request."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from mediahub.aws import clients
from mediahub.desk.library.presenters import LABEL_SENTENCES
from mediahub.library.models import Tagging
from mediahub.recovery import doctor
from processing import MeasuredLabeler, RecordedLabeler, RekognitionLabeler
from tests.desk.provider import run_provider

SETTINGS_PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


NO_CLIENT = {"openid_connect": {"APPS": [{"client_id": "", "secret": ""}]}}
CLIENT = {"openid_connect": {"APPS": [{"client_id": "c", "secret": "s"}]}}
ELSEWHERE = {"SITE_URL": "https://desk.example.org", "PUBLIC_URL": "https://desk.example.org"}


def list_check_ids() -> set[str | None]:
    return {message.id for message in run_checks() if str(message.id).startswith("mediahub.")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, set()),
        ({"RENDITION_BUCKET": "mediahub-local-uploads-000000000000"}, {"mediahub.E001"}),
        ({"UPLOAD_PART_THRESHOLD": 10**12}, {"mediahub.E002"}),
        ({"LABELER": "magic"}, {"mediahub.E003"}),
        ({"LABELER": "recorded"}, {"mediahub.E004"}),
        ({"MODERATION": True, "LABELER": "off"}, {"mediahub.W001"}),
        ({"MODERATION": True, "LABELER": "rekognition"}, set()),
        ({"SECOND_FACTOR_REQUIRED": ["chief", "boss"]}, {"mediahub.E006"}),
        (
            {"OIDC_ISSUER": "http://id.example.org", "SOCIALACCOUNT_PROVIDERS": NO_CLIENT, "LOCAL": False, **ELSEWHERE},
            {"mediahub.E007", "mediahub.E008"},
        ),
        ({"OIDC_ISSUER": "http://127.0.0.1:9", "SOCIALACCOUNT_PROVIDERS": CLIENT}, set()),
    ],
)
def test_a11_a_contradiction_has_an_id(settings: Any, changed: dict[str, Any], expected: set[str]) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert list_check_ids() == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [("measured", MeasuredLabeler), ("recorded", RecordedLabeler), ("rekognition", RekognitionLabeler), ("off", None)],
)
@pytest.mark.usefixtures("local_aws")
def test_the_labeler_is_the_one_that_is_named(settings: Any, name: str, kind: type | None) -> None:
    settings.LABELER = name
    labeler = clients.get_labeler()
    assert labeler is None if kind is None else isinstance(labeler, kind)


def test_each_label_source_is_known_to_pages_and_documents() -> None:
    row = next(line for line in SETTINGS_PAGE.read_text().splitlines() if line.startswith("| `LABELER` |"))
    assert set(re.findall(r"`(\w+)`", row)) == {"LABELER", *clients.LABEL_SOURCES}
    sources = set(clients.LABEL_SOURCES) - {"off"}
    assert sources == set(LABEL_SENTENCES)
    assert sources <= set(Tagging.Source.values)


@pytest.mark.django_db(transaction=True)
class TestDoctor:
    """The doctor says what is wrong and what to do."""

    def run(self, capsys: pytest.CaptureFixture[str]) -> str:
        try:
            call_command("doctor", no_color=True)
        except CommandError as error:
            return capsys.readouterr().out + str(error)
        return capsys.readouterr().out

    @pytest.fixture(autouse=True)
    def operator(self, local_aws: Any, as_role: Any, settings: Any) -> None:
        as_role("operator")
        settings.SITE_URL = "http://127.0.0.1:8000"

    def test_a_whole_system_is_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        said = self.run(capsys)
        assert "All is well." in said
        assert "✓ roles         web may not read originals" in said

    def test_a_function_looks_at_what_it_works_with(
        self, capsys: pytest.CaptureFixture[str], as_role: Any, settings: Any
    ) -> None:
        as_role("worker")
        call_command("doctor", "--inside", no_color=True)
        assert "✓ stores        originals are reached" in capsys.readouterr().out
        settings.RENDITION_BUCKET = "no-such-bucket"
        with pytest.raises(CommandError, match="faults found"):
            call_command("doctor", "--inside", no_color=True)

    @pytest.mark.parametrize(
        ("setting", "value", "advice"),
        [
            ("UPLOAD_BUCKET", "no-such-bucket", "Check the settings"),
            ("RENDITION_BUCKET", "", "Set RENDITION_BUCKET"),
            ("SITE_URL", "https://elsewhere.example.org", "browsers cannot upload until then"),
            ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:1/000000000000/other", "Failed messages would be lost"),
            ("MIRROR_TABLE", "no-such-table", "Check the settings"),
            ("LABELER", "magic", "Set LABELER to one of"),
        ],
    )
    def test_a_fault_has_its_advice(
        self, settings: Any, capsys: pytest.CaptureFixture[str], setting: str, value: str, advice: str
    ) -> None:
        setattr(settings, setting, value)
        said = self.run(capsys)
        assert advice in said
        assert "faults found" in said


def test_the_doctor_says_what_a_closed_network_means_for_an_outside_provider(settings: Any) -> None:
    assert list(doctor._check_sign_in()) == []
    # Nothing listens at this port, as nothing answers in a network without a way out.
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    [(seen, advice)] = doctor._check_sign_in()
    assert "gives no answer" in seen
    assert "Network=closed" in advice
    with run_provider() as provider:
        settings.OIDC_ISSUER = provider.address
        assert list(doctor._check_sign_in()) == [(f"{provider.address} answers as {provider.address}", "")]
