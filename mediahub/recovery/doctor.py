"""The doctor: each part that an upload needs, looked at as it is now, with what to do about each fault."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mediahub.aws import clients
from mediahub.recovery import doctor_trials
from processing import ProcessingError, translate_botocore_error

STACK = "Deploy the stack: `make run` does it here, `deploy/templates/stack.yaml` on AWS."
CLOSED_NETWORK = (
    "Check OIDC_ISSUER. With Network=closed, functions reach no outside provider: run `python -m deploy up STAGE --set "
    "Network=ipv6`, or empty OIDC_ISSUER and use passwords, passkeys, and authenticator apps."
)
RIGHTS = f"Check the settings and the rights of this process. {STACK}"


@dataclass(frozen=True)
class Finding:
    """Describe the state of one part; `advice` is empty when nothing is wrong."""

    part: str
    seen: str
    advice: str = ""


def examine_parts(*, inside: bool = False) -> Iterator[Finding]:
    """Look at every part in turn; a part that cannot be looked at is a finding too.

    `inside` a deployed function only what it works with: how the parts are set up is no affair of its role.
    """
    for part, check in (INSIDE if inside else PARTS).items():
        try:
            yield from (Finding(part, seen, advice) for seen, advice in check())
        except (ProcessingError, ClientError, BotoCoreError) as error:
            yield Finding(part, translate_botocore_error(error, "call", name=f"the {part}").message, RIGHTS)
        except Exception as error:
            yield Finding(part, f"{type(error).__name__}: {error}", RIGHTS)


Observations = Iterator[tuple[str, str]]


def _check_database() -> Observations:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    engine = f"{connection.vendor}, {len(missing)} migrations missing"
    yield engine, "Run `manage.py migrate`." if missing else ""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        yield f"journal mode {mode}", "" if mode == "wal" else "Put the file on a local disk, where SQLite can use WAL."


def _check_sign_in() -> Observations:
    """Try the organization's provider from here: a function in a closed network reaches no outside host."""
    if not settings.OIDC_ISSUER:
        return
    import requests

    try:
        answer = requests.get(f"{settings.OIDC_ISSUER}/.well-known/openid-configuration", timeout=5)
        answer.raise_for_status()
        issuer = answer.json()["issuer"].rstrip("/")
    except (requests.RequestException, ValueError, KeyError) as error:
        yield f"{settings.OIDC_ISSUER} gives no answer ({type(error).__name__})", CLOSED_NETWORK
        return
    is_same = issuer == settings.OIDC_ISSUER
    yield f"{settings.OIDC_ISSUER} answers as {issuer}", "" if is_same else f"Set OIDC_ISSUER to {issuer}."


def _check_buckets() -> Observations:
    s3 = clients.get_client("s3")
    for setting in ("UPLOAD_BUCKET", "RENDITION_BUCKET"):
        name = getattr(settings, setting)
        if not name:
            yield f"{setting} is empty", f"Set {setting} to the stack's output. {STACK}"
            continue
        s3.head_bucket(Bucket=name)
        blocks = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        yield f"{name} exists and is not public", "" if all(blocks.values()) else f"Close {name}. {STACK}"
    versions = s3.get_bucket_versioning(Bucket=settings.UPLOAD_BUCKET).get("Status")
    yield f"versioning of originals: {versions}", "" if versions == "Enabled" else f"Enable versioning. {STACK}"


def _check_cors() -> Observations:
    try:
        rules = clients.get_client("s3").get_bucket_cors(Bucket=settings.UPLOAD_BUCKET)["CORSRules"]
    except ClientError:
        rules = []
    site = urlsplit(settings.SITE_URL)
    origin = f"{site.scheme}://{site.netloc}"
    ours = [rule for rule in rules if origin in rule["AllowedOrigins"]]
    exposes = any("ETag" in rule.get("ExposeHeaders", []) for rule in ours if "POST" in rule["AllowedMethods"])
    advice = f"Deploy the stack with SiteOrigin={origin}; browsers cannot upload until then."
    yield f"pages of {origin} {'may' if exposes else 'may not'} upload", "" if exposes else advice


