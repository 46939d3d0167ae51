"""One contract for the bucket of the local AWS and for its twin in memory."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from django.conf import settings

from mediahub.aws import clients
from mediahub.local import stack
from processing import Misconfigured, Missing, Rejected, S3Store, Signer, Store, Unavailable
from processing.store import MAX_IN_MEMORY
from tests.doubles import MemoryStore
from tests.local_aws import client


@pytest.fixture(params=["local AWS", "memory"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(versioned=False)
    request.getfixturevalue("local_aws")
    return clients.get_rendition_store()


@pytest.fixture(params=["local AWS", "memory"])
def versioned(request: pytest.FixtureRequest) -> Store:
    """Provide a store that keeps every version, written as the operator because no role of ours may."""
    if request.param == "memory":
        return MemoryStore()
    request.getfixturevalue("local_aws")
    return S3Store(client("operator", "s3"), settings.UPLOAD_BUCKET)


def test_what_was_put_is_got(store: Store) -> None:
    store.put("large/a b+c%2F.jpg", b"bytes", "image/jpeg", "public, max-age=60")
    with store.get("large/a b+c%2F.jpg") as file:
        assert file.read() == b"bytes"
        file.seek(0)
        assert file.read(2) == b"by"
    head = store.head("large/a b+c%2F.jpg")
    assert (head.bytes, head.content_type, head.etag) == (5, "image/jpeg", "4b3a6218bb3e3a7303e8a171a60fcf92")


def test_putting_again_replaces(store: Store) -> None:
    store.put("a.jpg", b"one", "image/jpeg")
    store.put("a.jpg", b"two", "image/jpeg")
    with store.get("a.jpg") as file:
        assert file.read() == b"two"


def test_what_is_not_there_is_missing(store: Store) -> None:
    for ask in (store.get, store.head):
        with pytest.raises(Missing, match="not-there"):
            ask("not-there.jpg")


def test_c14_nothing_is_left_on_the_disk(versioned: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    versioned.put("a.jpg", bytes(MAX_IN_MEMORY + 1), "image/jpeg")
    with versioned.get("a.jpg") as file:
        assert len(file.read()) == MAX_IN_MEMORY + 1
        # What has no name while it is open needs nobody to remove it, not even after a kill.
        assert list(tmp_path.iterdir()) == []


def test_too_many_bytes_are_refused(store: Store) -> None:
    store.put("a.jpg", b"12345", "image/jpeg")
    with store.get("a.jpg", max_bytes=5) as file:
        assert file.read() == b"12345"
    with pytest.raises(Rejected):
        store.get("a.jpg", max_bytes=4)


def test_deleting_twice_is_deleting_once(store: Store) -> None:
    store.put("a.jpg", b"1", "image/jpeg")
    store.delete("a.jpg")
    store.delete("a.jpg")
    with pytest.raises(Missing):
        store.head("a.jpg")


def test_a_page_lists_every_object_with_its_size(store: Store) -> None:
    store.put("b.jpg", b"12", "image/jpeg")
    store.put("a.jpg", b"1", "image/jpeg")
    store.put("a.jpg", b"123", "image/jpeg")
    page = store.list_page()
    # The bucket keeps what was overwritten for a while, the twin does not.
    assert [(found.key, found.bytes, found.removed) for found in page.versions if found.latest] == [
        ("a.jpg", 3, False),
        ("b.jpg", 2, False),
    ]
    assert page.next is None


def test_a_page_tells_the_latest_version_and_what_was_removed(versioned: Store) -> None:
    versioned.put("a.jpg", b"1", "image/jpeg")
    versioned.put("a.jpg", b"123", "image/jpeg")
    versioned.put("b.jpg", b"1", "image/jpeg")
    versioned.delete("b.jpg")
    versions = sorted(versioned.list_page().versions, key=lambda found: (found.key, not found.latest))
    assert [(found.key, found.bytes, found.latest, found.removed) for found in versions] == [
        ("a.jpg", 3, True, False),
        ("a.jpg", 1, False, False),
        ("b.jpg", 0, True, True),
        ("b.jpg", 1, False, False),
    ]
    assert versioned.head("a.jpg").version_id == versions[0].version_id
    with versioned.get("a.jpg", versions[1].version_id) as file:
        assert file.read() == b"1"
    with pytest.raises(Missing):
        versioned.head("b.jpg")
    with versioned.get("b.jpg", versions[3].version_id) as file:
        assert file.read() == b"1"


def test_one_object_is_listed_with_all_its_versions_and_no_other(versioned: Store) -> None:
    for key in ("a.jpg", "a.jpg.old", "b.jpg"):
        versioned.put(key, b"1", "image/jpeg")
    versioned.put("a.jpg", b"123", "image/jpeg")
    versioned.delete("a.jpg")
    listed = versioned.list_versions("a.jpg")
    assert sorted((seen.bytes, seen.latest, seen.removed) for seen in listed) == [
        (0, True, True),
        (1, False, False),
        (3, False, False),
    ]
    assert {seen.key for seen in listed} == {"a.jpg"}
    assert versioned.list_versions("a") == ()


def listed(store: Store, objects: int) -> tuple[list[str], int]:
    """Return the keys of a listing by pages of two, and how many pages it took; give up at more than objects."""
    found, start, pages = [], None, 0
    while pages < objects:
        page, pages = store.list_page(start, limit=2), pages + 1
        assert len(page.versions) <= 2
        found += [version.key for version in page.versions]
        if (start := page.next) is None:
            break
    return found, pages


def test_a_listing_of_more_than_a_page_goes_on_where_it_stopped(store: Store) -> None:
    keys = [f"large/{number}.jpg" for number in range(5)]
    for key in keys:
        store.put(key, b"1", "image/jpeg")
    found, _ = listed(store, 5)
    assert found == keys


def test_a_listing_asks_no_more_often_than_it_must(versioned: Store) -> None:
    keys = [f"large/{number}.jpg" for number in range(5)]
    for key in keys:
        versioned.put(key, b"1", "image/jpeg")
    assert listed(versioned, 5) == (keys, 3)


def test_a9_a_version_is_read_by_its_id(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> None:
    bucket = local_aws.outputs["UploadBucket"]
    first = aws("operator", "s3").put_object(Bucket=bucket, Key="a.jpg", Body=b"first")["VersionId"]
    aws("operator", "s3").put_object(Bucket=bucket, Key="a.jpg", Body=b"second")
    with clients.get_upload_store().get("a.jpg", first) as file:
        assert file.read() == b"first"
    with pytest.raises(Missing):
        clients.get_upload_store().get("a.jpg", "00000000-0000-0000-0000-000000000000")


def test_what_the_role_may_not_do_is_a_mistake_of_the_setup(
    local_aws: stack.Stack, as_role: Callable[[str], None]
) -> None:
    as_role("web")
    store = clients.get_rendition_store()
    with pytest.raises(Misconfigured, match="AccessDenied"):
        store.put("a.jpg", b"", "image/jpeg")
    with pytest.raises(Misconfigured, match="AccessDenied"):
        store.delete("a.jpg")


def test_renditions_lie_encrypted_and_are_kept_by_browsers(
    local_aws: stack.Stack, aws: Callable[[str, str], Any]
) -> None:
    clients.get_rendition_store().put("a.jpg", b"1", "image/jpeg", "public, max-age=31536000, immutable")
    head = aws("operator", "s3").head_object(Bucket=local_aws.outputs["RenditionBucket"], Key="a.jpg")
    assert head["SSEKMSKeyId"] == local_aws.outputs["KmsKeyArn"]
    assert head["CacheControl"] == "public, max-age=31536000, immutable"


def test_what_cannot_be_signed_says_so() -> None:
    unsigned: Any = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with pytest.raises(Misconfigured, match="Signing an address of a"):
        Signer(unsigned, "bucket").sign_address(
            "upload_part", "a.jpg", 60, {"PartNumber": "no number", "UploadId": "x"}
        )


class CutOff:
    """A body that ends, or breaks, before the length that was announced."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def read(self) -> bytes:
        """Only so that botocore takes it for a file."""
        raise NotImplementedError

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        yield b"only a part"
        if self._error:
            raise self._error


