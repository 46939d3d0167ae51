"""Reports of the policy: each page names where to, and a report is counted and kept nowhere."""

import json
import logging
import time
from typing import Any

import pytest
from django.test import Client

from mediahub.desk import csp_reports

ADDRESS = "/csp-report/"
REPORT = json.dumps({"csp-report": {"document-uri": "https://secret.example/?token=hunter2", "blocked-uri": "inline"}})
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_deployed(settings: Any) -> None:
    settings.LOCAL, settings.STAGE = False, "production"
    csp_reports._counted_at.clear()


def send(content_type: str = "application/csp-report", body: str = REPORT) -> Any:
    return Client(enforce_csrf_checks=True).post(ADDRESS, body, content_type=content_type)


def test_pages_name_where_reports_go(client: Client) -> None:
    assert f"report-uri {ADDRESS}" in client.get("/admin/login/")["Content-Security-Policy"]


@pytest.mark.parametrize("content_type", csp_reports.CONTENT_TYPES)
def test_a_report_is_counted_and_nothing_of_it_is_kept(
    content_type: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert send(content_type).status_code == 204
    written = capsys.readouterr().out
    assert json.loads(written)["policy_violations"] == [1.0]
    assert "hunter2" not in written + caplog.text
    assert "secret.example" not in written + caplog.text


def test_reports_are_counted_so_often_in_a_minute_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    now = time.monotonic()
    csp_reports._counted_at.extend([now] * csp_reports.MAX_PER_MINUTE)
    answer = send()
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert capsys.readouterr().out == ""
    # The first of them is a minute old, and its place free.
    csp_reports._counted_at.appendleft(now - csp_reports.MINUTE)
    assert [send().status_code for _ in range(2)] == [204, 429]
    assert capsys.readouterr().out.count("_aws") == 1


@pytest.mark.parametrize("body", ["{}", "[]", "{", "\x00" * 100, "[" * 100_000])
def test_any_body_is_counted_alike(body: str) -> None:
    assert send(body=body).status_code == 204


def test_other_requests_are_refused() -> None:
    assert send("text/html").status_code == 415
    assert Client().get(ADDRESS).status_code == 405
