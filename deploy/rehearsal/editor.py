"""An editor's browser, as far as forms, cookies and uploads go: what the rehearsal sees of a deployed site."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

TIMEOUT = 120
GAVE_UP = (502, 503, 504)
FORM = "application/x-www-form-urlencoded"
S3_XML = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class EditorError(Exception):
    """Raised when the site answers with what stops an editor."""


@dataclass(frozen=True)
class Answer:
    """Hold the answer to one request; a header that comes several times has several entries."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of this name, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


Send = Callable[[str, str, Mapping[str, str], bytes], Answer]
_POOL = urllib3.PoolManager(maxsize=16)


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send one request and return the answer, without following redirects."""
    answer = _POOL.request(method, url, headers=dict(headers), body=body or None, redirect=False, timeout=TIMEOUT)
    return Answer(answer.status, list(answer.headers.items()), answer.data)


@dataclass
class Editor:
    """One person at `site`, the address of the desk with its last slash."""

    site: str
    send: Send = send
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def origin(self) -> str:
        """Scheme and host of the site."""
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def prefix(self) -> str:
        """Return what comes before each path, such as API Gateway's stage."""
        return urlsplit(self.site).path.rstrip("/")

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str) -> Answer:
        """Send one request; `path` is as a page of the site links it."""
        sent = {"Referer": f"{self.origin}{path}", "Origin": self.origin, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            sent["Content-Type"] = kind
        answer = self.send(method, f"{self.origin}{path}", sent, body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._keep_cookies(value)
        return answer

    def _keep_cookies(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if str(morsel["max-age"]) == "0":
                self.cookies.pop(name, None)
            elif not morsel["secure"]:
                raise EditorError(f"The cookie {name} would be sent over plain http.")
            else:
                self.cookies[name] = morsel.value

    def page(self, path: str) -> str:
        """Return the page at the end of its redirects."""
        for _ in range(5):
            answer = self._get(path)
            if answer.status not in (301, 302):
                break
            path = answer.header("Location").removeprefix(self.origin)
        if answer.status != 200:
            raise EditorError(f"{path} answers {answer.status}: {_plain(answer.body)}")
        self.path = path
        return answer.body.decode()

    def _get(self, path: str) -> Answer:
        """Ask for a page; again, as people do, where API Gateway gave up on a function or a database that starts."""
        answer = self.request("GET", path)
        return self.request("GET", path) if answer.status in GAVE_UP else answer

    def submit(self, path: str, **fields: str) -> str:
        """Fill in the form of a page and send it; return where it leads."""
        token = self._token(path)
        return self._post(self.path, {"csrfmiddlewaretoken": token, **fields})

    def _token(self, path: str) -> str:
        """Return what a form of this page carries against forgery."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page(path))
        if not token:
            raise EditorError(f"{path} has no form.")
        return token[1]

    def _post(self, path: str, fields: Mapping[str, Any]) -> str:
        answer = self.request("POST", path, urlencode(fields, doseq=True).encode(), FORM)
        if answer.status != 302:
            raise EditorError(f"The form of {path} answers {answer.status}: {_plain(answer.body)}")
        return answer.header("Location")

    def accept_invitation(self, path: str, name: str, password: str) -> None:
        """Choose a password at the invitation's address, and sign in with it."""
        self.submit(path, new_password1=password, new_password2=password)
        self.submit(f"{self.prefix}/admin/login/", username=name, password=password)

    def upload(self, name: str, data: bytes, image: str = "") -> str:
        """Ask for a ticket and send one JPEG straight to the bucket, in parts when it is large; return the upload's id.

        With an image the file becomes its next version.
        """
        ticket = self._sign(method="POST", name=name, type="image/jpeg", size=len(data), image=image)
        if ticket["method"] == "multipart":
            self._send_parts(ticket, data)
        else:
            self._send_form(ticket, name, data)
        return str(ticket["upload"])

    def _sign(self, **wish: Any) -> dict[str, Any]:
        token = {"X-CSRFToken": self.cookies["csrftoken"]}
        path = f"{self.prefix}/admin/upload/sign/"
        answer = self.request("POST", path, json.dumps(wish).encode(), "application/json", **token)
        if answer.status != 200:
            raise EditorError(f"No ticket for {wish}: {answer.status} {_plain(answer.body)}")
        return dict(answer.json())

    def _send_form(self, ticket: Mapping[str, Any], name: str, data: bytes) -> None:
        fields = {**ticket["fields"], "file": (name, data, "image/jpeg")}
        body, kind = urllib3.encode_multipart_formdata(fields)
        self._ask_s3("POST", ticket["url"], body, {"Content-Type": kind})

    def _send_parts(self, ticket: Mapping[str, Any], data: bytes) -> None:
        begun = self._ask_s3("POST", ticket["url"], b"", {"Content-Type": "image/jpeg", **ticket["headers"]})
        upload = re.search(rb"<UploadId>([^<]+)</UploadId>", begun.body)
        if not upload:
            raise EditorError(f"S3 began no upload in parts: {_plain(begun.body)}")
        step = {"key": ticket["key"], "uploadId": unescape(upload[1].decode())}
        size, tags = int(ticket["part_bytes"]), []
        for number, first in enumerate(range(0, len(data), size), start=1):
            signed = self._sign(method="PUT", partNumber=number, **step)
            part = self._ask_s3("PUT", signed["url"], data[first : first + size], signed["headers"])
            tags.append(part.header("ETag"))
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)
        )
        body = f"<CompleteMultipartUpload {S3_XML}>{parts}</CompleteMultipartUpload>".encode()
        signed = self._sign(method="POST", **step)
        self._ask_s3("POST", signed["url"], body, signed["headers"])

    def _ask_s3(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = self.send(method, url, {"Origin": self.origin, **headers}, body)
        if answer.status not in (200, 204):
            raise EditorError(f"{method} to {urlsplit(url).netloc} answers {answer.status}: {_plain(answer.body)}")
        return answer

    def uploads(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return what the status view says of each upload."""
        said: list[dict[str, Any]] = []
        for first in range(0, len(ids), 50):
            query = urlencode({"ids": ",".join(ids[first : first + 50])})
            answer = self.request("GET", f"{self.prefix}/admin/upload/status/?{query}")
            said += answer.json()["uploads"]
        return said

    def act(self, verb: str, images: Sequence[str]) -> None:
        """Do one of the library's acts, such as publish or archive, to these images."""
        token = self._token(f"{self.prefix}/admin/library/image/")
        fields = {"csrfmiddlewaretoken": token, "act": verb, "image": list(images)}
        self._post(f"{self.prefix}/admin/images/act/", fields)

    def use_version(self, image: str, number: int) -> None:
        """Put a file of the image to use that waits, because the image is published."""
        versions = f"{self.prefix}/admin/images/{image}/versions/"
        if f"/versions/{number}/" in self.page(versions):
            fields = {"csrfmiddlewaretoken": self._token(versions), "flags_seen": "1"}
            self._post(f"{versions}{number}/", fields)

    def public_address(self, image: str) -> str:
        """Return the permanent address that the page of a published image tells, or an empty text."""
        page = self.page(f"{self.prefix}/admin/library/image/{image}/change/")
        address = re.search(r'<input readonly value="([^"]+)" aria-labelledby="copy-address"', page)
        return unescape(address[1]) if address else ""

    def original(self, image: str) -> bytes:
        """Download the original of an image, from S3 by the link that the desk signs."""
        fields = {"csrfmiddlewaretoken": self._token(f"{self.prefix}/admin/library/image/{image}/change/")}
        return self._ask_s3("GET", self._post(f"{self.prefix}/admin/images/{image}/original/", fields), b"", {}).body


def _plain(body: bytes) -> str:
    """Return the text of an answer without its markup, as far as a message needs it."""
    return re.sub(r"<[^>]+>|\s+", " ", body.decode(errors="replace")).strip()[:500]
