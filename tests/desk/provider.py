"""An OpenID Connect provider on this machine, which signs whatever claims a test asks for."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "mediahub", "client-secret"


@dataclass
class Provider:
    """A provider: its address, and the claims of the next token; `asked` are the forms that were sent for tokens."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def sign(self) -> str:
        """Return a token with the claims."""
        now = int(time.time())
        usual = {"iss": self.address, "aud": CLIENT, "sub": "u1", "iat": now, "exp": now + 60}
        return jwt.encode({**usual, **self.claims}, self.key, "RS256", headers={"kid": "k"})


@contextmanager
def run_provider() -> Iterator[Provider]:
    """Serve a provider on a free port of loopback."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = provider.address
            self._answer(
                {
                    "issuer": base,
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "jwks_uri": f"{base}/keys",
                    "userinfo_endpoint": f"{base}/userinfo",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            provider.asked.append(self.rfile.read(length).decode())
            self._answer({"access_token": "a", "token_type": "Bearer", "id_token": provider.sign()})

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

        def _answer(self, value: dict[str, Any]) -> None:
            text = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
