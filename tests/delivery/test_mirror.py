"""One item for each image, pointers for its tags, and only ever forward."""

from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.db import connection

from mediahub.aws import clients
from mediahub.aws.table import Item
from mediahub.delivery import addresses, mirror
from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships, publishing, tag_decisions
from mediahub.library.models import Image
from mediahub.local import stack
from processing import Misconfigured
from tests.records import image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(local_aws: stack.Stack, editor: User) -> Image:
    new_image = image_with_tags("Boat", "Sea", state=Image.State.PUBLISHED, alt_text="Boats", credit="Ada Byron")
    tag_decisions.accept(ChangeSet(editor), new_image.taggings.all())
    new_image.refresh_from_db()
    return new_image


def by_tag(aws: Callable[[str, str], Any], tag: str) -> list[str]:
    found = aws("operator", "dynamodb").query(
        TableName=django_settings.MIRROR_TABLE,
        IndexName="by_tag",
        KeyConditionExpression="tag = :tag",
        ExpressionAttributeValues={":tag": {"S": tag}},
    )
    return [item["pk"]["S"] for item in found["Items"]]


def test_the_item_holds_what_a_reader_needs_and_nothing_else(image: Image) -> None:
    assert mirror.push_image(image.pk)
    held = mirror.read_item(image.pk)
    assert held
    assert set(held) == {"pk", "sk", "title", "alt_text", "state", "tags", "renditions", "revision"}
    assert (held["title"], held["tags"]) == ("Harbour", ["Boat", "Sea"])
    assert set(held["renditions"]["large"]) == {"address", "permanent", "width", "height", "bytes", "formats"}
    image.refresh_from_db()
    assert image.mirrored_revision == image.revision


@pytest.mark.parametrize(
    "hidden",
    [
        {"state": Image.State.IN_REVIEW},
        {"state": Image.State.ARCHIVED},
        {"rights_until": date(2020, 1, 1)},
    ],
    ids=["in review", "archived", "rights ended"],
)
def test_of_what_is_not_public_the_mirror_tells_no_words_and_no_tags(
    image: Image, editor: User, aws: Callable[[str, str], Any], hidden: dict[str, Any]
) -> None:
    mirror.push_image(image.pk)
    assert by_tag(aws, "Boat") == [str(image.pk)]
    Image.objects.filter(pk=image.pk).update(**hidden)
    mirror.mend_image(image.pk)
    assert mirror.push_image(image.pk)
    items = clients.get_mirror_table().query_items(str(image.pk))
    assert set(items) == {"image"}
    assert set(items["image"]) == {"pk", "sk", "revision", "state", "renditions"}
    assert set(items["image"]["renditions"]["large"]) == {"width", "height", "bytes", "formats"}
    assert by_tag(aws, "Boat") == []
    image.refresh_from_db()
    assert not mirror.has_drifted(image)


def test_an_image_of_a_closed_collection_shows_in_the_mirror_once_it_is_published(image: Image, chief: User) -> None:
    closed = collections.create(ChangeSet(None), "Lawsuit", groups=[Group.objects.create(name="Legal")])
    memberships.add_images(ChangeSet(None), [image], closed)
    publishing.reopen(ChangeSet(chief), [image])
    mirror.push_image(image.pk)
    held = clients.get_mirror_table().query_items(str(image.pk))
    assert "Harbour" not in str(held)
    assert "Boat" not in str(held)
    assert publishing.publish(ChangeSet(chief), [image]).count == 1
    mirror.push_image(image.pk)
    assert set(clients.get_mirror_table().query_items(str(image.pk))) == {"image", "tag#Boat", "tag#Sea"}


def test_what_an_earlier_release_told_of_what_is_not_public_is_found_and_mended(image: Image, chief: User) -> None:
    """As the mirror holds it from before: with the words and tags of an image in review."""
    mirror.push_image(image.pk)
    Image.objects.filter(pk=image.pk).update(state=Image.State.IN_REVIEW)
    image.refresh_from_db()
    assert mirror.has_drifted(image)
    mirror.mend_image(image.pk)
    mirror.push_image(image.pk)
    assert set(clients.get_mirror_table().query_items(str(image.pk))) == {"image"}


def test_a_stale_push_changes_nothing(image: Image) -> None:
    mirror.push_image(image.pk)
    newest = mirror.read_item(image.pk)
    Image.objects.filter(pk=image.pk).update(revision=1, title="Stale")
    assert not mirror.push_image(image.pk)
    assert mirror.read_item(image.pk) == newest


def test_r2_pushing_twice_is_pushing_once(image: Image) -> None:
    assert mirror.push_image(image.pk)
    assert not mirror.push_image(image.pk)


def test_images_are_found_by_tag(image: Image, editor: User, aws: Callable[[str, str], Any]) -> None:
    mirror.push_image(image.pk)
    assert by_tag(aws, "Boat") == [str(image.pk)]
    tag_decisions.reject(ChangeSet(editor), image.taggings.filter(tag__name="Boat"))
    mirror.push_image(image.pk)
    assert by_tag(aws, "Boat") == []
    assert by_tag(aws, "Sea") == [str(image.pk)]


