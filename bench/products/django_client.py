"""Provide what every product needs of Django: a database, an administrator, and a browser that costs nothing.

The body of a form is encoded before the stopwatch runs, because a browser does that and not the product.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.test import Client


def start_django(settings: str) -> None:
    """Set up Django with these settings, and create its tables."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", "--no-input", verbosity=0)


def create_client() -> "Client":
    """Return a client of the site in this process, in which a superuser has signed in."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.org", "bench"))
    return client


def encode_file(field: str, name: str, data: bytes, texts: dict[str, str]) -> dict[str, Any]:
    """Return the arguments by which a client posts a form with one file."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    body = encode_multipart(BOUNDARY, {**texts, field: SimpleUploadedFile(name, data, "image/jpeg")})
    return {"data": body, "content_type": MULTIPART_CONTENT}
