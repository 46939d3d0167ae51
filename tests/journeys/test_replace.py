"""A file is replaced and restored while the public goes on fetching it: the site, S3, and a worker in its role."""

import hashlib
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.history.change_set import ChangeSet
from mediahub.library import cataloging, publishing
from mediahub.library.models import Image
from mediahub.library.versions import Original
from processing import process
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS = int(os.environ.get("REQUESTS", "200"))
READERS = 4
BY_CONTENT = re.compile(r"-[0-9a-f]{16}\.[a-z]+$")
PATIENCE = 180


@dataclass
class Public:
    """Readers that fetch every address they know, again and again."""

    addresses: list[str]
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seen: list[tuple[float, str, str]] = field(default_factory=list)
    # By addresses by content: what was there first.
    first_digests: dict[str, str] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        """Fetch one address after the other; one by content must show the same bytes for ever."""
        with requests.Session() as session:
            while not self.stopped.is_set():
                for address in tuple(self.addresses):
                    began = time.monotonic()
                    answer = session.get(address, timeout=PATIENCE)
                    digest = hashlib.sha256(answer.content).hexdigest()
                    self.statuses[answer.status_code] += 1
                    is_permanent = not BY_CONTENT.search(address)
                    if answer.status_code == 200 and self.first_digests.setdefault(address, digest) != digest:
                        self.wrong += [] if is_permanent else [address]
                    if is_permanent:
                        self.seen.append((began, address, digest))

    def until(self, number: int) -> None:
        """Wait until so many requests were answered."""
        while sum(self.statuses.values()) < number:
            time.sleep(0.05)


@pytest.fixture
def published(local_aws: object, as_role: Callable[[str], None], chief: User, live_server: Any, settings: Any) -> Image:
    settings.PUBLIC_URL = live_server.url
    as_role("worker")
    image_id = uuid4()
    data = jpeg(800, 600)
    result = process(
        BytesIO(data), image_id, store=clients.get_rendition_store(), labeler=None, specs=clients.get_specs()
    )
    with transaction.atomic():
        cataloging.record_result(image_id, "quay.jpg", result, original=Original(f"uploads/{image_id}/original", "v1"))
    Image.objects.filter(pk=image_id).update(alt_text="A quay", credit="Ada Lund", license="CC BY 4.0")
    image = Image.objects.get(pk=image_id)
    publishing.publish(ChangeSet(chief), [image])
    mirror.push_image(image_id)
    as_role("web")
    return image


@pytest.fixture
def client_of_chief(chief: User) -> Client:
    client = Client()
    client.force_login(chief)
    return client


@pytest.fixture
def readers(published: Image) -> Iterator[Public]:
    crowd = Public(addresses_of(published))
    threads = [threading.Thread(target=crowd.read, daemon=True) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    yield crowd
    crowd.stopped.set()
    for thread in threads:
        thread.join(PATIENCE)


def addresses_of(image: Image) -> list[str]:
    image_record = Image.objects.prefetch_related("renditions").get(pk=image.pk)
    return [public.build_public_address(key) for key in public.list_public_files(image_record)]


def outcome(image: Image, version: int) -> list[str]:
    """Return the addresses, once the version is in use and all of it is out."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        # The version is asked first: a revision read before it changed would be that of the version before.
        current = image.versions.filter(current=True, number=version).exists()
        image.refresh_from_db()
        if current and image.mirrored_revision == image.revision:
            return addresses_of(image)
        time.sleep(0.05)
    raise AssertionError(f"version {version} is not out after {PATIENCE} s")


def permanent(addresses: list[str]) -> list[str]:
    return [address for address in addresses if not BY_CONTENT.search(address)]


def send(client: Client, image: Image, data: bytes) -> None:
    """Fill in the form of the page, as a browser would."""
    page = client.get(f"/admin/images/{image.pk}/replace/")
    ticket = page.context["ticket"]
    answer = requests.post(
        ticket.url, data=ticket.fields, files={"file": ("quay.jpg", data)}, allow_redirects=False, timeout=PATIENCE
    )
    assert answer.status_code == 303, answer.text


def test_no_address_fails_while_a_file_is_replaced_and_restored(
    readers: Public,
    published: Image,
    client_of_chief: Client,
    worker: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = {address: requests.get(address, timeout=PATIENCE).content for address in permanent(readers.addresses)}
    readers.until(REQUESTS // 4)
    send(client_of_chief, published, jpeg(640, 480))
    replaced = outcome(published, 2)
    readers.addresses += [address for address in replaced if address not in readers.addresses]
    out = time.monotonic()
    readers.until(max(REQUESTS // 2, sum(readers.statuses.values()) + REQUESTS // 4))
    restoring = time.monotonic()
    client_of_chief.post(f"/admin/images/{published.pk}/versions/1/")
    outcome(published, 1)
    back = time.monotonic()
    # Each reader comes past every address once more.
    readers.until(max(REQUESTS, sum(readers.statuses.values()) + 2 * READERS * len(readers.addresses)))
    readers.stopped.set()

    with capsys.disabled():
        print(f"\n{sum(readers.statuses.values())} requests, answers {dict(readers.statuses)}, wrong {readers.wrong}")
    assert set(readers.statuses) == {200}
    assert readers.wrong == []
    old = {hashlib.sha256(data).hexdigest() for data in first.values()}
    meanwhile = {digest for began, _, digest in readers.seen if out < began < restoring}
    after = {digest for began, _, digest in readers.seen if began > back}
    assert meanwhile
    assert not meanwhile & old
    assert after == old


def test_when_its_rights_end_every_address_refuses_and_the_record_says_why(
    published: Image,
    worker: None,
) -> None:
    addresses = addresses_of(published)
    assert {requests.get(address, timeout=PATIENCE).status_code for address in addresses} == {200}
    # The worker's clock is the machine's; a day that is over for the record has passed for it.
    Image.objects.filter(pk=published.pk).update(rights_until=timezone.localdate() - timedelta(days=1))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(requests.get(one, timeout=PATIENCE).status_code != 404 for one in addresses):
        time.sleep(0.2)
    assert {requests.get(address, timeout=PATIENCE).status_code for address in addresses} == {404}
    # The addresses ask the record themselves, and may be before the clock.
    while time.monotonic() < end and not Image.objects.filter(pk=published.pk, state=Image.State.ARCHIVED).exists():
        time.sleep(0.2)
    published.refresh_from_db()
    assert published.state == Image.State.ARCHIVED
    assert [(change.by, change.action) for change in published.changes.all()[:1]] == [(None, "expired")]
