"""How a browser reaches the local AWS: by the names that API Gateway and CloudFront have on AWS."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from deploy.rehearsal import editor
from deploy.rehearsal.editor import Response
from tests.e2e.edge import Edge

# ministack removes a function's folder, or ends its process, while another of its threads still unpacks the one for
# the other.
FAULTS = ("ministack-lambda-", "Worker process exited")
TRIES = 5


@dataclass
class Transport:
    """Sends a request where its host name leads: to ministack's path of API Gateway, to the edge, or as it is."""

    endpoint: str
    edge: Edge | None = None

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send one request and return its answer."""
        host = urlsplit(url).netloc
        if self.edge and host.endswith(".cloudfront.net"):
            return self.edge.answer(url)
        if ".execute-api." in host:
            return self._ask_function(method, url, headers, body)
        return editor.send(method, url, headers, body)

    def _ask_function(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Ask the deployed function; again, as an editor would, where an answer was lost."""
        parts = urlsplit(url)
        stage, path = parts.path.lstrip("/").split("/", 1)
        query = f"?{parts.query}" if parts.query else ""
        api = parts.netloc.split(".", 1)[0]
        address = f"{self.endpoint}/restapis/{api}/{stage}/_user_request_/{path}{query}"
        sent = {**headers, "Host": parts.netloc, "X-Forwarded-Proto": "https"}
        for _ in range(TRIES):
            with suppress(urllib3.exceptions.TimeoutError):
                answer = editor.send(method, address, sent, body)
                if not (answer.status >= 500 and is_lost(answer.body)):
                    return answer
        raise AssertionError(f"{method} {url}: no answer of the function in {TRIES} tries")


def is_lost(said: bytes) -> bool:
    """Return whether the local AWS lost the answer of a function."""
    return any(fault.encode() in said for fault in FAULTS)
