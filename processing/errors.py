"""What can go wrong, by what is to be done about it.

ProcessingError
├── Rejected        the file itself: one attempt, never delivered again
├── NotAnalysable   the labeler will never answer for this picture; everything else of it is fine
├── Missing         the object is not, or no longer, in the store
├── Unavailable     a service did not do its part this time: deliver again
└── Misconfigured   rights, names or keys are wrong: an operator has to act, the message is kept
"""

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


class ProcessingError(Exception):
    """`code` is for programs and stays; `message` tells an editor in a sentence what happened and what to do."""

    def __init__(self, code: str, message: str, step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.step = step


class Rejected(ProcessingError):
    """The file can never become an image."""


class NotAnalysable(ProcessingError):
    """The picture can never be labelled."""


class Missing(ProcessingError):
    """There is no such object, or no such version of it."""


class Unavailable(ProcessingError):
    """Trying again later can succeed."""


class Misconfigured(ProcessingError):
    """Trying again cannot succeed before an operator has acted."""


MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
# Botocore's codes for "your rights, names or keys are wrong"; whatever else a service answers may pass.
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
_SETUP = (
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)


def of_botocore(error: Exception, what: str) -> ProcessingError:
    """The error of ours for one that botocore raised while it was at `what` ("the object uploads/…")."""
    if isinstance(error, ProcessingError):
        return error
    if isinstance(error, ClientError):
        return _of_answer(error, what)
    if isinstance(error, _SETUP):
        return Misconfigured("setup", f"{what} cannot be reached as this process is set up: {error}. Run doctor.")
    if isinstance(error, BotoCoreError):
        return Unavailable("unreachable", f"{what} could not be reached: {error}. It is tried again by itself.")
    raise error


def _of_answer(error: ClientError, what: str) -> ProcessingError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in MISSING:
        return Missing("missing", f"{what} is not there any more.")
    if code in MISCONFIGURED:
        return Misconfigured(code, f"AWS refused {what} with {code}. An operator has to look: run doctor.")
    if code == "InvalidObjectState":
        return Unavailable(
            code, f"{what} lies in an archive of S3, from which nothing is read at once. Restore it there."
        )
    return Unavailable(code or "unknown", f"AWS could not serve {what} now ({code}). It is tried again by itself.")
