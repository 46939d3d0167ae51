"""What can go wrong, by what is to be done about it.

ProcessingError
├── Rejected        the file's fault: one attempt, never delivered again
├── NotAnalyzable   the labeler will never answer for this picture; nothing else is wrong with it
├── Missing         the object is not, or no longer, in the store
├── Unavailable     a service failed this time: deliver again
└── Misconfigured   rights, names or keys are wrong: an operator has to act, the message stays on the queue
"""

import errno
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)

from processing.sentences import SENTENCES, Sentence, render


@dataclass(frozen=True)
class Note:
    """Something that a person should know about a file that became an image all the same.

    Attributes:
        code: Names what happened, for programs; SENTENCES has its sentence.
        params: Fill the sentence; every value can be written as JSON.
        message: The English sentence, for logs and search; empty to render it from the code.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""

    def __post_init__(self) -> None:
        """Render the message."""
        if not self.message:
            object.__setattr__(self, "message", render(SENTENCES[self.code], self.params))


class ProcessingError(Exception):
    """Base class of the errors that say what is to be done.

    Attributes:
        code: Names what happened, for programs; SENTENCES has its sentence.
        params: Fill the sentence; every value can be written as JSON.
        message: The English sentence, for logs and search. `render` gives it in another language.
        step: The step of `process` that failed, or empty.
    """

    def __init__(self, code: str, sentence: Sentence = "", step: str = "", **params: Any) -> None:
        """Render the message from SENTENCES, or from `sentence` for a code that only the caller knows."""
        message = render(sentence or SENTENCES[code], params)
        super().__init__(message)
        self.code = code
        self.params = params
        self.message = message
        self.step = step

    @property
    def specific_code(self) -> str:
        """The code of the error that AWS answered with, such as "AccessDenied", or `code` for another error."""
        return str(self.params.get("aws_code") or self.code)


class Rejected(ProcessingError):
    """The file can never become an image."""


class NotAnalyzable(ProcessingError):
    """The picture can never be labeled."""


class Missing(ProcessingError):
    """The object, or this version of it, does not exist."""


class Unavailable(ProcessingError):
    """Trying again later can succeed."""


class Misconfigured(ProcessingError):
    """Trying again cannot succeed before an operator has acted."""


MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NotFound"})
# AWS's codes for wrong rights, names or keys; any other may go away by itself.
MISCONFIGURED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthFailure",
        "AWS.SimpleQueueService.NonExistentQueue",
        "ExpiredToken",
        "IllegalLocationConstraintException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "KMS.DisabledException",
        "KMS.InvalidStateException",
        "KMS.NotFoundException",
        "NoSuchBucket",
        "PermanentRedirect",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
# libheif says "Memory allocation error" of damaged files too.
_NO_MEMORY = ("out of memory", "insufficient memory", "cannot allocate")
_SETUP = (
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)


def too_large(size: int, limit: int) -> Rejected:
    """Return the error for a file of `size` bytes where at most `limit` bytes are accepted."""
    return Rejected("too_large", size=math.ceil(size / 1e6), limit=limit // 1_000_000)


def cut_off(share: float) -> Rejected:
    """Return the error for a file that ends too early, of whose picture `share`, from 0 to 1, is there."""
    return Rejected("cut_off", step="decode", percent=min(math.floor(share * 100), 99))


def check_surroundings(error: Exception) -> None:
    """Raise what is no fault of a file that is being read: MemoryError, or the error itself.

    The jail lets nobody open anything, not even a module of Python.
    """
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _NO_MEMORY):
        raise MemoryError(str(error)) from error
    if isinstance(error, ImportError) or (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
        raise error


@contextmanager
def translate_botocore_errors(action: str, **params: Any) -> Iterator[None]:
    """Raise ours in place of the errors that botocore raises inside; others pass.

    Args:
        action: What is being done, one of PHRASES["action"].
        **params: Fill the phrase of the action.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translate_botocore_error(error, action, **params) from error


def translate_botocore_error(error: Exception, action: str, **params: Any) -> ProcessingError:
    """Return the error of ours for one that botocore raised during the action.

    An error of ours is returned as it is, and one that is neither is raised again.
    """
    if isinstance(error, ProcessingError):
        return error
    if isinstance(error, ClientError):
        return _translate_answer(error, {"action": action, **params})
    if isinstance(error, _SETUP):
        return Misconfigured("aws_setup", action=action, error=str(error), **params)
    if isinstance(error, BotoCoreError):
        return Unavailable("aws_unreachable", action=action, error=str(error), **params)
    raise error


def _translate_answer(error: ClientError, params: Mapping[str, Any]) -> ProcessingError:
    aws_code = str(error.response.get("Error", {}).get("Code", "")) or "unknown"
    if aws_code in MISSING:
        return Missing("missing", **params)
    if aws_code in MISCONFIGURED:
        return Misconfigured("aws_refused", aws_code=aws_code, **params)
    if aws_code == "InvalidObjectState":
        return Unavailable("archived", aws_code=aws_code, **params)
    return Unavailable("aws_unavailable", aws_code=aws_code, **params)
