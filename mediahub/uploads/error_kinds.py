"""Which of our three kinds an error of some library is: one table, read from the top."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, OperationalError
from django.db.utils import ProgrammingError

from mediahub.reasons import build_error
from processing import Misconfigured, ProcessingError, Rejected, Unavailable, translate_botocore_error

_Kind = type[Rejected] | type[Unavailable] | type[Misconfigured]
# What S3 answers about one object, though it may serve the next: its own rights, or the key it was encrypted with.
OF_ONE_OBJECT = frozenset(
    {
        "403",
        "AccessDenied",
        "AllAccessDisabled",
        "KMS.DisabledException",
        "KMS.InvalidStateException",
        "KMS.NotFoundException",
    }
)

# Pillow's errors do not stand here: decode turns every one of them into Rejected, at the one edge where files are read.
TABLE: tuple[tuple[type[Exception], _Kind, str], ...] = (
    (OperationalError, Unavailable, "database_unavailable"),
    (InterfaceError, Unavailable, "database_disconnected"),
    (IntegrityError, Unavailable, "record_conflict"),
    (DataError, Rejected, "unstorable"),
    (ProgrammingError, Misconfigured, "database_outdated"),
    (NotSupportedError, Misconfigured, "database_unsupported"),
    (DatabaseError, Unavailable, "database_refused"),
    (ImproperlyConfigured, Misconfigured, "settings_conflict"),
    (MemoryError, Unavailable, "out_of_memory"),
    (OSError, Unavailable, "worker_failed"),
)


def is_of_one_object(fault: Exception) -> bool:
    """Return whether AWS refused one original, so that other files need not meet the same.

    What is refused at a step of the work, as writing a rendition is, is refused for every file.
    """
    return isinstance(fault, Misconfigured) and fault.specific_code in OF_ONE_OBJECT and not fault.step


def translate_error(error: Exception, file_name: str) -> ProcessingError:
    """Return the error of ours for any error that was raised at a file; one of no known kind is tried again."""
    if isinstance(error, ProcessingError | ClientError | BotoCoreError):
        return translate_botocore_error(error, "process_file", name=file_name)
    for library_error, kind, code in TABLE:
        if isinstance(error, library_error):
            return build_error(kind, code)
    return build_error(Unavailable, "unforeseen", cause=type(error).__name__, error=str(error)[:300])


@contextmanager
def reject_unstorable() -> Iterator[None]:
    """Raise Rejected for an error of the database that a value of the file causes.

    The same file would fail the same way each time it came back.
    """
    try:
        yield
    except (DataError, OverflowError, ValueError) as error:
        raise build_error(Rejected, "unstorable", "record") from error