def test_the_date_beside_a_tag_is_that_of_the_place(image: Image) -> None:
    taken_at = datetime(2024, 6, 1, 15, 30, tzinfo=UTC)
    Image.objects.filter(pk=image.pk).update(taken_at=taken_at, taken_offset=540)
    mirror.push_image(image.pk)
    items = clients.get_mirror_table().query_items(str(image.pk))
    assert items["tag#Boat"]["date"] == "2024-06-02T00:30:00+09:00"


def test_c8_two_pushes_at_once_leave_the_newest(image: Image) -> None:
    def push(_: int) -> None:
        try:
            mirror.push_image(image.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(push, range(4)))
    held = mirror.read_item(image.pk)
    assert held
    assert held["revision"] == image.revision


def test_r7_c8_the_clock_pushes_what_lags(image: Image) -> None:
    assert mirror.push_stale_images() == 1
    assert mirror.push_stale_images() == 0


def test_an_image_that_is_gone_is_no_error(local_aws: stack.Stack) -> None:
    assert not mirror.push_image(uuid4())


def test_a_table_that_is_not_there_is_a_mistake_of_the_setup(image: Image, settings: Any) -> None:
    settings.MIRROR_TABLE = "no-such-table"
    with pytest.raises(Misconfigured, match="run doctor"):
        mirror.push_image(image.pk)
    image.refresh_from_db()
    assert image.mirrored_revision < image.revision


def test_an_address_is_signed_once_and_kept_for_the_browsers_cache(local_aws: stack.Stack) -> None:
    caches["process"].clear()
    first = addresses.build_address("small/a.jpg")
    assert "X-Amz-Signature" in first
    assert addresses.build_address("small/a.jpg") == first


def cdn(settings: Any, **options: Any) -> None:
    settings.CLOUDFRONT_DOMAIN = "cdn.example.org"
    held = settings.STORAGES["renditions"]
    wanted = {**held["OPTIONS"], "custom_domain": settings.CLOUDFRONT_DOMAIN, **options}
    settings.STORAGES = {**settings.STORAGES, "renditions": {**held, "OPTIONS": wanted}}


def test_with_a_cdn_the_addresses_are_its_own(settings: Any) -> None:
    cdn(settings)
    assert addresses.build_address("small/a.jpg") == "https://cdn.example.org/small/a.jpg"


def test_a_cdn_that_asks_for_it_gets_links_signed_with_its_key(settings: Any) -> None:
    caches["process"].clear()
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    cdn(settings, cloudfront_key_id="K2", cloudfront_key=pem, querystring_auth=True)
    settings.CLOUDFRONT_KEY_ID = "K2"
    link = urlsplit(addresses.build_address("small/a.jpg"))
    said = dict(parse_qsl(link.query))
    assert (link.netloc, link.path, said["Key-Pair-Id"]) == ("cdn.example.org", "/small/a.jpg", "K2")
    # CloudFront's canned policy, and its alphabet in place of what a query cannot hold.
    policy = (
        '{"Statement":[{"Resource":"https://cdn.example.org/small/a.jpg","Condition":{"DateLessThan":'
        f'{{"AWS:EpochTime":{said["Expires"]}}}}}}}]}}'
    )
    signature = b64decode(said["Signature"].translate(str.maketrans("-_~", "+=/")))
    key.public_key().verify(signature, policy.encode(), padding.PKCS1v15(), hashes.SHA1())


def test_r7_a_push_that_was_overtaken_looks_again(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = mirror._build_items
    overtaken: list[bool] = []

    def wanted(pushed: Image) -> tuple[Item, list[Item]]:
        new_image = honest(pushed)
        if not overtaken:
            overtaken.append(True)
            Image.objects.filter(pk=pushed.pk).update(revision=pushed.revision + 1, title="Newer")
            mirror.push_image(pushed.pk)
        return new_image

    monkeypatch.setattr(mirror, "_build_items", wanted)
    assert not mirror.push_image(image.pk)
    held = mirror.read_item(image.pk)
    assert held
    assert held["title"] == "Newer"


def test_c8_more_tags_than_a_transaction_takes_stay_on_the_item(image: Image, editor: User) -> None:
    for number in range(60):
        tag_decisions.add_tag(ChangeSet(editor), image, f"Tag {number:02}")
    image.refresh_from_db()
    assert mirror.push_image(image.pk)
    held = mirror.read_item(image.pk)
    assert held
    assert len(held["tags"]) == 62


def test_c8_a_table_that_refuses_the_transaction_says_so(image: Image, as_role: Callable[[str], None]) -> None:
    # Of a published image the bucket would refuse first.
    Image.objects.filter(pk=image.pk).update(state=Image.State.IN_REVIEW)
    as_role("web")
    with pytest.raises(Misconfigured, match="AccessDenied"):
        mirror.push_image(image.pk)


def test_without_credentials_a_page_goes_without_its_pictures(settings: Any) -> None:
    caches["process"].clear()
    settings.AWS_PROFILE = "no-such-profile"
    assert addresses.build_address("small/a.jpg") == ""
