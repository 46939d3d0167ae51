"""What lies on the queue, read strictly."""

import json
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from mediahub import messages
from processing import Misconfigured

BUCKET = "mediahub-local-uploads-000000000000"


def s3_event(key: str, **changes: Any) -> dict[str, Any]:
    stored_object = {"key": key, "versionId": "v1", "sequencer": "00AB", **changes}
    return {
        "Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": stored_object}}]
    }


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_a4_a_key_is_decoded_once(key: str) -> None:
    body = s3_event(quote_plus(key, safe="/"))
    assert messages.decode(body) == [messages.ObjectCreated(BUCKET, key, "v1", "00AB")]


def test_a3_version_and_sequencer_may_be_missing() -> None:
    body = s3_event("a.jpg")
    del body["Records"][0]["s3"]["object"]["versionId"], body["Records"][0]["s3"]["object"]["sequencer"]
    assert messages.decode(body) == [messages.ObjectCreated(BUCKET, "a.jpg", "", "")]


def test_a6_the_test_event_is_no_failure() -> None:
    assert messages.decode({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}) == []


def test_c22_messages_of_our_own_keep_their_form() -> None:
    upload, image = uuid4(), uuid4()
    assert messages.decode({"mediahub": "retry", "upload": str(upload)}) == [messages.ResumeUpload(upload)]
    assert messages.decode({"mediahub": "mirror", "image": str(image)}) == [messages.MirrorImage(image)]
    assert messages.decode({"mediahub": "cut", "image": str(image)}) == [messages.CutCrops(image)]
    assert messages.decode({"mediahub": "reprocess", "image": str(image)}) == [messages.ReprocessImage(image)]
    assert messages.decode({"mediahub": "look", "key": "a.jpg"}) == [messages.CheckKey("a.jpg")]
    assert messages.decode({"mediahub": "sweep", "keys": ["a", "b"]}) == [messages.SweepRenditions(("a", "b"))]
    assert messages.decode({"mediahub": "again", "item": 7}) == [messages.RetryFailedItem(7)]
    assert messages.decode({"mediahub": "redrive", "order": 7}) == [messages.SendRetries(7)]
    assert messages.decode({"mediahub": "job", "job": str(image)}) == [messages.ContinueJob(image)]


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
    with pytest.raises(messages.Unreadable):
        messages.decode(body)


def named(event: str) -> dict[str, Any]:
    body = s3_event("a.jpg")
    body["Records"][0]["eventName"] = event
    return body


@pytest.mark.parametrize(
    "event",
    [
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "LifecycleExpiration:Delete",
        "s3:ObjectRemoved:Delete",
    ],
)
def test_a14_a_removal_is_followed(event: str) -> None:
    assert messages.decode(named(event)) == [messages.ObjectRemoved(BUCKET, "a.jpg", "00AB")]


@pytest.mark.parametrize(
    "event",
    [
        "ObjectRestore:Completed",
        "LifecycleTransition",
        "IntelligentTiering",
        "Replication:OperationFailedReplication",
        "ObjectTagging:Put",
        "ObjectAcl:Put",
    ],
)
def test_a14_what_changes_nothing_here_is_passed_over(event: str) -> None:
    assert messages.decode(named(event)) == []


def test_a14_another_event_name_is_an_error() -> None:
    with pytest.raises(messages.Unreadable, match="ReducedRedundancyLostObject"):
        messages.decode(named("ReducedRedundancyLostObject"))


@pytest.mark.parametrize(("version", "known"), [("2.0", True), ("2.6", True), ("3.0", False), (None, True)])
def test_a13_a_minor_version_is_read_and_a_major_one_refused(version: str | None, known: bool) -> None:
    body = s3_event("a.jpg")
    body["Records"][0] |= {"eventVersion": version, "something": {"new": True}}
    if known:
        assert len(messages.decode(body)) == 1
    else:
        with pytest.raises(messages.Unreadable, match=r"3\.0"):
            messages.decode(body)


