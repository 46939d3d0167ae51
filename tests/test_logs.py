"""No line of any log holds the secret of an address, whatever the answer was and whoever wrote the line."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import pytest
from aws_lambda_powertools import Logger
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from mediahub import logs
from mediahub.desk.people import views as people_views
from mediahub.local.event_loop import load_zappa_handler
from tests import children

TOKEN = "c0ffee-0123456789abcdef0123456789abcdef"


@pytest.fixture
def path(db: Any, capsys: pytest.CaptureFixture[str]) -> str:
    """Provide the path of an invitation, as `invite` prints it after the site's host."""
    call_command("invite", "anna@example.org")
    return urlsplit(capsys.readouterr().out.strip()).path


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Provide what a handler that masks nothing by itself writes of all records."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def token_of(path: str) -> str:
    """Return the secret part of an invitation's address."""
    return path.strip("/").split("/")[-1]


def test_no_answer_to_an_invitation_writes_its_token(
    path: str, written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False)
    token = token_of(path)
    statuses = [
        client.get(path).status_code,
        client.get(path[:-2] + "x/").status_code,
        client.get(f"/nowhere{path}").status_code,
        client.get(f"{path}more/").status_code,
        client.get(f"{path}?q=%00").status_code,
        client.post(f"{path}?next={path}", {"new_password1": "a"}).status_code,
        client.put(path).status_code,
    ]
    with patch.object(people_views.InvitationView, "get_user", side_effect=RuntimeError(f"at {path}")):
        statuses.append(client.get(path).status_code)
    assert statuses == [302, 200, 404, 302, 400, 302, 302, 500]
    for log in (written.getvalue(), caplog.text):
        assert "/admin/invited/" in log
        assert "RuntimeError" in log
        assert token not in log
        assert token[:-2] not in log


def test_no_letter_is_sent_of_an_error(path: str, settings: Any, mailoutbox: list[Any]) -> None:
    settings.ADMINS = [("Ada", "ada@example.org")]
    with patch.object(people_views.InvitationView, "get_user", side_effect=RuntimeError("x")):
        assert Client(raise_request_exception=False).get(path).status_code == 500
    assert mailoutbox == []


def test_an_invitation_tells_no_other_address_of_itself(path: str) -> None:
    client = Client()
    first = client.get(path)
    assert first["Referrer-Policy"] == client.get(path[:-2] + "x/")["Referrer-Policy"] == "no-referrer"
    form = client.get(first["Location"])
    assert token_of(path) not in form.content.decode() + first["Location"]
    assert form["Referrer-Policy"] == "same-origin"


def test_a_used_invitation_leads_nowhere(path: str) -> None:
    first, second = Client(), Client()
    chosen = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}
    form = first.get(path)["Location"]
    waiting = second.get(path)["Location"]
    assert first.post(form, chosen).status_code == 302
    assert second.post(waiting, chosen).status_code == 200
    assert Client().get(path).status_code == 200
    assert User.objects.get(username="anna@example.org").check_password("correct horse battery")


CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from mediahub.worker.lambda_entry import lambda_handler
from django.conf import settings
# Nothing was collected for this process.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
class Context:
    function_name, memory_limit_in_mb, aws_request_id = "f", 1792, "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    def get_remaining_time_in_millis(self): return 60000
for line in sys.stdin:
    answer = lambda_handler(json.loads(line), Context())
    print("ANSWER", answer.get("statusCode", answer.get("well")), flush=True)
