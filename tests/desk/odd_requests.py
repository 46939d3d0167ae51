"""Odd requests: what no form of the desk sends, and which of them end in an error of the server."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.test import Client

FORM = "application/x-www-form-urlencoded"
# Python reads no number of more than 4,300 digits.
LONG = "9" * 5000
NOBODY = "00000000-0000-0000-0000-000000000000"
FEW_TEXTS = ("(((", LONG, "9" * 19)


def ask(client: Client, method: str, address: str, data: str | bytes = b"", media: str = FORM, **headers: str) -> Any:
    """Return the answer to one request; what the request changed is taken back."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        try:
            answer = client.generic(method, address, data, media, **headers)  # type: ignore[arg-type]
            # An export writes its lines only now.
            answer.getvalue()
            return answer
        finally:
            transaction.set_rollback(True)
            client.cookies.clear()
            client.cookies.load(cookies)


def failures(client: Client, requests: Iterator[tuple[Any, ...]]) -> list[str]:
    """Those of the requests, each as `ask` takes it, that end in an error of the server."""
    asked = [(request, ask(client, *request).status_code) for request in requests]
    assert asked
    return [f"{status} {request}"[:300] for request, status in asked if status >= 500]