def test_a15_an_envelope_of_sns_is_opened() -> None:
    inner = json.dumps(s3_event("a+b.jpg"))
    wanted = [messages.ObjectCreated(BUCKET, "a b.jpg", "v1", "00AB")]
    assert messages.decode_text(json.dumps({"Type": "Notification", "Message": inner})) == wanted
    assert messages.decode({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": inner}}]}) == wanted


def test_a15_the_form_of_eventbridge_is_read_and_its_keys_are_not_decoded() -> None:
    body = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": "a+b%20c.jpg", "version-id": "v1", "sequencer": "00AB"},
        },
    }
    assert messages.decode(body) == [messages.ObjectCreated(BUCKET, "a+b%20c.jpg", "v1", "00AB")]
    assert messages.decode({**body, "detail-type": "Object Deleted"}) == [
        messages.ObjectRemoved(BUCKET, "a+b%20c.jpg", "00AB")
    ]
    with pytest.raises(messages.Unreadable, match="Object Restore"):
        messages.decode({**body, "detail-type": "Object Restore Completed"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (messages.MOST_CHARACTERS + 1), "characters"),
        (json.dumps({"Records": s3_event("a.jpg")["Records"] * (messages.MOST_RECORDS + 1)}), "records"),
        ("[" * 10_000, "is not JSON"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "is not JSON|neither an event"),
    ],
    ids=["a megabyte", "many records", "deep lists", "deep objects"],
)
def test_a12_what_is_huge_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(messages.Unreadable, match=said):
        messages.decode_text(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
known_names = st.sampled_from(
    ["mediahub", "Records", "Type", "Message", "source", "detail-type", "detail", "s3", "Event"]
)


@given(st.dictionaries(known_names, json_values, max_size=5))
def test_a13_whatever_shape_a_message_has_it_is_read_or_refused(body: dict[str, Any]) -> None:
    try:
        decoded = messages.decode_text(json.dumps(body))
    except (messages.Unreadable, Misconfigured):
        return
    assert decoded or body.get("Event") == "s3:TestEvent"


@pytest.mark.parametrize(("key", "taken"), [("é" * 512, True), ("é" * 512 + "x", False), ("", False), ("a\0b", False)])
def test_a5_a_key_is_one_that_s3_can_have(key: str, taken: bool) -> None:
    for body in (s3_event(quote_plus(key)), {"mediahub": "look", "key": key}):
        if taken:
            assert [message.key for message in messages.decode(body) if hasattr(message, "key")] == [key]
        else:
            with pytest.raises(messages.Unreadable, match="key"):
                messages.decode(body)


def test_a_key_with_half_of_a_character_is_refused_in_every_form_of_a_message() -> None:
    key, bucket = "trip/\ud800.jpg", {"name": "mediahub-local-uploads-000000000000"}
    detail = {"bucket": bucket, "object": {"key": key}}
    for body in (
        {"mediahub": "look", "key": key},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": detail},
    ):
        with pytest.raises(messages.Unreadable, match="half of a character"):
            messages.decode_text(json.dumps(body))


def test_a11_a_rendition_that_is_announced_is_never_taken_in(settings: Any) -> None:
    body = s3_event("large/a.jpg")
    body["Records"][0]["s3"]["bucket"]["name"] = settings.RENDITION_BUCKET
    with pytest.raises(Misconfigured, match="Remove the notification"):
        messages.decode(body)


def test_a10_another_bucket_is_a_mistake_of_the_setup() -> None:
    body = s3_event("a.jpg")
    body["Records"][0]["s3"]["bucket"]["name"] = "someone-elses"
    with pytest.raises(Misconfigured, match="someone-elses"):
        messages.decode(body)


@pytest.mark.parametrize("name", ["versionId", "sequencer"])
@pytest.mark.parametrize("value", ["v\0", "\ud800", "v" * 2000])
def test_a_version_that_no_database_stores_is_refused(name: str, value: str) -> None:
    bucket = {"name": settings.UPLOAD_BUCKET}
    event = {"eventName": "ObjectCreated:Put", "s3": {"bucket": bucket, "object": {"key": "a.jpg", name: value}}}
    with pytest.raises(messages.Unreadable):
        messages.decode({"Records": [event]})
