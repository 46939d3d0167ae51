"""An editor's browser, as far as forms, cookies and uploads go, with which the rehearsal uses a deployed site."""

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
GATEWAY_ERRORS = (502, 503, 504)
FORM = "application/x-www-form-urlencoded"
S3_XML = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class EditorError(Exception):
    """Say what the site answered that stops an editor."""


@dataclass(frozen=True)
class Response:
    """The response to one request; a header that comes several times has several entries."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def get_header(self, name: str) -> str:
        """Return the first header of this name, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def parse_json(self) -> Any:
        """Return the body, decoded from JSON."""
        return json.loads(self.body)


Send = Callable[[str, str, Mapping[str, str], bytes], Response]
_POOL = urllib3.PoolManager(maxsize=16)


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """Send one request and return the response, without following redirects."""
    response = _POOL.request(method, url, headers=dict(headers), body=body or None, redirect=False, timeout=TIMEOUT)
    return Response(response.status, list(response.headers.items()), response.data)


@dataclass
class Editor:
    """One person at `site`, the address of the desk with its final slash."""

    site: str
    send: Send = send
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def origin(self) -> str:
        """Return scheme and host of the site."""
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def prefix(self) -> str:
        """Return the beginning of each path, such as API Gateway's stage."""
        return urlsplit(self.site).path.rstrip("/")

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str) -> Response:
        """Send one request with the cookies; `path` is as a page of the site links it."""
        sent_headers = {"Referer": f"{self.origin}{path}", "Origin": self.origin, **headers}
        if self.cookies:
            sent_headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            sent_headers["Content-Type"] = kind
        response = self.send(method, f"{self.origin}{path}", sent_headers, body)
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                self._keep_cookies(value)
        return response

    def _keep_cookies(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if str(morsel["max-age"]) == "0":
                self.cookies.pop(name, None)
            elif not morsel["secure"]:
                raise EditorError(f"The cookie {name} is not secure: a browser would send it over plain HTTP.")
            else:
                self.cookies[name] = morsel.value

    def open_page(self, path: str) -> str:
        """Return the page, after following redirects."""
        for _ in range(5):
            response = self._get_page(path)
            if response.status not in (301, 302):
                break
            path = response.get_header("Location").removeprefix(self.origin)
        if response.status != 200:
            raise EditorError(f"{path} answers {response.status}: {_strip_markup(response.body)}")
        self.path = path
        return response.body.decode()

    def _get_page(self, path: str) -> Response:
        """Request a page, and once more if API Gateway timed out while a function or the database started."""
        response = self.request("GET", path)
        return self.request("GET", path) if response.status in GATEWAY_ERRORS else response

    def submit_form(self, path: str, **fields: str) -> str:
        """Submit the form of a page and return the address that it redirects to."""
        token = self._read_token(path)
        return self._post_form(self.path, {"csrfmiddlewaretoken": token, **fields})

    def _read_token(self, path: str) -> str:
        """Return the CSRF token of the page's form."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open_page(path))
        if not token:
            raise EditorError(f"The page {path} has no form.")
        return token[1]

    def _post_form(self, path: str, fields: Mapping[str, Any]) -> str:
        response = self.request("POST", path, urlencode(fields, doseq=True).encode(), FORM)
        if response.status != 302:
            raise EditorError(f"The form of {path} answers {response.status}: {_strip_markup(response.body)}")
        return response.get_header("Location")

    def accept_invitation(self, path: str, name: str, password: str) -> None:
        """Choose a password at the address of the invitation, and sign in with it."""
        self.submit_form(path, new_password1=password, new_password2=password)
        self.submit_form(f"{self.prefix}/admin/login/", username=name, password=password)

    def upload(self, name: str, data: bytes, image: str = "") -> str:
        """Upload one JPEG to the bucket with a ticket, in parts if it is large; return the id of the upload.

        With `image`, the file becomes the next version of that image.
        """
        ticket = self._request_ticket(method="POST", name=name, type="image/jpeg", size=len(data), image=image)
        if ticket["method"] == "multipart":
            self._send_parts(ticket, data)
        else:
            self._send_form(ticket, name, data)
        return str(ticket["upload"])

    def _request_ticket(self, **fields: Any) -> dict[str, Any]:
        token = {"X-CSRFToken": self.cookies["csrftoken"]}
        path = f"{self.prefix}/admin/upload/sign/"
        response = self.request("POST", path, json.dumps(fields).encode(), "application/json", **token)
        if response.status != 200:
            raise EditorError(f"No ticket for {fields}: {response.status} {_strip_markup(response.body)}")
        return dict(response.parse_json())

    def _send_form(self, ticket: Mapping[str, Any], name: str, data: bytes) -> None:
        fields = {**ticket["fields"], "file": (name, data, "image/jpeg")}
        body, kind = urllib3.encode_multipart_formdata(fields)
        self._request_s3("POST", ticket["url"], body, {"Content-Type": kind})

    def _send_parts(self, ticket: Mapping[str, Any], data: bytes) -> None:
        start = self._request_s3("POST", ticket["url"], b"", {"Content-Type": "image/jpeg", **ticket["headers"]})
        upload = re.search(rb"<UploadId>([^<]+)</UploadId>", start.body)
        if not upload:
            raise EditorError(f"S3 started no multipart upload: {_strip_markup(start.body)}")
        step = {"key": ticket["key"], "uploadId": unescape(upload[1].decode())}
        size, tags = int(ticket["part_bytes"]), []
        for number, first in enumerate(range(0, len(data), size), start=1):
            signed = self._request_ticket(method="PUT", partNumber=number, **step)
            part = self._request_s3("PUT", signed["url"], data[first : first + size], signed["headers"])
            tags.append(part.get_header("ETag"))
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)
        )
        body = f"<CompleteMultipartUpload {S3_XML}>{parts}</CompleteMultipartUpload>".encode()
        signed = self._request_ticket(method="POST", **step)
        self._request_s3("POST", signed["url"], body, signed["headers"])

    def _request_s3(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        response = self.send(method, url, {"Origin": self.origin, **headers}, body)
        if response.status not in (200, 204):
            raise EditorError(
                f"{method} to {urlsplit(url).netloc} answers {response.status}: {_strip_markup(response.body)}"
            )
        return response

    def read_uploads(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the state of each upload, from the status view."""
        states: list[dict[str, Any]] = []
        for first in range(0, len(ids), 50):
            query = urlencode({"ids": ",".join(ids[first : first + 50])})
            response = self.request("GET", f"{self.prefix}/admin/upload/status/?{query}")
            states += response.parse_json()["uploads"]
        return states

    def apply_action(self, action: str, images: Sequence[str]) -> None:
        """Apply an action of the library, such as publish or archive, to these images."""
        token = self._read_token(f"{self.prefix}/admin/library/image/")
        fields = {"csrfmiddlewaretoken": token, "act": action, "image": list(images)}
        self._post_form(f"{self.prefix}/admin/images/act/", fields)

    def use_version(self, image: str, number: int) -> None:
        """Use a version of a published image that is waiting for approval."""
        versions = f"{self.prefix}/admin/images/{image}/versions/"
        if f"/versions/{number}/" in self.open_page(versions):
            fields = {"csrfmiddlewaretoken": self._read_token(versions), "flags_seen": "1"}
            self._post_form(f"{versions}{number}/", fields)

    def read_public_address(self, image: str) -> str:
        """Return the permanent address on the page of a published image, or an empty string."""
        page = self.open_page(f"{self.prefix}/admin/library/image/{image}/change/")
        address = re.search(r'<input readonly value="([^"]+)" aria-labelledby="copy-address"', page)
        return unescape(address[1]) if address else ""

    def download_original(self, image: str) -> bytes:
        """Download the original of an image, by the link to S3 that the desk signs."""
        fields = {"csrfmiddlewaretoken": self._read_token(f"{self.prefix}/admin/library/image/{image}/change/")}
        return self._request_s3(
            "GET", self._post_form(f"{self.prefix}/admin/images/{image}/original/", fields), b"", {}
        ).body


def _strip_markup(body: bytes) -> str:
    """Return the first words of a page without markup, for a message."""
    return re.sub(r"<[^>]+>|\s+", " ", body.decode(errors="replace")).strip()[:500]