"""


def request(path: str, **headers: str) -> dict[str, Any]:
    """Return a request as API Gateway sends it."""
    fields = {"Host": "127.0.0.1", "X-Forwarded-Proto": "https", **headers}
    many = {name: [value] for name, value in fields.items()}
    address, _mark, query = path.partition("?")
    event = {"path": address, "headers": fields, "multiValueHeaders": many, "requestContext": {}, "body": None}
    asked = dict(parse_qsl(query))
    return {**event, "httpMethod": "GET", "isBase64Encoded": False, "queryStringParameters": asked}


@pytest.mark.django_db(transaction=True)
def test_a_function_writes_no_token_and_no_signature(local_aws: Any, path: str, tmp_path: Path) -> None:
    load_zappa_handler("local", tmp_path)
    sys.path.remove(str(tmp_path))
    events = [
        request(path),
        request(path[:-2] + "x/", Referer=f"https://127.0.0.1{path}"),
        request(f"/nowhere{path}"),
        request(f"{path}?q=%00"),
        request("/admin/login/?X-Amz-Signature=SECRET1&Signature=SECRET2&next=" + path),
        {"manage": "invite bert@example.org"},
    ]
    environment = {
        **children.environment("web"),
        "UPLOAD_QUEUE_ARN": "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads",
        "LOG_LEVEL": "DEBUG",
    }
    process = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        input="\n".join(map(json.dumps, events)),
        env=environment,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    log = process.stdout + process.stderr
    answers = [line for line in process.stdout.splitlines() if line.startswith("ANSWER")]
    assert answers == [f"ANSWER {status}" for status in (302, 200, 404, 400, 200, True)], log[-3000:]
    # Zappa's own line of each request, and Django's warnings.
    assert '"GET /admin/invited/' in log
    assert "Not Found: /nowhere/admin/invited/" in log
    assert "invite ended well" in log
    for secret in (token_of(path), token_of(path)[:-2], "SECRET1", "SECRET2"):
        assert secret not in log
    assert not logs._TOKEN.search(log)


def test_the_workers_lines_are_masked_as_well() -> None:
    stream = io.StringIO()
    log = Logger(service="test-logs", stream=stream, json_serializer=logs.serialize_line)
    try:
        raise RuntimeError(f"https://x/?X-Amz-Signature=SECRET at /admin/invited/MQ/{TOKEN}/")
    except RuntimeError:
        log.exception("failed", what=f"/admin/invited/MQ/{TOKEN}/")
    line = json.loads(stream.getvalue())
    assert line["what"] == "/admin/invited/MQ/***/"
    assert "SECRET" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"GET /prod/admin/invited/MQ/{TOKEN}/ HTTP/1.1", "GET /prod/admin/invited/MQ/***/ HTTP/1.1"),
        ("/admin/invited/MQ/not-a-token/x", "/admin/invited/MQ/***/x"),
        (f"?next=%2Fadmin%2Finvited%2FMQ%2F{TOKEN}%2F&x=1", "?next=%2Fadmin%2Finvited%2FMQ%2F***%2F&x=1"),
        (f"the token {TOKEN}", "the token ***"),
        ("/admin/invited/MQ/set-password/", "/admin/invited/MQ/set-password/"),
        ("/admin/invited/done/ HTTP/1.1", "/admin/invited/done/ HTTP/1.1"),
        ("?X-Amz-Credential=A%2FB&X-Amz-Date=1", "?X-Amz-Credential=***&X-Amz-Date=1"),
        ("?x-amz-security-token=abc== HTTP", "?x-amz-security-token=*** HTTP"),
        ("?Policy=eyJ_&Signature=a~b&Key-Pair-Id=K", "?Policy=***&Signature=***&Key-Pair-Id=***"),
        ("u=h%3FSignature%3Dabc%26Policy%3Dxyz%26b%3D1", "u=h%3FSignature%3D***%26Policy%3D***%26b%3D1"),
        ("Cookie: a=b; sessionid=abc; csrftoken=def", "Cookie: a=b; sessionid=***; csrftoken=***"),
        ("{'policy': 'eyJ', 'key': 'k'}", "{'policy': '***', 'key': 'k'}"),
        ('{"new_password1": "hunter2"}', '{"new_password1": "***"}'),
        ("csrfmiddlewaretoken=aa&username=bob&password=x", "csrfmiddlewaretoken=***&username=bob&password=***"),
        ("images/5c1a2b3c-0000-4000-8000-000000000000/large", "images/5c1a2b3c-0000-4000-8000-000000000000/large"),
    ],
)
def test_secrets_are_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert logs.mask_secrets(text) == masked


def test_s2_a_message_is_one_line_whatever_it_names(written: io.StringIO) -> None:
    names = (
        "a\nERROR root: forged",
        "b\r\n2026-01-01 forged",
        "c\x1b[31m",
        "d\u2028forged",
        "e\x85forged",
        "Straße 🌍",
    )
    for name in names:
        logging.getLogger("mediahub").warning("adopting %s, which no ticket announced", name)
    lines = written.getvalue().splitlines()
    assert len(lines) == len(names)
    assert lines[0] == r"adopting a\nERROR root: forged, which no ticket announced"
    assert lines[-1] == "adopting Straße 🌍, which no ticket announced"
    assert all(line.isprintable() for line in lines)


def test_a_record_whose_arguments_do_not_fit_is_left_to_logging() -> None:
    record = logging.getLogRecordFactory()("x", logging.INFO, "f", 1, "%s %s", ("one",), None)
    assert record.msg == "%s %s"


def test_api_gateway_writes_no_addresses() -> None:
    stages = json.loads((Path(django_settings.BASE_DIR) / "zappa_settings.json").read_text())
    for stage in stages.values():
        assert stage.get("cloudwatch_log_level", "OFF") == "OFF"
        assert not stage.get("cloudwatch_data_trace")
