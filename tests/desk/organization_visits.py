"""A site that has an OpenID Connect provider, in a process of its own: prints what became of each sign-in as JSON.

Its apps are others than those of the tests, so it migrates a database of its own.
"""

import json
import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.desk.provider import CLIENT, Provider, run_provider

TRUE = {"email": "Editor@Example.org", "email_verified": True}
# The name of a visit → the claims of the provider's token. In this order: who came in once, here "u1", is known by
# that afterwards.
VISITS: dict[str, dict[str, Any]] = {
    "known": TRUE,
    "again": TRUE,
    "unverified": {**TRUE, "email_verified": False},
    "silent about it": {"email": "editor@example.org"},
    "without address": {"email_verified": True},
    "stranger": {"sub": "u3", "email": "stranger@example.org", "email_verified": True},
    "inactive": {"sub": "u4", "email": "gone@example.org", "email_verified": True},
    "no staff": {"sub": "u5", "email": "reader@example.org", "email_verified": True},
    "two people": {"sub": "u6", "email": "two@example.org", "email_verified": True},
    "another account with the address": {**TRUE, "sub": "u2"},
    "token for another client": {**TRUE, "aud": "other"},
    "token of another issuer": {**TRUE, "iss": "https://elsewhere.example"},
    "expired token": {**TRUE, "exp": 1},
}


def main() -> None:
    with run_provider() as provider:
        os.environ.update(OIDC_ISSUER=provider.address, OIDC_CLIENT_ID=CLIENT, OIDC_NAME="Example", OIDC_SECRET="")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.desk.organization_settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        json.dump(visit_all(provider), sys.stdout)


def visit_all(provider: Provider) -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ALLOWED_HOSTS.append("testserver")
    for name in ("editor", "gone", "reader"):
        User.objects.create_user(name, f"{name}@example.org", is_staff=name != "reader", is_active=name != "gone")
    for name in ("first", "second"):
        User.objects.create_user(name, "two@example.org", is_staff=True)
    answers: dict[str, Any] = {"page": Client().get("/admin/login/").content.decode()}
    for name, claims in VISITS.items():
        provider.claims = claims
        answers[name] = visit(Client())
    answers["forged state"] = visit(Client(), state="forged")
    answers["people"] = User.objects.count()
    answers["asked"] = provider.asked[0]
    answers["policy"] = Client().get("/admin/login/")["Content-Security-Policy"]
    answers["get"] = Client().get("/admin/login/organization/oidc/").status_code
    answers["nowhere"] = Client().post("/admin/login/organization/other/").status_code
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    client = Client()
    client.post("/admin/login/organization/oidc/")
    answers["unreachable"] = client.get("/admin/login/").content.decode()
    return answers


def visit(client: Any, state: str = "") -> dict[str, Any]:
    """Sign in through the provider, and return who is signed in and what the page says."""
    begun = client.post("/admin/login/organization/oidc/", {"next": "/admin/library/image/"})
    sent = {name: values[0] for name, values in parse_qs(urlsplit(begun["Location"]).query).items()}
    answer = client.get(urlsplit(sent["redirect_uri"]).path, {"code": "c", "state": state or sent["state"]})
    session = client.get("/admin/session/").json()
    page = client.get("/admin/login/").content.decode() if not session["user"] else ""
    return {"user": session["user"], "to": answer.get("Location", ""), "page": page, "sent": sent}


if __name__ == "__main__":
    main()
