"""The address of a database in Aurora's stub: TLS and IAM before a PostgreSQL that knows neither, and its pause.

PostgreSQL's messages: "Frontend/Backend Protocol", chapter 53 of its manual. What RDS checks of a token: "Creating and
using an IAM policy for IAM database access", Amazon RDS user guide.
"""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator, rds_iam
from ministack.core.responses import request_scope
from ministack.services import sts

ACCOUNT, REGION, PORT = "000000000000", "us-east-1", 5432
TLS, GSS, PROTOCOL = 80877103, 80877104, 196608
# More than a tick of the clock, which would hold the database awake; Aurora itself waits five minutes and more.
IDLE = 70
WAKE = 3
Find = Callable[[str], tuple[dict[str, Any], Path] | None]
FAULTS = (OSError, ValueError, KeyError, asyncio.IncompleteReadError)


@dataclass
class Gate:
    """Listens where the cluster of this name is reached, and lets in who may."""

    name: str
    host: str
    context: ssl.SSLContext
    find: Find
    used: float = field(default_factory=time.monotonic)
    sessions: int = 0

    @classmethod
    def open(cls, name: str, certificate: Path, find: Find) -> "Gate":
        """Listen at the first address of 127.71.0.0/24 whose port is free; the certificate is good for all of them."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        for number in range(1, 255):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                listener.bind((f"127.71.0.{number}", PORT))
                gate = cls(name, f"127.71.0.{number}", context, find)
                threading.Thread(target=gate._run, args=(listener,), daemon=True).start()
                return gate
            listener.close()
        raise OSError(f"No address of 127.71.0.0/24 has a free port {PORT}.")

    def is_paused(self) -> bool:
        """Return whether nobody was connected for so long that the database pauses."""
        return self.sessions == 0 and time.monotonic() - self.used > IDLE

    def wake(self) -> None:
        """Begin to wake: who comes later finds it awake."""
        self.used = time.monotonic()

    def _run(self, listener: socket.socket) -> None:
        asyncio.run(self._listen(listener))

    async def _listen(self, listener: socket.socket) -> None:
        server = await asyncio.start_server(self._serve, sock=listener)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        was_paused = self.is_paused()
        self.sessions += 1
        try:
            await self._session(reader, writer, was_paused)
        except FAULTS as error:
            writer.write(_message(b"E", f"SFATAL\0VFATAL\0C28000\0M{error}\0\0".encode()))
        finally:
            self.sessions, self.used = self.sessions - 1, time.monotonic()
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, was_paused: bool) -> None:
        words = await self._greet(reader, writer)
        cookie = self.find(self.name)
        if cookie is None or not cookie[0]["DBClusterMembers"]:
            raise ValueError(f"no instance of the cluster {self.name} answers")
        cluster, folder = cookie
        writer.write(_message(b"R", struct.pack("!I", 3)))
        kind, length = struct.unpack("!cI", await reader.readexactly(5))
        token = (await reader.readexactly(length - 4)).rstrip(b"\0").decode()
        if kind != b"p":
            raise ValueError("a password was asked for")
        if fault := refusal(cluster, self.host, words["user"], token):
            raise ValueError(f'PAM authentication failed for user "{words["user"]}": {fault}')
        if was_paused:
            await asyncio.sleep(WAKE)
        from_server, to_server = await asyncio.open_unix_connection(str(folder / f".s.PGSQL.{PORT}"))
        said = b"".join(f"{name}\0{value}\0".encode() for name, value in words.items()) + b"\0"
        to_server.write(struct.pack("!II", len(said) + 8, PROTOCOL) + said)
        await asyncio.gather(_pump(reader, to_server), _pump(from_server, writer))

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, str]:
        """Put TLS around the connection, and return what the client says of itself."""
        is_private = False
        while True:
            length, code = struct.unpack("!II", await reader.readexactly(8))
            if code == GSS:
                writer.write(b"N")
            elif code == TLS:
                writer.write(b"S")
                await writer.start_tls(self.context)
                is_private = True
            elif code == PROTOCOL and is_private:
                texts = (await reader.readexactly(length - 8)).decode().split("\0")
                return dict(zip(texts[0:-2:2], texts[1:-1:2], strict=False))
            else:
                raise ValueError("no encryption: rds.force_ssl is 1")


def refusal(cluster: dict[str, Any], host: str, user: str, token: str) -> str:
    """Return why RDS would refuse this token; an empty text when it lets its bearer in."""
    if not cluster.get("IAMDatabaseAuthenticationEnabled"):
        return "IAM authentication is off"
    key = parse_qs(token.partition("?")[2]).get("X-Amz-Credential", [""])[0].split("/")[0]
    if session := sts._sessions.get(key):
        # ministack's credentials of a function never end, and its check of tokens takes none that do not.
        session.setdefault("Expiration", time.time() + 3600)
    verified = rds_iam.verify_rds_iam_token(
        token, hostname=host, port=PORT, db_user=user, region=REGION, account_id=ACCOUNT
    )
    if isinstance(verified, rds_iam.RdsIamTokenError):
        return str(verified.code)
    resource = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{cluster['DbClusterResourceId']}/{user}"
    with request_scope(ACCOUNT, REGION):
        principal = iam_evaluator.resolve_principal(verified.access_key_id, ACCOUNT)
        if isinstance(principal, iam_evaluator.AuthError):
            return "unknown credentials"
        if principal.policies is None:
            return ""
        asked = iam_evaluator.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=ACCOUNT,
            action="rds-db:connect",
            resource_arn=resource,
            region=REGION,
            principal_keys=principal.keys,
        )
        decision = iam_evaluator.evaluate(asked, principal.policies, *principal.limits).decision
    return "" if decision == "Allow" else f"{principal.arn} may not rds-db:connect to {resource}"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