@pytest.mark.parametrize("error", [None, ReadTimeoutError(endpoint_url="http://x")], ids=["short", "broken off"])
def test_c2_a_file_that_came_in_part_is_never_decoded(error: Exception | None) -> None:
    unsigned: Any = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(unsigned) as stub:
        stub.add_response("get_object", {"Body": CutOff(error), "ContentLength": 1000})
        with pytest.raises(Unavailable, match=r"part of a|reached"):
            S3Store(unsigned, "bucket").get("a.jpg")


@contextmanager
def busy_store(refusals: int) -> Iterator[str]:
    """Yield the address of a store that answers SlowDown so many times before it hands out a file."""
    left = refusals

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal left
            left -= 1
            refused = left >= 0
            body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
            answer = body if refused else b"bytes"
            self.send_response(503 if refused else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing: the test speaks for itself."""

    server = HTTPServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("refusals", "heals"), [(1, True), (3, True), (5, False)])
def test_r5_c1_a_busy_store_is_asked_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch, refusals: int, heals: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    settings.AWS_PROFILE = None
    # Between two tries botocore waits for seconds, of which nothing depends here.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    with busy_store(refusals) as address:
        settings.AWS_ENDPOINT_URL = address
        if heals:
            with clients.get_upload_store().get("a.jpg") as file:
                assert file.read() == b"bytes"
        else:
            with pytest.raises(Unavailable):
                clients.get_upload_store().get("a.jpg")
