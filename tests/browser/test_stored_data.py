"""Files and drafts of a person in the browser's stores, after their session has ended by itself."""

from collections.abc import Callable

from django.contrib.auth.models import User

from tests.browser.conftest import sign_in
from tests.browser.desk import Desk

KEEP = """async () => {
  localStorage.setItem("batch-words-1-x", "typed");
  sessionStorage.setItem("unsaved-1", "typed");
  await new Promise((go) => {
    const asked = indexedDB.open("uppy-blobs");
    asked.onupgradeneeded = () => asked.result.createObjectStore("files").put(new Blob(["a picture"]), "a.jpg");
    asked.onsuccess = () => { asked.result.close(); go(); };
  });
}"""
LIST = """async () => [
  ...(await indexedDB.databases()).map(({name}) => name), ...Object.keys(localStorage), ...Object.keys(sessionStorage),
].filter((name) => /^(uppy|batch|unsaved)/.test(name)).sort()"""
STORED = ["batch-words-1-x", "unsaved-1", "uppy-blobs"]


def test_they_wait_for_the_same_person_and_go_when_another_comes(
    signed_in: Desk, chief: User, other_editor: User, end_session: Callable[[], None]
) -> None:
    page = signed_in.page
    signed_in.open("/admin/")
    page.evaluate(KEEP)
    end_session()
    signed_in.open("/admin/")
    assert "/login/" in page.url
    assert page.evaluate(LIST) == STORED
    sign_in(page.context, signed_in.address, chief)
    signed_in.open("/admin/")
    assert page.evaluate(LIST) == STORED
    end_session()
    sign_in(page.context, signed_in.address, other_editor)
    signed_in.open("/admin/")
    assert page.evaluate(LIST) == []
    assert signed_in.violations == signed_in.errors == []