def _check_queues() -> Observations:
    sqs = clients.get_client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=settings.UPLOAD_QUEUE_URL, AttributeNames=["All"])["Attributes"]
    waiting = attributes["ApproximateNumberOfMessages"]
    yield f"{waiting} messages wait, hidden for {attributes['VisibilityTimeout']} s while worked on", ""
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    target = str(redrive.get("deadLetterTargetArn", "")).rsplit(":", 1)[-1]
    same = bool(target) and target == settings.DEAD_LETTER_QUEUE_URL.rsplit("/", 1)[-1]
    yield (
        f"after {redrive.get('maxReceiveCount', '∞')} tries to {target or 'nowhere'}",
        "" if same else f"Failed messages would be lost: give the queue a dead-letter queue. {STACK}",
    )
    letters = sqs.get_queue_attributes(QueueUrl=settings.DEAD_LETTER_QUEUE_URL, AttributeNames=["All"])["Attributes"]
    longer = int(letters["MessageRetentionPeriod"]) > int(attributes["MessageRetentionPeriod"])
    yield (
        f"{letters['ApproximateNumberOfMessages']} dead letters wait to be collected",
        "" if longer else f"Keep messages longer in the dead-letter queue than in the queue. {STACK}",
    )


def _check_notification() -> Observations:
    configuration = clients.get_client("s3").get_bucket_notification_configuration(Bucket=settings.UPLOAD_BUCKET)
    queues = [entry["QueueArn"].rsplit(":", 1)[-1] for entry in configuration.get("QueueConfigurations", [])]
    is_notified = settings.UPLOAD_QUEUE_URL.rsplit("/", 1)[-1] in queues
    yield (
        f"uploads are announced to {', '.join(queues) or 'nobody'}",
        ""
        if is_notified
        else f"Uploads would never be noticed: send the notifications of the bucket to the queue. {STACK}",
    )


def _check_table() -> Observations:
    table = clients.get_mirror_table()
    description = table.client.describe_table(TableName=table.name)["Table"]
    indexes = [str(index.get("IndexName")) for index in description.get("GlobalSecondaryIndexes", [])]
    yield (
        f"{table.name} is {description.get('TableStatus')}, indexed {', '.join(indexes) or 'by nothing'}",
        "" if "by_tag" in indexes else f"Readers cannot look up tags: add the index by_tag. {STACK}",
    )


def _check_labeler() -> Observations:
    known = clients.LABEL_SOURCES
    yield (
        f"LABELER={settings.LABELER}",
        "" if settings.LABELER in known else f"Set LABELER to one of {', '.join(known)}.",
    )


def _check_static_files() -> Observations:
    try:
        address = staticfiles_storage.url("desk/desk.css")
    except ValueError:
        address = ""
    yield address or "the desk's style sheet is missing", "" if address else "Run `manage.py collectstatic`."


def _check_roles() -> Observations:
    profiles = boto3.Session().available_profiles
    missing = [role for role in ("web", "worker") if role not in profiles]
    if missing:
        who = clients.get_client("sts").get_caller_identity()["Arn"]
        yield f"this process is {who}", ""
        return
    for role, allowed in (("web", False), ("worker", True)):
        s3 = boto3.Session(profile_name=role, region_name=settings.AWS_REGION).client(
            "s3", endpoint_url=settings.AWS_ENDPOINT_URL
        )
        reads = _may_read_originals(s3)
        yield (
            f"{role} {'may' if reads else 'may not'} read originals",
            "" if reads == allowed else f"Correct the {role}'s role. {STACK}",
        )


def _may_read_originals(s3: Any) -> bool:
    try:
        s3.head_object(Bucket=settings.UPLOAD_BUCKET, Key="uploads/doctor/original")
    except ClientError as error:
        return error.response["Error"]["Code"] in ("404", "NoSuchKey")
    return True


def _check_stores() -> Observations:
    for name, store in (("originals", clients.get_upload_store()), ("renditions", clients.get_rendition_store())):
        store.list_page(limit=1)
        yield f"{name} are reached", ""
    clients.get_mirror_table().query_items("doctor")
    yield "the mirror is reached", ""


def _try_worker() -> Observations:
    """Do what the worker does, where its credentials are to be had."""
    if "worker" in boto3.Session().available_profiles:
        yield from doctor_trials.try_parts("worker")
    else:
        yield 'not tried from here: run `python -m deploy manage STAGE "doctor --inside"` in the worker', ""


PARTS: dict[str, Callable[[], Observations]] = {
    "database": _check_database,
    "sign-in": _check_sign_in,
    "buckets": _check_buckets,
    "CORS": _check_cors,
    "notification": _check_notification,
    "queue": _check_queues,
    "mirror": _check_table,
    "labeler": _check_labeler,
    "static files": _check_static_files,
    "roles": _check_roles,
    "work": _try_worker,
}
INSIDE: dict[str, Callable[[], Observations]] = {
    "database": _check_database,
    "sign-in": _check_sign_in,
    "stores": _check_stores,
    "queue": _check_queues,
    "labeler": _check_labeler,
    "static files": _check_static_files,
    "work": partial(doctor_trials.try_parts, None),
}
