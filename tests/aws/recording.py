"""Every call of AWS that the product makes while the suite runs: by which process, on what, with which headers.

A call belongs to the process whose entry it was made from: a page of the site is the web's, a Lambda event the
worker's, a Celery task the bulk workers'. Tests that call a function directly, or AWS themselves, are none of these and
are not recorded. Signed addresses count as calls of who signs: a browser sends them with the rights of the web's role.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.signers import S3PostPresigner
from django.conf import settings

ENTRIES = {
    "mediahub.worker.handlers": "worker",
    "mediahub.worker.tasks": "bulk",
    "celery.bin.worker": "bulk",
    "django.core.handlers.base": "web",
}
# Images of a job are worked on by the same code on Fargate, wherever a test runs it.
ALSO_BULK = ("mediahub.jobs.chunk_work", "_work_on_images")
# What the operator's doctor tries out is no need of the product: it must be allowed, but is no reason to allow it.
TRIALS = ("mediahub.recovery.doctor", "mediahub.recovery.doctor_trials")
PREFIX, SUFFIX = "mediahub-local-", "-000000000000"
# What the stack has; tests also ask for what is not there. Rekognition names nothing.
PARTS = {"uploads", "renditions", "dead-letters", "bulk", "cdn", "images", ""}
# botocore prepares a form as if it made the bucket.
NO_CALLS = {("s3", "CreateBucket")}


TAKEN_AS = {"structure": Mapping, "map": Mapping, "list": (list, tuple), "string": str}


class Call(NamedTuple):
    """One kind of call: all calls that the same rules of AWS decide are one.

    `resource` is the bucket, queue or table without the names of project and stage, `key` the folder of a rendition or
    the kind of a change in a transaction, `version` whether one version is named, `encryption` the headers that name
    one, `signed` whether a browser sends it, and `trial` whether only an operator's check made it.
    """

    role: str
    service: str
    operation: str
    resource: str
    key: str
    version: bool
    encryption: str
    signed: bool
    trial: bool


class Recorder:
    """Writes each kind of call that this process makes into a file, a line of JSON each, as soon as it is made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls: set[Call] = set()

    def install(self) -> None:
        """Listen to every client, whoever makes it."""
        emit: Any = BaseClient._emit_api_params  # type: ignore[attr-defined]
        sign_form = S3PostPresigner.generate_presigned_post

        def record_parameters(client: Any, api_params: Any, operation_model: Any, context: Any, **rest: Any) -> Any:
            service = operation_model.service_model.service_name
            signed = bool(context.get("is_presign_request"))
            if self.record(service, operation_model.name, api_params, signed=signed):
                for fault in find_faults(operation_model.input_shape, api_params, operation_model.name):
                    self._append({"fault": f"{service}.{fault}"})
            return emit(client, api_params, operation_model, context, **rest)

        def record_form(presigner: Any, request_dict: Any, fields: Any = None, **rest: Any) -> Any:
            bucket = str(request_dict["url"]).split("/")[3]
            self.record("s3", "PostObject", {"Bucket": bucket, "Key": "*", **_named(fields)}, signed=True)
            return sign_form(presigner, request_dict, fields, **rest)

        patch.object(BaseClient, "_emit_api_params", record_parameters).start()
        patch.object(S3PostPresigner, "generate_presigned_post", record_form).start()

    def record(self, service: str, operation: str, parameters: Mapping[str, Any], *, signed: bool) -> bool:
        """Note one call, and return whether it is the product's, about a part that a stack has."""
        callers = list(_callers())
        entry = next((ENTRIES[name] for name, _ in callers if name in ENTRIES), "")
        roles = {role for role in (entry, "bulk" if ALSO_BULK in callers else "") if role}
        if not roles or (service, operation) in NO_CALLS:
            return False
        trial = any(name in TRIALS for name, _ in callers)
        known = False
        for resource, key, version, encryption in describe(service, operation, parameters):
            short = resource.removeprefix(PREFIX).removesuffix(SUFFIX)
            if resource.startswith(PREFIX) and short in PARTS:
                known = True
                for role in roles:
                    self._write(Call(role, service, operation, short, key, version, encryption, signed, trial))
        return known

    def _write(self, call: Call) -> None:
        if call in self._calls:
            return
        self._calls.add(call)
        self._append(call)

    def _append(self, entry: Any) -> None:
        # At once, because processes of the tests are killed; a line is short enough to be written whole.
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def find_faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Yield what AWS would not take of parameters, by the service model: values, lengths and patterns.

    botocore itself checks types and what is required, and leaves these to the service.
    """
    # boto3 takes some texts in a form of its own, such as a source to copy; botocore refuses other types itself.
    kind: Any = TAKEN_AS.get(getattr(shape, "type_name", ""))
    if kind is None or not isinstance(value, kind):
        return
    if shape.type_name == "structure":
        for name, part in value.items():
            yield from find_faults(shape.members.get(name), part, f"{path}.{name}")
    elif shape.type_name == "list":
        yield from _find_length(shape, value, path)
        for part in value:
            yield from find_faults(shape.member, part, path)
    elif shape.type_name == "map":
        for part in value.values():
            yield from find_faults(shape.value, part, path)
    elif shape.type_name == "string":
        yield from _find_length(shape, value, path)
        if shape.enum and value not in shape.enum:
            yield f"{path} has no value {value}"
        if (pattern := shape.metadata.get("pattern")) and not re.search(pattern, value):
            yield f"{path} does not match {pattern}"


def _find_length(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)):
        yield f"{path} has a length of {len(value)}"


def describe(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str, bool, str]]:
    """Yield (resource, key, version, encryption) for each resource that the call names."""
    if service == "s3":
        bucket = parameters.get("Bucket", "")
        yield bucket, _prefix(bucket, parameters.get("Key", "")), "VersionId" in parameters, _encryption(parameters)
        if source := parameters.get("CopySource"):
            yield source["Bucket"], _prefix(source["Bucket"], source["Key"]), "VersionId" in source, "source"
    elif service == "sqs":
        yield str(parameters.get("QueueUrl", "")).rsplit("/", 1)[-1], "", False, ""
    elif operation == "TransactWriteItems":
        for change in parameters["TransactItems"]:
            [(kind, item)] = change.items()
            yield item["TableName"], kind, False, ""
    elif service == "dynamodb":
        yield parameters.get("TableName", ""), "", False, ""
    elif service == "rekognition":
        yield PREFIX, "", False, ""


def _encryption(parameters: Mapping[str, Any]) -> str:
    named = parameters.get("ServerSideEncryption", "")
    if not named:
        return ""
    key = parameters.get("SSEKMSKeyId", "")
    return f"{named} {'ours' if key == settings.KMS_KEY_ARN and key else 'none' if not key else 'other'}"


def _named(fields: Mapping[str, str] | None) -> dict[str, str]:
    """Return the encryption that a form names, as the parameters of a call name it."""
    headers = {
        "ServerSideEncryption": "x-amz-server-side-encryption",
        "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    }
    return {name: fields[header] for name, header in headers.items() if fields and header in fields}


def _prefix(bucket: str, key: str) -> str:
    """Return the folder of a rendition; originals lie under one prefix, which the stack and not the call decides."""
    if not key:
        return ""
    return "*" if "-uploads-" in bucket else f"{key.split('/', 1)[0]}/*"


def _callers() -> Iterator[tuple[str, str]]:
    """Yield the module and the function of each caller, the nearest first."""
    frame = sys._getframe(3)
    while frame is not None:
        yield frame.f_globals.get("__name__", ""), frame.f_code.co_name
        frame = frame.f_back  # type: ignore[assignment]
