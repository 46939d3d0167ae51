"""Faults of the web that no other test tries: foreign addresses, sessions, cookies, frames, and hosts."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.records import image

ROOT = Path(django_settings.BASE_DIR)
FOREIGN = (
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/\\elsewhere.example",
    "javascript:alert(1)",
    "https:x",
)
# These ask the provider of sign-ins that the operator has named in a setting.
ORGANIZATION = ("mediahub/desk/people/organization.py", "mediahub/recovery/doctor.py")
# What opens addresses. The local machine asks only itself.
CALLERS = {"requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib", "socket"}


@pytest.mark.parametrize("address", FOREIGN)
@pytest.mark.parametrize("name", ["desk:bulk", "desk:save_search", "desk:preferences"])
def test_d13_no_form_leads_to_another_site(signed_in: Client, address: str, name: str) -> None:
    answer = signed_in.post(reverse(name), {"act": "archive", "image": str(image().pk), "next": address})
    assert "elsewhere" not in answer.get("Location", "")
    assert answer.get("Location", "/").startswith("/")


def test_d14_no_code_of_the_product_opens_an_address() -> None:
    """Nothing is imported from an address, so nobody can make the site ask for one."""
    for folder in ("mediahub", "processing"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT)
            if name.as_posix() in ORGANIZATION:
                continue
            if "node_modules" in name.parts or name.parts[:2] == ("mediahub", "local"):
                continue
            imported = {
                alias.name if isinstance(node, ast.Import) else str(node.module)
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            assert not imported & CALLERS, name


def test_d15_a_session_gets_another_key_when_somebody_signs_in(editor: User) -> None:
    client = Client()
    client.get(reverse("admin:login"))
    client.session["seen"] = 1
    planted = client.session.session_key
    client.force_login(editor)
    assert client.session.session_key != planted


def test_d15_cookies_are_kept_from_scripts_and_other_sites(settings: Any) -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert {settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE} == {"Lax"}


def test_d18_no_page_stands_in_a_frame_or_answers_another_host(signed_in: Client) -> None:
    answer = signed_in.get("/admin/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert signed_in.get("/admin/", headers={"Host": "elsewhere.example"}).status_code == 400
