"""The local AWS behind a guard: ministack, started by the Python that has it, for this site and nobody else.

Ministack takes requests without a key, or with keys that everybody knows, for those of the account's root, and answers
pages of every origin. So any page that is open in a browser of this machine could do anything to the local AWS.
"""

import os
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import sts

READY = "/_ministack/ready"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# "Authorization: AWS4-HMAC-SHA256 Credential=KEY/…", and of the former kind "Authorization: AWS KEY:…".
SIGNED = re.compile(r"(?:Credential=|^AWS )([^/:,\s]+)")
Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]


def is_root_access_key(access_key_id: str) -> bool:
    """Return whether a key is the account's root: the one of this start, and what ministack asks of itself."""
    return access_key_id in ("", os.environ["AWS_ACCESS_KEY_ID"])


def explain_refusal(scope: Scope) -> str:
    """Return why a request is not let through; empty when it is."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    is_form = scope["method"] == "POST" and headers.get("content-type", "").startswith("multipart/form-data")
    origin = headers.get("origin")
    # A browser sends "null" with a form of a page that tells other sites no address, as the desk's do.
    is_private_form = is_form and origin == "null"
    if origin is not None and not is_private_form and urlsplit(origin).hostname not in LOOPBACK:
        return "Pages of other machines may not use the local AWS."
    if scope["path"].startswith("/_"):
        return "" if scope["path"] == READY else "The local AWS is managed by the command that started it."
    # A form is signed by its own fields, which S3 checks.
    if scope["method"] == "OPTIONS" or is_form or find_access_key(scope, headers):
        return ""
    return "Sign the request: the local AWS has no public part."


def find_access_key(scope: Scope, headers: dict[str, str]) -> str:
    """Return the key that signed a request by its header or its address; empty for none."""
    if match := SIGNED.search(headers.get("authorization", "")):
        return match[1]
    query: dict[str, list[str]] = parse_qs(scope["query_string"].decode("latin-1"))
    credential = query.get("X-Amz-Credential") or query.get("AWSAccessKeyId") or [""]
    return credential[0].partition("/")[0]


def guard(inner: App) -> App:
    """Return the ASGI application with the guard before it."""

    async def answer(scope: Scope, receive: Any, send: Send) -> None:
        refusal = explain_refusal(scope) if scope["type"] == "http" else ""
        if not refusal:
            await inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": refusal.encode()})

    return answer


if __name__ == "__main__":
    iam_evaluator.is_root_access_key = sts.is_root_access_key = is_root_access_key
    app.app = guard(app.app)
    app.main()
