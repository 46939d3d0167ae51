"""An editor's browser at the address of API Gateway, as far as forms, cookies and uploads go."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import urllib3

from tests.e2e.ground import FAULTS_OF_THE_LOCAL_AWS, STAGE

_POOL = urllib3.PoolManager(maxsize=16)


@dataclass
class Editor:
    """Sends requests as API Gateway's own host name gets them; the local AWS takes them at a path of its own."""

    endpoint: str
    api: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The name that a browser on AWS would ask."""
        return f"{self.api}.execute-api.us-east-1.amazonaws.com"

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str) -> Any:
        """One request; `path` as a page of the site links it, with the stage in front."""
        inner = path.removeprefix(f"/{STAGE}")
        address = f"{self.endpoint}/restapis/{self.api}/{STAGE}/_user_request_{inner}"
        site = f"https://{self.host}"
        sent = {"Host": self.host, "Referer": f"{site}{path}", "Origin": site, "X-Forwarded-Proto": "https", **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            sent["Content-Type"] = kind
        answer = _answered(method, address, body=body or None, headers=sent, redirect=False)
        for line in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                assert morsel["secure"], f"{name} would be sent over plain http"
                self.cookies[name] = morsel.value
        return answer

    def page(self, path: str) -> str:
        """The page at the end of its redirects."""
        for _ in range(5):
            answer = self.request("GET", path)
            if answer.status not in (301, 302):
                break
            path = answer.headers["Location"]
        assert answer.status == 200, (answer.status, answer.data[:500])
        self.path = path
        return str(answer.data.decode())

    def submit(self, path: str, **fields: str) -> str:
        """Fill in the form of a page and send it; returns where it leads."""
        page = self.page(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        form = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        answer = self.request("POST", self.path, form, "application/x-www-form-urlencoded")
        assert answer.status == 302, re.sub(r"<[^>]+>|\s+", " ", answer.data.decode())[:800]
        return str(answer.headers["Location"])

    def accept(self, invitation: str, name: str, password: str) -> None:
        """Choose a password at the invitation's address, and sign in with it."""
        self.submit(invitation, new_password1=password, new_password2=password)
        self.submit(f"/{STAGE}/admin/login/", username=name, password=password)

    def upload(self, name: str, data: bytes) -> str:
        """Ask for a ticket and send one file straight to the bucket; returns the upload's id."""
        wish = json.dumps({"method": "POST", "name": name, "type": "image/jpeg", "size": len(data)}).encode()
        csrf = {"X-CSRFToken": self.cookies["csrftoken"]}
        answer = self.request("POST", f"/{STAGE}/admin/upload/sign/", wish, "application/json", **csrf)
        assert answer.status == 200, answer.data[:500]
        ticket = answer.json()
        fields = {**ticket["fields"], "file": (name, data, "image/jpeg")}
        sent = _POOL.request("POST", ticket["url"], fields=fields, timeout=60)
        assert sent.status == 204, sent.data[:500]
        return str(ticket["upload"])

    def states(self, uploads: list[str]) -> dict[str, str]:
        """What the status view says of each upload."""
        found: dict[str, str] = {}
        for first in range(0, len(uploads), 50):
            ids = ",".join(uploads[first : first + 50])
            answer = self.request("GET", f"/{STAGE}/admin/upload/status/?{urlencode({'ids': ids})}")
            found |= {one["id"]: one["state"] for one in answer.json()["uploads"]}
        return found


def _answered(method: str, address: str, **request: Any) -> Any:
    """The answer of the deployed function, asked for again, as an editor would, where the local AWS lost it.

    It ends a function that it replaces in the midst of an answer; Lambda lets it finish.
    """
    for _ in range(5):
        with suppress(urllib3.exceptions.ReadTimeoutError):
            answer = _POOL.request(method, address, timeout=60, **request)
            if not (answer.status >= 500 and any(fault.encode() in answer.data for fault in FAULTS_OF_THE_LOCAL_AWS)):
                return answer
    raise AssertionError(f"{method} {address}: no answer of the function in five tries")
