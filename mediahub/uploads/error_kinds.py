"""Which of our three kinds an error is that some library raised: one table, read from the top."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, OperationalError
from django.db.utils import ProgrammingError

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
AGAIN = "It is tried again by itself."
UNSTORABLE = "The database cannot hold what this file says of itself. Export it anew and upload it."
OPERATOR = "An operator has to look: run doctor."

# Pillow's errors do not stand here: decode turns every one of them into Rejected, at the one edge where files are read.
TABLE: tuple[tuple[type[Exception], _Kind, str], ...] = (
    (OperationalError, Unavailable, f"The database could not answer. {AGAIN}"),
    (InterfaceError, Unavailable, f"The connection to the database was lost. {AGAIN}"),
    (IntegrityError, Unavailable, f"Another worker wrote the same record first. {AGAIN}"),
    (DataError, Rejected, UNSTORABLE),
    (ProgrammingError, Misconfigured, f"The database has not the tables of this version. Run migrate. {OPERATOR}"),
    (NotSupportedError, Misconfigured, f"This database cannot do what is asked of it. {OPERATOR}"),
    (DatabaseError, Unavailable, f"The database refused. {AGAIN}"),
    (ImproperlyConfigured, Misconfigured, f"The settings contradict each other. {OPERATOR}"),
    (MemoryError, Unavailable, f"The worker ran out of memory. {AGAIN}"),
    (OSError, Unavailable, f"The worker's disk or network failed. {AGAIN}"),
)


def is_of_one_object(fault: Exception) -> bool:
    """Return whether AWS refused one original, so that other files need not meet the same.

    What is refused at a step of the work, as writing a rendition is, is refused for every file.
    """
    return isinstance(fault, Misconfigured) and fault.specific_code in OF_ONE_OBJECT and not fault.step


def of(error: Exception, what: str) -> ProcessingError:
    """The error of ours for any other that was raised at `what`; one that nobody foresaw is tried again."""
    if isinstance(error, ProcessingError | ClientError | BotoCoreError):
        return translate_botocore_error(error, "process_file", name=what)
    for known, kind, message in TABLE:
        if isinstance(error, known):
            return kind(type(error).__name__, message)
    return Unavailable(type(error).__name__, f"Something nobody foresaw: {type(error).__name__}: {error}. {AGAIN}")


@contextmanager
def refusing_unstorable() -> Iterator[None]:
    """Turn what is raised while a file's values are written, for a value that cannot be, into Rejected.

    The same file would fail the same way each time it came back.
    """
    try:
        yield
    except (DataError, OverflowError, ValueError) as error:
        raise Rejected(type(error).__name__, UNSTORABLE, "record") from error
