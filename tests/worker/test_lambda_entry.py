"""The address of a client, as the deployed function learns it: API Gateway's word, and nobody else's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from mediahub.local.event_loop import load_zappa_handler
from tests import children

CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from mediahub.worker.lambda_entry import _read_http_request
from zappa.wsgi import create_wsgi_request
for line in sys.stdin:
    environ = create_wsgi_request(_read_http_request(json.loads(line)))
    print("ADDRESS", environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR"), environ["HTTP_HOST"])
"""
REAL = "203.0.113.7"


def build_request(**headers: str) -> dict[str, Any]:
    """Return a request as a REST API sends it."""
    fields = {"Host": "desk.example.org", **headers}
    return {
        "httpMethod": "POST",
        "path": "/admin/login/",
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "requestContext": {"identity": {"sourceIp": REAL}},
        "body": None,
        "isBase64Encoded": False,
    }


def build_second_request(**headers: str) -> dict[str, Any]:
    """Return a request as an HTTP API sends it."""
    return {
        "version": "2.0",
        "rawPath": "/admin/login/",
        "rawQueryString": "",
        "headers": {"host": "desk.example.org", **headers},
        "requestContext": {"http": {"method": "POST", "path": "/admin/login/", "sourceIp": REAL}},
        "isBase64Encoded": False,
    }


@pytest.mark.django_db(transaction=True)
def test_no_client_chooses_the_address_that_is_counted(local_aws: Any, tmp_path: Path) -> None:
    load_zappa_handler("local", tmp_path)
    sys.path.remove(str(tmp_path))
    forged = ("198.51.100.1", f"198.51.100.1, {REAL}", f"198.51.100.1, 198.51.100.2, {REAL}", "", "x, y")
    names = ("X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-FOR")
    events = [build_request(), build_second_request()]
    events += [
        build(**{name: value}) for build in (build_request, build_second_request) for name in names for value in forged
    ]
    environment = {
        **children.environment("web"),
        "UPLOAD_QUEUE_ARN": "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads",
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
    answers = [line for line in process.stdout.splitlines() if line.startswith("ADDRESS")]
    assert answers == [f"ADDRESS {REAL} {REAL} desk.example.org"] * len(events), process.stderr[-2000:]
