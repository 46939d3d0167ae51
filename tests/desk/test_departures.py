"""A person leaves for good: the history stays and names nobody, and nothing of theirs opens a door any more."""

from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from mediahub.desk.models import Preference
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.runner import sweep_old_jobs
from mediahub.library import tag_decisions
from mediahub.library.models import Image, SavedSearch
from mediahub.local.event_loop import EventLoop
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.journeys.test_purge import find_objects, find_rows
from tests.local_aws import drain
from tests.pictures import jpeg
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)
aws_objects = find_objects
DATA = jpeg(320, 240)


@pytest.fixture
def leaver(chief: User) -> User:
    """Provide a person whose name, address, and searches are known."""
    person = User.objects.create_user(
        "zyxleaver", "zyxleaver@example.org", "a-long-password", is_staff=True, first_name="Zyxleaver"
    )
    person.groups.set(chief.groups.all())
    return person


@pytest.fixture
def administrator(db: Any) -> Client:
    """Provide a browser in which an administrator is signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("administrator", password="a-long-password"))
    return client


def remove(administrator: Client, person: User, **fields: Any) -> Any:
    """Send the form of the page that removes a person."""
    address = reverse("desk:remove_person", args=[person.pk])
    assert "This cannot be undone" in administrator.get(address).content.decode()
    return administrator.post(address, {"name": person.username, **fields}, follow=True)


def test_the_history_names_nobody_and_searches_pass_on(administrator: Client, chief: User, leaver: User) -> None:
    picture = image(title="Harbor")
    tag_decisions.add_tag(ChangeSet(leaver), picture, "harbor")
    SavedSearch.objects.create(owner=leaver, name="Shared", query="q=a", shared=True)
    SavedSearch.objects.create(owner=leaver, name="Alone", query="q=b")
    SavedSearch.objects.create(owner=chief, name="Shared", query="q=c")
    Preference.objects.create(user=leaver)
    administrator.post(reverse("admin:auth_user_change", args=[leaver.pk]), {"username": "zyxleaver"})
    answer = remove(administrator, leaver, heir=chief.pk)
    assert f"former member {leaver.pk}" in answer.content.decode()
    assert [place for place in find_rows("yxleaver") if not place.startswith("django_session")] == []
    leaver.refresh_from_db()
    assert (leaver.is_active, leaver.is_staff, leaver.email, leaver.get_all_permissions()) == (False, False, "", set())
    assert Change.objects.get(image=picture).by == leaver
    pages = administrator.get(reverse("desk:activity")).content.decode()
    assert f"former member {leaver.pk}" in pages
    names = SavedSearch.objects.order_by("name").values_list("owner", "name", "query")
    assert list(names) == [(chief.pk, "Shared", "q=c"), (chief.pk, "Shared (2)", "q=a")]
    assert not Preference.objects.filter(user=leaver).exists()


def test_no_door_stays_open(administrator: Client, leaver: User) -> None:
    browser = Client()
    browser.force_login(leaver)
    uid, token = urlsafe_base64_encode(force_bytes(leaver.pk)), default_token_generator.make_token(leaver)
    remove(administrator, leaver)
    assert browser.get(reverse("admin:index")).status_code == 302
    leaver.refresh_from_db()
    assert not default_token_generator.check_token(leaver, token)
    assert "new_password1" not in Client().get(f"/invitation/{uid}/{token}/", follow=True).content.decode()
    for name in ("zyxleaver", leaver.username):
        assert not Client().login(username=name, password="a-long-password")


def test_open_tickets_and_downloads_end(
    administrator: Client,
    leaver: User,
    local_aws: Any,
    event_loop: EventLoop,
    as_role: Callable[[str], None],
    aws: Callable[[str, str], Any],
) -> None:
    as_role("web")
    ticket = tickets.issue_ticket(leaver, "late.jpg", "image/jpeg", len(DATA))
    job = Job.objects.create(kind=Job.Kind.ZIP, by=leaver, state=Job.State.DONE, selection={}, total=1)
    picture = image(title="Harbor")
    chunk = Chunk.objects.create(job=job, first=picture.pk, last=picture.pk, only=[], finished_at=timezone.now())
    Chunk.objects.filter(pk=chunk.pk).update(key=f"downloads/{job.pk}/part-{chunk.pk}.zip")
    remove(administrator, leaver)
    fields: dict[str, Any] = {**ticket.fields, "file": ("original", DATA, "image/jpeg")}
    # S3 cannot know; MediaHub takes nothing of it.
    assert urllib3.request("POST", ticket.url, fields=fields, redirect=False).status == 204
    as_role("worker")
    drain(event_loop)
    sweep_old_jobs()
    assert list(Image.objects.values_list("pk", flat=True)) == [picture.pk]
    assert not Upload.objects.filter(pk=ticket.upload_id).exists()
    assert aws_objects(aws, str(ticket.upload_id)) == []
    assert Chunk.objects.get().key == ""


def test_who_may_not_and_what_is_not_confirmed(administrator: Client, chief: User, leaver: User) -> None:
    address = reverse("desk:remove_person", args=[leaver.pk])
    browser = Client()
    browser.force_login(chief)
    assert browser.post(address, {"name": leaver.username}).status_code == 403
    assert administrator.post(address, {"name": "somebody"}).status_code == 400
    oneself = User.objects.get(username="administrator")
    own_address = reverse("desk:remove_person", args=[oneself.pk])
    assert administrator.post(own_address, {"name": "administrator"}).status_code == 400
    leaver.refresh_from_db()
    assert leaver.username == "zyxleaver"
