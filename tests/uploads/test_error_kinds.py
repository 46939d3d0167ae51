"""One table from other libraries' errors to our three kinds, tried row by row."""

import io

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, OperationalError
from django.db.utils import ProgrammingError

from mediahub.uploads import error_kinds
from processing import Misconfigured, Missing, ProcessingError, Rejected, Unavailable, process_image
from tests.pictures import jpeg

ENDPOINT = {"endpoint_url": "https://s3.example"}


def answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as AWS says it"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *[(answer(code), Misconfigured) for code in ("AccessDenied", "403", "NoSuchBucket", "KMS.DisabledException")],
        *[(answer(code), Misconfigured) for code in ("QueueDoesNotExist", "ResourceNotFoundException", "ExpiredToken")],
        *[(answer(code), Missing) for code in ("NoSuchKey", "404", "NoSuchVersion")],
        *[(answer(code), Unavailable) for code in ("SlowDown", "ThrottlingException", "InternalError", "503", "")],
        *[
            (answer(code), Unavailable)
            for code in ("KMS.ThrottlingException", "ProvisionedThroughputExceededException")
        ],
        (answer("InvalidObjectState"), Unavailable),
        (NoCredentialsError(), Misconfigured),
        (ParamValidationError(report="too long"), Misconfigured),
        (EndpointConnectionError(**ENDPOINT), Unavailable),
        (ConnectTimeoutError(**ENDPOINT), Unavailable),
        (ReadTimeoutError(**ENDPOINT), Unavailable),
        (ConnectionClosedError(**ENDPOINT), Unavailable),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable),
    ],
    ids=lambda value: str(value) if isinstance(value, Exception) else value.__name__,
)
def test_c17_what_botocore_raises(error: Exception, kind: type[ProcessingError]) -> None:
    translated = error_kinds.translate_error(error, "harbour.jpg")
    assert type(translated) is kind
    assert translated.message.endswith(".")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (OperationalError("database is locked"), Unavailable, "database_unavailable"),
        (OperationalError("deadlock detected"), Unavailable, "database_unavailable"),
        (InterfaceError("connection already closed"), Unavailable, "database_disconnected"),
        (IntegrityError("duplicate key"), Unavailable, "record_conflict"),
        (DataError("value too long"), Rejected, "unstorable"),
        (ProgrammingError("relation does not exist"), Misconfigured, "database_outdated"),
        (NotSupportedError("no"), Misconfigured, "database_unsupported"),
        (DatabaseError("any other"), Unavailable, "database_refused"),
        (ImproperlyConfigured("SECRET_KEY"), Misconfigured, "settings_conflict"),
        (MemoryError(), Unavailable, "out_of_memory"),
        (OSError(28, "No space left on device"), Unavailable, "worker_failed"),
        (ZeroDivisionError("nobody foresaw this"), Unavailable, "unforeseen"),
    ],
    ids=lambda value: repr(value) if isinstance(value, Exception) else getattr(value, "__name__", value),
)
def test_c9_what_django_and_python_raise(error: Exception, kind: type[ProcessingError], code: str) -> None:
    translated = error_kinds.translate_error(error, "harbour.jpg")
    assert type(translated) is kind
    assert translated.code == code


def test_c18_an_original_in_an_archive_says_what_to_do() -> None:
    assert "Restore it" in error_kinds.translate_error(answer("InvalidObjectState"), "harbour.jpg").message


def test_each_row_of_the_table_is_reached() -> None:
    # A row below one of its own bases would never be.
    seen: list[type[Exception]] = []
    for known, _, _ in error_kinds.TABLE:
        assert not any(issubclass(known, earlier) for earlier in seen)
        seen.append(known)


def test_our_own_errors_pass_as_they_are() -> None:
    error = Rejected("empty", "The file is empty.")
    assert error_kinds.translate_error(error, "harbour.jpg") is error


@pytest.mark.parametrize("data", [b"", jpeg()[:300], b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_pillow_raises_is_the_files_fault(data: bytes) -> None:
    with pytest.raises(Rejected):
        process_image(io.BytesIO(data))
