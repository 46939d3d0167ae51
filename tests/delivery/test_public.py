"""What the public may fetch: it is there while the image is published, stays good while it is replaced, and goes."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone
from PIL import Image as Pillow

from mediahub.aws import clients
from mediahub.delivery import embed, mirror, public
from mediahub.delivery.credited_files import read_rendition
from mediahub.delivery.models import PublicFile
from mediahub.history.change_set import ChangeSet
from mediahub.library import cataloging, publishing, versions
from mediahub.library.models import Image, Rendition
from mediahub.library.search import index
from mediahub.library.versions import Original
from processing import SPECS, Misconfigured, Missing, RenditionSpec, process
from processing.keys import build_permanent_key
from tests.doubles import MemoryQueue
from tests.pictures import encoded, jpeg
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)


def take_in(image_id: Any, width: int, key: str, specs: Sequence[RenditionSpec] = SPECS) -> Image:
    data, store = BytesIO(jpeg(width, 300)), clients.get_rendition_store()
    result = process(data, image_id, store=store, labeler=None, specs=specs)
    with transaction.atomic():
        new_image = cataloging.record_result(
            image_id, f"{key}.jpg", result, original=Original(key, "v1", may_go_out=True)
        )
    Image.objects.filter(pk=image_id).update(alt_text='A "boat"', credit="Ada Lund", license="CC BY 4.0")
    index.update_entries([image_id])
    return new_image


@pytest.fixture
def cdn() -> Iterator[MemoryQueue]:
    """Provide the queue of paths that CloudFront would be told of."""
    queue = MemoryQueue(visibility=60, receives=5)
    with patch.object(clients, "get_cdn_queue", lambda: queue):
        yield queue


def told(queue: MemoryQueue) -> list[str]:
    return [path for message in queue.messages.values() for path in json.loads(message.body)["paths"]]


@pytest.fixture
def published(local_aws: object, as_role: Callable[[str], None], editor: User, cdn: MemoryQueue) -> Image:
    as_role("worker")
    new_image = take_in(uuid4(), 600, "first")
    publishing.publish(ChangeSet(editor), [new_image])
    mirror.push_image(new_image.pk)
    new_image.refresh_from_db()
    return new_image


def objects() -> set[str]:
    page = clients.get_rendition_store().list_page()
    return {found.key for found in page.versions if found.latest and not found.removed and "public/" in found.key}


def permanent(image: Image, name: str = "large", format: str = "JPEG") -> str:
    return build_permanent_key(image.pk, name, is_fallback=format != "AVIF")


def read(key: str) -> bytes:
    with clients.get_rendition_store().get(key) as file:
        return file.read()


def read_current(image: Image, name: str = "large", format: str = "JPEG") -> bytes:
    """Return a rendition with the credit that the record has now."""
    current = Image.objects.get(pk=image.pk)
    return read_rendition(current, current.renditions.get(name=name, format=format))


def test_a_published_image_has_both_addresses_of_each_rendition(published: Image) -> None:
    assert len(objects()) == 2 * published.renditions.count()
    held = mirror.read_item(published.pk)
    assert held
    large = held["renditions"]["large"]
    assert large["permanent"].endswith(f"/public/{published.pk}/large.jpg")
    assert large["address"].startswith(large["permanent"].removesuffix(".jpg"))
    assert large["formats"]["avif"]["permanent"].endswith(f"/public/{published.pk}/large.avif")
    for new_image in published.renditions.all():
        assert read(permanent(published, new_image.name, new_image.format)) == read_current(
            published, new_image.name, new_image.format
        )
        copied = clients.get_rendition_store().head(permanent(published, new_image.name, new_image.format))
        assert copied.content_type == new_image.content_type


def test_both_permanent_addresses_have_a_file_also_where_the_modern_format_is_not_made(
    local_aws: object, as_role: Callable[[str], None], editor: User, cdn: MemoryQueue
) -> None:
    """The CDN goes from the one to the other by the request alone, and does not know which formats an image has."""
    as_role("worker")
    plain = take_in(uuid4(), 600, "first", [RenditionSpec("large", 300, 300, formats=("JPEG",))])
    publishing.publish(ChangeSet(editor), [plain])
    mirror.push_image(plain.pk)
    [new_image] = plain.renditions.all()
    assert read(permanent(plain)) == read(permanent(plain, format="AVIF")) == read_current(plain, new_image.name)
    assert len(objects()) == 3
    take_in(plain.pk, 600, "first", [RenditionSpec("large", 300, 300)])
    mirror.mend_image(plain.pk)
    mirror.push_image(plain.pk)
    assert read(permanent(plain, format="AVIF")) == read_current(plain, format="AVIF")
    assert told(cdn) == [f"/{permanent(plain, format='AVIF')}"]


def test_a_transparent_picture_has_webp_at_the_address_of_its_fallback(
    local_aws: object, as_role: Callable[[str], None], editor: User, cdn: MemoryQueue
) -> None:
    as_role("worker")
    image_id, logo = uuid4(), encoded(Pillow.new("RGBA", (600, 300), (255, 255, 255, 90)), "PNG")
    result = process(BytesIO(logo), image_id, store=clients.get_rendition_store(), labeler=None)
    with transaction.atomic():
        new_image = cataloging.record_result(
            image_id, "logo.png", result, original=Original("k", "v1", may_go_out=True)
        )
    Image.objects.filter(pk=image_id).update(alt_text="Logo", credit="Ada Lund", state=Image.State.PUBLISHED)
    mirror.mend_image(image_id)
    mirror.push_image(image_id)
    head = clients.get_rendition_store().head
    assert head(permanent(new_image)).content_type == "image/webp"
    assert head(permanent(new_image, format="AVIF")).content_type == "image/avif"
    texts = embed.build_embed_code(Image.objects.prefetch_related("renditions").get(pk=image_id))
    assert texts
    assert ".webp" not in texts.picture


def test_nothing_of_an_image_in_review_is_public(local_aws: object, as_role: Callable[[str], None]) -> None:
    as_role("worker")
    mirror.push_image(take_in(uuid4(), 600, "first").pk)
    assert objects() == set()


def test_archiving_takes_all_of_it_away_and_tells_the_cdn(published: Image, editor: User, cdn: MemoryQueue) -> None:
    publishing.archive(ChangeSet(editor), [published])
    mirror.push_image(published.pk)
    assert objects() == set()
    assert not PublicFile.objects.exists()
    assert told(cdn) == [f"/public/{published.pk}/*"]


def test_a_replaced_file_keeps_old_addresses_and_moves_the_permanent_ones(
    published: Image, cdn: MemoryQueue, settings: Any
) -> None:
    before = objects()
    first = read(permanent(published))
    take_in(published.pk, 640, "second")
    mirror.push_image(published.pk)
    assert before < objects()
    assert read(permanent(published)) != first
    # By content nothing changed that the CDN could hold; one message tells of all the others.
    assert sorted(told(cdn)) == sorted(
        f"/{permanent(published, new_image.name, new_image.format)}" for new_image in published.renditions.all()
    )
    assert len(cdn.messages) == 1
    old = {key for key in before if PublicFile.objects.filter(key=key, superseded_at__isnull=False)}
    assert len(old) == published.renditions.count()
    assert public.sweep_superseded() == 0
    settings.PUBLIC_GRACE_SECONDS = -1
    assert public.sweep_superseded() == len(old)
    assert objects() & before == before - old


def test_nothing_is_asked_of_the_cdn_when_no_bytes_change(published: Image, cdn: MemoryQueue) -> None:
    def asked() -> int:
        mirror.push_image(published.pk)
        return len(told(cdn))

    # It was published, and nobody can have fetched it before.
    assert asked() == 0
    for _ in range(3):
        # Made anew, to the same bytes.
        take_in(published.pk, 600, "first")
        Image.objects.filter(pk=published.pk).update(revision=F("revision") + 1)
        assert asked() == 0
    # A worker died between a copy and its note: by content the bytes are the same, whoever wrote them.
    PublicFile.objects.filter(image=published).update(source=public.REPLACING)
    assert asked() == published.renditions.count()


def test_a_restored_version_needs_no_copy_by_content(published: Image, chief: User) -> None:
    before = objects()
    take_in(published.pk, 640, "second")
    mirror.push_image(published.pk)
    versions.restore(ChangeSet(chief), published, 1)
    mirror.push_image(published.pk)
    current = PublicFile.objects.filter(superseded_at=None).values_list("key", flat=True)
    assert set(current) == before


def test_c11_who_dies_after_a_copy_leaves_no_bytes_of_a_version_that_is_no_more(
    published: Image, chief: User, cdn: MemoryQueue
) -> None:
    first = read(permanent(published))
    take_in(published.pk, 640, "second")
    put = type(clients.get_rendition_store()).put

    def dies(store: Any, key: str, data: bytes, content_type: str, cache: str) -> None:
        put(store, key, data, content_type, cache)
        if key.endswith("/large.jpg"):
            raise KeyboardInterrupt

    with patch.object(type(clients.get_rendition_store()), "put", dies), pytest.raises(KeyboardInterrupt):
        mirror.push_image(published.pk)
    assert read(permanent(published)) != first
    assert public.is_public_file(permanent(published))
    versions.restore(ChangeSet(chief), published, 1)
    mirror.push_image(published.pk)
    assert read(permanent(published)) == first
    assert f"/{permanent(published)}" in told(cdn)


def test_a_worker_that_was_slow_does_not_bring_back_what_was_taken_down(published: Image, editor: User) -> None:
    seen = Image.objects.get(pk=published.pk)
    publishing.archive(ChangeSet(editor), [published])
    mirror.push_image(published.pk)
    public.update_public_files(seen)
    assert objects() == set()


def test_a_worker_that_was_slow_does_not_bring_back_old_bytes(published: Image) -> None:
    seen = Image.objects.prefetch_related("renditions").get(pk=published.pk)
    assert len(seen.renditions.all()) == count_files()
    take_in(published.pk, 640, "second")
    mirror.push_image(published.pk)
    public.update_public_files(seen)
    assert read(permanent(published)) == read_current(published)


def test_what_is_wanted_again_while_it_is_swept_stays(published: Image, chief: User, settings: Any) -> None:
    take_in(published.pk, 640, "second")
    mirror.push_image(published.pk)
    settings.PUBLIC_GRACE_SECONDS = -1
    delete = type(clients.get_rendition_store()).delete

    def restored_meanwhile(store: Any, key: str) -> None:
        delete(store, key)
        versions.restore(ChangeSet(chief), published, 1)
        public.update_public_files(Image.objects.prefetch_related("renditions").get(pk=published.pk))

    with patch.object(type(clients.get_rendition_store()), "delete", restored_meanwhile):
        public.sweep_superseded(most=1)
    for key in public.list_public_files(Image.objects.prefetch_related("renditions").get(pk=published.pk)):
        assert read(key)


def test_rights_that_ended_take_the_files_away(published: Image) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Image.objects.filter(pk=published.pk).update(rights_until=yesterday)
    assert publishing.archive_expired() == 1
    mirror.push_image(published.pk)
    assert objects() == set()


def test_a_rendition_that_is_lost_holds_up_no_other(published: Image) -> None:
    take_in(published.pk, 640, "second")
    clients.get_rendition_store().delete(published.renditions.get(name="small", format="JPEG").key)
    mirror.push_image(published.pk)
    assert read(permanent(published)) == read_current(published)
    assert PublicFile.objects.filter(source="").count() == 1


def test_what_the_cdn_was_not_told_is_told_at_the_next_push(published: Image, cdn: MemoryQueue) -> None:
    take_in(published.pk, 640, "second")
    refusing = MemoryQueue(visibility=60, receives=5)
    refuse = patch.object(refusing, "send", side_effect=Misconfigured("AccessDenied", "The queue refuses."))
    with patch.object(clients, "get_cdn_queue", lambda: refusing), refuse, pytest.raises(Misconfigured):
        mirror.push_image(published.pk)
    mirror.push_image(published.pk)
    assert len(told(cdn)) == published.renditions.count()


def test_without_a_cdn_the_site_leads_to_a_signed_address(published: Image, client: Client) -> None:
    answer = client.get(f"/{permanent(published)}")
    assert answer.status_code == 302
    assert "Signature" in answer["Location"]
    assert answer["Cache-Control"] == "public, max-age=60"
    for path in (f"public/{published.pk}/other.jpg", "public/../large/x", f"public/{uuid4()}/large.jpg"):
        assert client.get(f"/{path}").status_code == 404


def test_what_to_copy_is_safe_and_by_addresses_that_stay(published: Image) -> None:
    new_image = Image.objects.prefetch_related("renditions").get(pk=published.pk)
    texts = embed.build_embed_code(new_image)
    assert texts
    assert texts.address == public.build_public_address(permanent(published))
    assert 'alt="A &quot;boat&quot;"' in texts.picture
    # xlarge and large show the same pixels; the address that is shown stands once more.
    addresses = re.findall(r"\S+/([a-z]+\.(?:jpg|avif))(?: \d+w|\")", texts.picture)
    names = ["small", "medium", "large"]
    assert addresses == [*(f"{name}.avif" for name in names), "large.jpg", *(f"{name}.jpg" for name in names)]
    assert texts.picture.startswith('<picture><source type="image/avif" srcset="')
    assert re.findall(r"(\d+)w", texts.picture) == ["256", "512", "600"] * 2
    assert texts.picture.count('sizes="(max-width: 600px) 100vw, 600px"') == 2
    assert 'width="600" height="300" loading="lazy"></picture>' in texts.picture
    assert not hasattr(texts.picture, "__html__")
    assert texts.markdown == f'![A "boat"]({texts.address})'
    assert texts.credit_line == "Photo: Ada Lund / CC BY 4.0"
    new_image.state = Image.State.IN_REVIEW
    assert embed.build_embed_code(new_image) is None


def test_a_crop_of_the_same_shape_stays_out_of_the_sizes_to_choose_from(published: Image) -> None:
    held = {"mode": "crop", "format": "JPEG", "bytes": 9, "content_type": "image/jpeg", "sha256": "0" * 64}
    Rendition.objects.create(image=published, name="fill", key="fill/1/2.jpg", width=40, height=30, **held)
    new_image = Image.objects.prefetch_related("renditions").get(pk=published.pk)
    Image.objects.filter(pk=new_image.pk).update(width=400, height=300)
    texts = embed.build_embed_code(new_image)
    assert texts
    assert "fill" not in texts.picture
    [crop] = texts.crops
    assert (crop.title, crop.address) == ("fill 40×30", public.build_public_address(f"public/{published.pk}/fill.jpg"))
    assert crop.picture == (
        f'<picture><img src="{crop.address}" srcset="{crop.address} 40w" sizes="(max-width: 40px) 100vw, 40px" '
        'alt="A &quot;boat&quot;" width="40" height="30" loading="lazy"></picture>'
    )


def test_a_file_that_was_public_is_gone_from_the_store(published: Image, editor: User) -> None:
    key = permanent(published)
    publishing.archive(ChangeSet(editor), [published])
    mirror.push_image(published.pk)
    with pytest.raises(Missing):
        read(key)
