"""API Gateway's own host has the stage before each path; every address that the site gives away has it too.

Source: API Gateway developer guide, "Invoke REST APIs": https://API.execute-api.REGION.amazonaws.com/STAGE/. Zappa
takes the stage for the script's name when the host is one of amazonaws.com (zappa/handler.py, `script_name`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import set_script_prefix

from deploy.functions import zappa_settings
from deploy.stage import Stage
from mediahub.delivery.embed import build_embed_code
from mediahub.jobs import downloads
from mediahub.library.models import Image
from mediahub.site_address import build_site_url
from tests.aws.rendered import REGION, render_settings, render_stack
from tests.children import python
from tests.records import image

ROOT = Path(downloads.__file__).resolve().parents[2]
SITE = f"https://a1b2c3d4e5.execute-api.{REGION}.amazonaws.com/production"
REQUEST = """
import io, json, pathlib
from django.conf import settings
folder = pathlib.Path(settings.STATIC_ROOT)
(folder / "probe.txt").write_text("here")
from mediahub.wsgi import application
from django.contrib.staticfiles.storage import staticfiles_storage

def ask(path):
    said = {}
    asked = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/production", "PATH_INFO": path, "wsgi.input": io.BytesIO()}
    asked |= {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO()}
    body = b"".join(application(asked, lambda status, headers: said.update(status=status)))
    return said["status"], body.decode()

page = ask("/admin/login/")[1]
print(json.dumps({"page": page, "probe": staticfiles_storage.url("probe.txt"), "served": ask("/static/probe.txt")}))
"""


@pytest.fixture
def at_gateway(settings: Any) -> Iterator[str]:
    settings.SITE_URL = settings.PUBLIC_URL = SITE
    yield SITE
    set_script_prefix("/")


@pytest.mark.parametrize(
    ("parameters", "address"),
    [
        ({}, SITE),
        ({"SiteOrigin": "https://desk.example.org"}, "https://desk.example.org"),
        ({"ApiId": ""}, zappa_settings.NOWHERE),
    ],
)
def test_the_sites_address_has_the_stage_where_api_gateway_wants_it(parameters: dict[str, str], address: str) -> None:
    stack = render_stack(parameters)
    assert {render_settings(stack, kind)["SITE_URL"] for kind in ("web", "worker")} == {address}
    # Zappa's callback tells functions that stand already the same.
    stage = Stage("mediahub", "production", REGION, lambda service: None)
    address_settings = zappa_settings.build_address_settings(stage, stack.parameters)
    assert address_settings.items() <= render_settings(stack, "web").items()
    # CORS knows origins, which have no path.
    [rule] = stack.properties("UploadBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [zappa_settings.find_origin(stage, stack.parameters)]


@pytest.mark.django_db
def test_what_leaves_the_site_has_the_stage_in_its_address(at_gateway: str, capsys: pytest.CaptureFixture[str]) -> None:
    published = image(state=Image.State.PUBLISHED)
    assert build_site_url("admin:library_image_change", object_id=published.pk) == (
        f"{SITE}/admin/library/image/{published.pk}/change/"
    )
    call_command("invite", "anna@example.org")
    assert capsys.readouterr().out.startswith(f"{SITE}/admin/invited/")
    code = build_embed_code(published)
    assert code
    assert code.address.startswith(f"{SITE}/public/{published.pk}/")
    # Within a request Django knows the stage as well, and it is there once.
    set_script_prefix("/production/")
    assert build_site_url("admin:index") == f"{SITE}/admin/"


def test_public_and_static_addresses_follow_the_sites() -> None:
    source = "from mediahub import settings; print(settings.PUBLIC_URL, settings.STATIC_URL)"
    assert python(source, SITE_URL=f"{SITE}/") == f"{SITE} /production/static/"
    assert python(source, SITE_URL="https://desk.example.org") == "https://desk.example.org /static/"
    assert python(source, SITE_URL=SITE, CLOUDFRONT_DOMAIN="cdn.example.org").startswith("https://cdn.example.org ")


def test_pages_name_static_files_where_api_gateway_hands_them_on() -> None:
    said = json.loads(python(REQUEST, DJANGO_SETTINGS_MODULE="tests.settings", SITE_URL=SITE).splitlines()[-1])
    named = re.findall(r'(?:href|src)="(/[^"]*)"', said["page"])
    assert named
    assert all(address.startswith("/production/") for address in named)
    assert said["probe"] == "/production/static/probe.txt"
    # API Gateway takes the stage away before the site sees the path.
    assert said["served"] == ["200 OK", "here"]


def test_nobody_puts_an_address_together_by_hand() -> None:
    allowed = {"settings.py", "site_address.py", "checks.py", "recovery/doctor.py", "local/management/commands/demo.py"}
    # A passkey belongs to the host alone.
    allowed.add("desk/people/passkeys.py")
    readers = {
        str(path.relative_to(ROOT / "mediahub"))
        for path in (ROOT / "mediahub").rglob("*.py")
        if re.search(r"\bSITE_URL\b", path.read_text()) and path.parent.name != "local"
    }
    assert readers <= allowed
