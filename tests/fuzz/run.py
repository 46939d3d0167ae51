"""Files and messages through the real handler and the jail, on a world without AWS, and what became of each."""

import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.conf import settings
from django.db import connection

from mediahub import messages as queue_messages
from mediahub.aws import clients
from mediahub.local.event_loop import Context
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from processing import ProcessingError
from processing.jail import pool
from tests.doubles import MemoryQueue, MemoryStore, MemoryTable
from tests.fuzz.mutations import mutate
from tests.fuzz.payloads import list_payloads, mutate_payload
from tests.jail.files import SAMPLES

BATCH = 10
# Rows of earlier files are removed, so that the thousandth file meets what the first met.
CLEARED_AFTER = 500
ROOMS = ("jobs", "recovery", "uploads", "library")
# Codes that say that nobody foresaw the error.
UNFORESEEN = {"unforeseen", "undecodable"}


@dataclass
class Report:
    """Count what became of the files and messages.

    Attributes:
        files: How many files there were.
        messages: How many messages there were.
        outcomes: How many ended how: "ready", or the code of a refusal.
        deaths: How many children of the jail ended on a file.
        longest: Seconds of the processor that a file took in the jail.
        largest: Bytes of memory that a child had at most.
        findings: What nobody foresaw, each with how to make it again.
    """

    files: int = 0
    messages: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    longest: float = 0.0
    largest: int = 0
    findings: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Return the report as lines."""
        ready = self.outcomes["ready"]
        lines = [
            f"files {self.files}, messages {self.messages}: processed {ready}, refused with a code "
            f"{self.outcomes.total() - ready}, deaths of children {self.deaths}, longest {self.longest:.2f} CPU s, "
            f"largest {self.largest / 1e6:.0f} MB, findings {len(self.findings)}",
            *(f"  {count:7} {code}" for code, count in self.outcomes.most_common()),
            *self.findings[:20],
        ]
        return "\n".join(lines)


def build_file(seed: int, number: int) -> bytes:
    """Return one altered file; the same numbers build the same file."""
    chance = random.Random(f"{seed} file {number}")
    samples = _get_samples()
    return mutate(chance.choice(samples), chance, samples)


def build_message(seed: int, number: int) -> str:
    """Return one altered message; the same numbers build the same message."""
    chance = random.Random(f"{seed} message {number}")
    return mutate_payload(chance.choice(list_payloads()), chance)


_built: list[bytes] = []


def _get_samples() -> list[bytes]:
    if not _built:
        _built.extend(build() for build in SAMPLES.values())
    return _built


def run_batches(seed: int, files: int, messages: int, seconds: float, folder: Path | None = None) -> Report:
    """Send so many files and messages in batches, or as many as come through in some seconds.

    Args:
        seed: Decides how everything is altered.
        files: How many files.
        messages: How many messages.
        seconds: After so many no batch begins.
        folder: Where files are kept that made a finding.
    """
    report, start = Report(), time.monotonic()
    with _in_memory() as store, _watching(report):
        while report.files < files and time.monotonic() - start < seconds:
            _send_files(report, store, seed, min(BATCH, files - report.files), folder)
            if report.files % CLEARED_AFTER < BATCH:
                store.versions.clear()
                _clear()
        while report.messages < messages and time.monotonic() - start < seconds:
            _send_message(report, seed)
    return report


def _send_files(report: Report, store: MemoryStore, seed: int, number: int, folder: Path | None) -> None:
    keys = {f"{report.files + place}.jpg": build_file(seed, report.files + place) for place in range(number)}
    for key, data in keys.items():
        store.put(key, data, "image/jpeg")
    records = [_build_record(key, _announce(key)) for key in keys]
    answer = _deliver(report, {"Records": records}, f"files {report.files} to {report.files + number - 1}")
    states = {upload.key: upload for upload in Upload.objects.filter(key__in=keys)}
    for key, data in keys.items():
        upload = states.get(key)
        outcome = "ready" if upload and upload.state == Upload.State.READY else upload.code if upload else "no record"
        report.outcomes[outcome] += 1
        ended = upload is not None and upload.state in (Upload.State.READY, Upload.State.REJECTED)
        if not ended or outcome in UNFORESEEN:
            report.findings.append(f"file {key.removesuffix('.jpg')} of seed {seed}: {outcome} {answer}")
            if folder:
                (folder / f"{seed}-{key}").write_bytes(data)
    report.files += number


def _send_message(report: Report, seed: int) -> None:
    text = build_message(seed, report.messages)
    name = f"message {report.messages} of seed {seed}"
    errors: list[Exception] = []
    honest = queue_messages.decode_text

    def decode(body: str) -> Any:
        try:
            return honest(body)
        except Exception as error:
            errors.append(error)
            raise

    with patch.object(queue_messages, "decode_text", decode), patch.object(handlers, "handle", _collect(errors)):
        answer = _deliver(report, {"Records": [_build_record("m", text)]}, name)
    for error in errors:
        if not isinstance(error, ProcessingError) or error.code in UNFORESEEN:
            report.findings.append(f"{name}: {error!r}"[:300])
    code = next((error.code for error in errors if isinstance(error, ProcessingError)), "handled")
    report.outcomes[f"message {code}"] += 1
    if not errors and answer["batchItemFailures"]:
        report.findings.append(f"{name} comes back without an error")
    report.messages += 1


def _collect(errors: list[Exception]) -> Any:
    honest = handlers.handle

    def handle(*arguments: Any) -> Any:
        try:
            return honest(*arguments)
        except Exception as error:
            errors.append(error)
            raise

    return handle


def _deliver(report: Report, event: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        return handlers.on_object_created(event, Context("fuzz"))
    except Exception as error:  # a crash of the parent is what is looked for
        report.findings.append(f"{name}: the handler raised {error!r}"[:300])
        return {"batchItemFailures": []}


def _announce(key: str) -> dict[str, Any]:
    bucket = {"name": settings.UPLOAD_BUCKET, "arn": f"arn:aws:s3:::{settings.UPLOAD_BUCKET}"}
    stored = {"key": key, "sequencer": "01"}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": bucket, "object": stored}}]}


def _build_record(message_id: str, body: Any) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:fuzz",
        "awsRegion": "us-east-1",
    }


@contextmanager
def _in_memory() -> Iterator[MemoryStore]:
    """Yield the bucket of originals of a world in memory."""
    uploads, renditions, table = MemoryStore(versioned=False), MemoryStore(versioned=False), MemoryTable()
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    parts = {
        "get_upload_store": uploads,
        "get_rendition_store": renditions,
        "get_upload_queue": queue,
        "get_dead_letter_queue": dead_letters,
        "get_mirror_table": table,
    }
    with ExitStack() as stack:
        for name, part in parts.items():
            stack.enter_context(patch.object(clients, name, lambda part=part: part))
        stack.enter_context(patch.object(settings, "RETRY_SECONDS", 0))
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, logging.NOTSET)
        yield uploads


@contextmanager
def _watching(report: Report) -> Iterator[None]:
    """Measure each file in the jail, and count the children that end on one."""
    receive, judge = pool.Child.receive, pool._judge_end

    def measured(child: pool.Child, *arguments: Any) -> dict[str, float]:
        before = _read_seconds(child.pid)
        try:
            return receive(child, *arguments)
        finally:
            report.longest = max(report.longest, _read_seconds(child.pid) - before)
            report.largest = max(report.largest, _read_peak(child.pid))

    def counted(child: pool.Child, error: Exception) -> Any:
        report.deaths += 1
        return judge(child, error)

    with patch.object(pool.Child, "receive", measured), patch.object(pool, "_judge_end", counted):
        yield


def _read_seconds(pid: int) -> float:
    """Return the seconds of the processor that a process has had; 0 where nobody tells."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _read_peak(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def _clear() -> None:
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models(include_auto_created=True)]
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
