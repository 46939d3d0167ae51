"""The local AWS answers its own site: not pages of other machines, and nobody with a key that everybody knows."""

import stat
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from mediahub.local import emulator, stack

PUBLIC_KEYS = ["test", emulator.ACCOUNT, "111122223333", "AKIAIOSFODNN7EXAMPLE"]
FOREIGN = ["https://attacker.example", "null", "http://127.0.0.1.attacker.example", "https://pages.s3.amazonaws.com"]
QUEUES = "/?Action=ListQueues&Version=2012-11-05"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    """Provide a local AWS with a bucket."""
    started = emulator.start_emulator(emulator.find_free_port(), tmp_path_factory.mktemp("state") / "aws")
    stack.root_client("s3", started.endpoint).create_bucket(Bucket="ours")
    yield started
    started.stop()


def client(running: emulator.Emulator, key: str, service: str = "s3") -> Any:
    style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    session = boto3.Session(key, key, region_name=emulator.REGION)
    return session.client(service, endpoint_url=running.endpoint, config=style)  # type: ignore[call-overload]


@pytest.mark.parametrize("key", PUBLIC_KEYS)
def test_a_key_that_everybody_knows_is_nobodys(running: emulator.Emulator, key: str) -> None:
    for service, operation in (("s3", "list_buckets"), ("sqs", "list_queues"), ("iam", "list_roles")):
        with pytest.raises(ClientError):
            getattr(client(running, key, service), operation)()
    url = client(running, key).generate_presigned_url("put_object", Params={"Bucket": "ours", "Key": "a"})
    assert urllib3.request("PUT", url, body=b"x").status == 403
    post = client(running, key).generate_presigned_post("ours", "a")
    assert urllib3.request("POST", post["url"], fields={**post["fields"], "file": ("a", b"x")}).status == 403
    assert "Contents" not in stack.root_client("s3", running.endpoint).list_objects_v2(Bucket="ours")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", QUEUES), ("POST", QUEUES), ("GET", "/ours"), ("PUT", "/ours/a"), ("DELETE", "/ours")),
        *(("POST", "/_ministack/reset"), ("GET", "/_ministack/health"), ("POST", "/_localstack/state/reset")),
    ],
)
def test_what_nobody_signed_is_refused(running: emulator.Emulator, method: str, path: str) -> None:
    assert urllib3.request(method, running.endpoint + path).status == 403
    assert stack.root_client("s3", running.endpoint).head_bucket(Bucket="ours")


def test_a_form_that_nobody_signed_is_refused(running: emulator.Emulator) -> None:
    fields: dict[str, Any] = {"key": "a", "file": ("a", b"x")}
    assert urllib3.request("POST", f"{running.endpoint}/ours", fields=fields).status == 403
    assert "Contents" not in stack.root_client("s3", running.endpoint).list_objects_v2(Bucket="ours")


def test_s3_judges_a_form_of_a_page_that_tells_no_address(running: emulator.Emulator) -> None:
    """A browser that follows the desk's Referrer-Policy sends "null" with it; its own fields are signed."""
    fields: dict[str, Any] = {"key": "a", "file": ("a", b"x")}
    judged = urllib3.request("POST", f"{running.endpoint}/ours", fields=fields, headers={"Origin": "null"})
    refused = urllib3.request("POST", f"{running.endpoint}/ours", fields=fields, headers={"Origin": FOREIGN[0]})
    assert (judged.status, b"<Code>" in judged.data) == (403, True)
    assert (refused.status, b"<Code>" in refused.data) == (403, False)


@pytest.mark.parametrize("origin", FOREIGN)
def test_pages_of_other_machines_are_refused_whatever_they_know(running: emulator.Emulator, origin: str) -> None:
    url = stack.root_client("s3", running.endpoint).generate_presigned_url("list_objects_v2", Params={"Bucket": "ours"})
    assert urllib3.request("GET", url).status == 200
    assert urllib3.request("GET", url, headers={"Origin": "http://127.0.0.1:8000"}).status == 200
    for method in ("GET", "OPTIONS"):
        answer = urllib3.request(method, url, headers={"Origin": origin, "Access-Control-Request-Method": "GET"})
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_it_keeps_is_its_owners_alone(running: emulator.Emulator) -> None:
    key = running.state / "root-key"
    assert len(key.read_text()) == 64
    assert key.read_text() == running.root_key != ""
    for path in (running.state, *running.state.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & emulator.PRIVATE, path
