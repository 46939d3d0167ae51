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
    found = error_kinds.of(error, "harbour.jpg")
    assert type(found) is kind
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationalError("database is locked"), Unavailable),
        (OperationalError("deadlock detected"), Unavailable),
        (InterfaceError("connection already closed"), Unavailable),
        (IntegrityError("duplicate key"), Unavailable),
        (DataError("value too long"), Rejected),
        (ProgrammingError("relation does not exist"), Misconfigured),
        (NotSupportedError("no"), Misconfigured),
        (DatabaseError("any other"), Unavailable),
        (ImproperlyConfigured("SECRET_KEY"), Misconfigured),
        (MemoryError(), Unavailable),
        (OSError(28, "No space left on device"), Unavailable),
        (ZeroDivisionError("nobody foresaw this"), Unavailable),
    ],
    ids=lambda value: repr(value) if isinstance(value, Exception) else value.__name__,
)
def test_c9_what_django_and_python_raise(error: Exception, kind: type[ProcessingError]) -> None:
    found = error_kinds.of(error, "harbour.jpg")
    assert type(found) is kind
    assert found.code == type(error).__name__


def test_c18_an_original_in_an_archive_says_what_to_do() -> None:
    assert "Restore it" in error_kinds.of(answer("InvalidObjectState"), "harbour.jpg").message


def test_each_row_of_the_table_is_reached() -> None:
    # A row below one of its own bases would never be.
    seen: list[type[Exception]] = []
    for known, _, _ in error_kinds.TABLE:
        assert not any(issubclass(known, earlier) for earlier in seen)
        seen.append(known)


def test_our_own_errors_pass_as_they_are() -> None:
    error = Rejected("empty", "The file is empty.")
    assert error_kinds.of(error, "harbour.jpg") is error


@pytest.mark.parametrize("data", [b"", jpeg()[:300], b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_pillow_raises_is_the_files_fault(data: bytes) -> None:
    with pytest.raises(Rejected):
        process_image(io.BytesIO(data))
