"""What the desk asks a slow line to carry: few bytes of script, and the uploader only where files are sent."""

import gzip
import re
from pathlib import Path
from secrets import token_urlsafe

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from mediahub.desk.library.views import PAGE_SIZE
from tests.records import image

MOST = 120_000
# A page of the library, compressed.
MOST_PAGE = 60_000
SCRIPT = re.compile(r'<script[^>]* src="/static/([^"]+)"')
MODULE = re.compile(r'^(?:import|export)\b[^"\n]*"(\.{1,2}/[^"]+)"', re.MULTILINE)
UPLOADER = "desk/upload/upload.js"


def scripts(client: Client, path: str) -> dict[str, bytes]:
    """Each script of the page, and each that one of them imports, by its name."""
    scripts_by_name: dict[str, bytes] = {}
    wanted = SCRIPT.findall(client.get(path).content.decode())
    while wanted:
        name = wanted.pop()
        if name in scripts_by_name:
            continue
        file = finders.find(name)
        assert isinstance(file, str), name
        scripts_by_name[name] = Path(file).read_bytes()
        folder = Path(file).parent
        root = Path(file[: -len(name)])
        imported = [(folder / one).resolve() for one in MODULE.findall(scripts_by_name[name].decode())]
        wanted += [one.relative_to(root.resolve()).as_posix() for one in imported]
    return scripts_by_name


def test_the_library_and_the_review_bring_little_script(signed_in: Client) -> None:
    new_image = image()
    for path in ("/admin/library/image/", f"/admin/images/{new_image.pk}/review/"):
        brought = scripts(signed_in, path)
        assert len(brought) > 4, "the modules are counted too"
        assert sum(len(gzip.compress(script)) for script in brought.values()) < MOST


@pytest.mark.parametrize("path", ["/admin/", "/admin/library/image/", "/admin/activity/", "/admin/uploads/upload/"])
def test_the_uploader_comes_on_the_upload_page_only(signed_in: Client, path: str) -> None:
    assert "/static/desk/upload/" not in signed_in.get(path).content.decode()
    assert UPLOADER in signed_in.get("/admin/upload/").content.decode()
    new_image = image()
    for other in (f"/admin/library/image/{new_image.pk}/change/", f"/admin/images/{new_image.pk}/review/"):
        assert UPLOADER not in signed_in.get(other).content.decode()


def test_a_full_page_of_the_library_is_light(signed_in: Client) -> None:
    """Sixty images of the longest addresses, as S3 signs them; what is compressed has a random length each time."""
    for n in range(PAGE_SIZE):
        image(f"Harbour at dawn {n}", placeholder="data:image/webp;base64," + token_urlsafe(150))
    answers = [signed_in.get("/admin/library/image/", headers={"accept-encoding": "gzip"}) for _ in range(8)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert all("Accept-Encoding" in answer["Vary"] for answer in answers)
    assert gzip.decompress(answers[0].content).count(b'class="card"') == PAGE_SIZE
    assert max(len(answer.content) for answer in answers) < MOST_PAGE
    assert len({len(answer.content) for answer in answers}) > 1
