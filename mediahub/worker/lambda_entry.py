"""The front door of Lambda, before Zappa's handler: it lets in what MediaHub knows and refuses everything else.

Zappa runs any code or function that an event names (`raw_command`, `command`), and answers an event that it cannot
place with success, which deletes the message. Both are closed here.
"""

import io
import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# First, because it sets Django up; a secret that cannot be read ends the start here.
from mediahub.wsgi import application  # noqa: F401  isort: skip

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from zappa.handler import LambdaHandler

from mediahub import checks

log = logging.getLogger(__name__)

CLOCK = "mediahub.worker.handlers.on_minute"
ARRIVED = "mediahub.worker.handlers.on_object_created"
# What an operator may ask of a deployed function; their output goes to the one who asked.
COMMANDS = (
    "migrate",
    "check",
    "doctor",
    "invite",
    "remove_factors",
    "jobs",
    "reconcile",
    "rebuild_mirror",
    "reprocess_images",
)
# These go through all images and would be cut off here: they are recorded, and the queue's turns do the work.
QUEUED = ("reconcile", "rebuild_mirror", "reprocess_images")
LEAST_SECRET = 50
FORWARDED = "X-Forwarded-For"


class RefusedEvent(Exception):
    """An event that nobody here asked for; raising it keeps a message on its queue."""


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Hand a known event to Zappa's handler; raise RefusedEvent for any other."""
    match event:
        case {"raw_command": _} | {"command": _}:
            raise RefusedEvent("Functions cannot be run by name here. Use `manage` with a command of MediaHub.")
        case {"manage": str(line), "database": {"user": str(user), "password": str(password)}}:
            with _sign_in_to_database(user, password):
                return _run_command(line)
        case {"manage": str(line)}:
            return _run_command(line)
    known = _read_http_request(event) or _read_messages(event) or _read_clock_event(event)
    if known is None:
        raise RefusedEvent(
            f"This is no event that MediaHub knows; it has {', '.join(sorted(map(str, event)))[:200] or 'nothing'}."
        )
    try:
        return _handler.handler(known, context)
    finally:
        # A database that pauses does so only when nobody holds a connection; a frozen function would.
        connections.close_all()


def _read_http_request(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return a request of API Gateway, without the stage variables that Zappa would put into the environment."""
    match event:
        case {"version": "2.0", "requestContext": {"http": {"method": str()}}} | {"httpMethod": str(), "path": str()}:
            return {**event, **_build_headers(event), "stageVariables": None}
    return None


def _build_headers(event: dict[str, Any]) -> dict[str, Any]:
    """Return a request's headers with the address that API Gateway saw, whatever the client wrote.

    Zappa takes the last but one part of X-Forwarded-For for the client's address (zappa/wsgi.py), which is right behind
    CloudFront; with a regional address that part is the client's own invention. `sourceIp` is API Gateway's.
    """
    context = event["requestContext"]
    address = (context.get("identity") or context.get("http") or {}).get("sourceIp") or ""
    headers = {name: value for name, value in (event.get("headers") or {}).items() if name.title() != FORWARDED}
    several = {name: list for name, list in (event.get("multiValueHeaders") or {}).items() if name.title() != FORWARDED}
    if several:
        return {"headers": headers, "multiValueHeaders": {**several, FORWARDED: [address]}}
    return {"headers": {**headers, FORWARDED: address}}


def _read_messages(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return messages of our queue, or objects of our bucket; never the function that a notification's id names."""
    records = event.get("Records")
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        return None
    if all(record.get("eventSourceARN") == settings.UPLOAD_QUEUE_ARN for record in records):
        return event
    if all(_read_bucket_name(record) == settings.UPLOAD_BUCKET for record in records):
        return {"Records": [{**record, "s3": {**record["s3"], "configurationId": "mediahub"}} for record in records]}
    return None


def _read_bucket_name(record: dict[str, Any]) -> str:
    match record:
        case {"eventSource": "aws:s3", "s3": {"bucket": {"name": str(name), "arn": str(arn)}}}:
            return name if arn.endswith(f":::{name}") else ""
    return ""


def _read_clock_event(event: dict[str, Any]) -> dict[str, Any] | None:
    match event:
        case {"detail-type": "Scheduled Event", "resources": [str(rule)]} if rule.endswith(f"-{CLOCK}"):
            return event
    return None


def _run_command(line: str) -> dict[str, Any]:
    """Run one command and answer what it wrote, and the job that goes on; see `deploy.functions.job_progress`.

    Nothing of it is logged, because an invitation is a secret.
    """
    name, *arguments = shlex.split(line) or [""]
    if name not in COMMANDS:
        raise RefusedEvent(f"{name[:40]!r} is not run here. These are: {', '.join(COMMANDS)}.")
    written, well, job = io.StringIO(), True, None
    if name in QUEUED:
        arguments.append("--queue")
    try:
        with redirect_stdout(written), redirect_stderr(written):
            job = call_command(name, *arguments, no_color=True)
    except (CommandError, SystemExit) as error:
        well = False
        written.write(f"{error}\n")
    finally:
        connections.close_all()
    log.info("%s ended %s", name, "well" if well else "with an error")
    return {"well": well, "output": written.getvalue(), "job": job or ""}


@contextmanager
def _sign_in_to_database(user: str, password: str) -> Iterator[None]:
    """Use the database as another user, with an operator's token; afterwards as the user of this function again."""
    former = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connections.close_all()
    connection.settings_dict.update(USER=user, PASSWORD=password)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(former)


def _build_handler() -> LambdaHandler:
    if not settings.UPLOAD_QUEUE_ARN.startswith("arn:"):
        raise ImproperlyConfigured(
            "UPLOAD_QUEUE_ARN is not an ARN, so messages could not find their function. See the outputs of the stack."
        )
    if settings.DEBUG:
        raise ImproperlyConfigured("DEBUG is on. A deployed function does not start with it: set DEBUG=false.")
    if len(settings.SECRET_KEY) < LEAST_SECRET or len(set(settings.SECRET_KEY)) < 5:
        raise ImproperlyConfigured(f"SECRET_KEY is guessable: it needs {LEAST_SECRET} random characters.")
    checks.require_addresses()
    handler = LambdaHandler()
    # The queue's ARN holds the partition, which is `aws` but for China and the government's regions.
    partition = settings.UPLOAD_QUEUE_ARN.split(":")[1]
    handler.settings.AWS_EVENT_MAPPING = {
        settings.UPLOAD_QUEUE_ARN: [ARRIVED],
        f"arn:{partition}:s3:::{settings.UPLOAD_BUCKET}": [ARRIVED],
    }
    return handler


_handler = _build_handler()
