"""What lies on the queue, read strictly."""

from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediahub.intake import events
from processing import Misconfigured

BUCKET = "mediahub-local-uploads"


def s3_event(key: str, **changes: Any) -> dict[str, Any]:
    found = {"key": key, "versionId": "v1", "sequencer": "00AB", **changes}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": found}}]}


@given(st.text(min_size=1, max_size=200))
def test_a4_a_key_is_decoded_once(key: str) -> None:
    body = s3_event(quote_plus(key, safe="/"))
    assert events.read(body) == [events.ObjectCreated(BUCKET, key, "v1", "00AB")]


def test_a3_version_and_sequencer_may_be_missing() -> None:
    body = s3_event("a.jpg")
    del body["Records"][0]["s3"]["object"]["versionId"], body["Records"][0]["s3"]["object"]["sequencer"]
    assert events.read(body) == [events.ObjectCreated(BUCKET, "a.jpg", "", "")]


def test_a6_the_test_event_is_no_failure() -> None:
    assert events.read({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}) == []


def test_messages_of_our_own() -> None:
    upload, image = uuid4(), uuid4()
    assert events.read({"mediahub": "retry", "upload": str(upload)}) == [events.Retry(upload)]
    assert events.read({"mediahub": "mirror", "image": str(image)}) == [events.MirrorImage(image)]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"Records": None},
        {"Records": []},
        {"Records": [{}]},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": {}}}]},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": {"key": 7}}}]},
        {"mediahub": "retry", "upload": "not an id"},
        {"mediahub": "something new"},
    ],
)
def test_a13_what_nobody_handles_is_an_error(body: Any) -> None:
    with pytest.raises(events.Unreadable):
        events.read(body)


def test_a14_another_event_name_is_an_error() -> None:
    body = s3_event("a.jpg")
    body["Records"][0]["eventName"] = "ObjectRestore:Completed"
    with pytest.raises(events.Unreadable, match="ObjectRestore"):
        events.read(body)


def test_a10_another_bucket_is_a_mistake_of_the_setup() -> None:
    body = s3_event("a.jpg")
    body["Records"][0]["s3"]["bucket"]["name"] = "someone-elses"
    with pytest.raises(Misconfigured, match="someone-elses"):
        events.read(body)
