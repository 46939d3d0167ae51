"""Keep out of every log record what no line may hold: secrets of addresses, and ends of lines."""

import json
import logging
import re
from typing import Any

MASK = "***"
# In a query, a form, a header or a repr, also where an address stands within another one.
_NAMES = (
    *("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "AWSAccessKeyId"),
    *("Signature", "Policy", "Key-Pair-Id", "CloudFront-Signature", "CloudFront-Policy", "CloudFront-Key-Pair-Id"),
    *("csrfmiddlewaretoken", "csrftoken", "X-CSRFToken", "sessionid", "Authorization"),
    *("password", "new_password1", "new_password2", "old_password", "aws_secret_access_key", "aws_session_token"),
)
_START = r"(?:(?<![\w-])|(?<=%3F)|(?<=%26))"
_IS = r"""["']?\s*(?:=|:|%3D|,\s(?=["']))\s*["']?"""
_TEXT = r"""(?:(?!%26|&quot;)[^&\s"'<>,;)\]}])+"""
_VALUE = re.compile(rf"{_START}({'|'.join(_NAMES)})({_IS}){_TEXT}", re.I)
# An invitation: Django's token by its form, and whatever stands in its place of the address.
_PART, _SLASH = r"""(?:(?!%2F)[^/\s"'?&])+""", "(?:/|%2F)"
_INVITED = re.compile(rf"(invited{_SLASH}{_PART}{_SLASH})(?!set-password){_PART}", re.I)
_TOKEN = re.compile(r"\b[0-9a-z]{6}-[0-9a-f]{32}\b")
# What ends a line, moves the cursor, or colors a terminal. A key of S3 may hold any of them.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def mask_secrets(text: str) -> str:
    """Return the text without the secrets that it holds."""
    text = _VALUE.sub(rf"\1\2{MASK}", text)
    return _TOKEN.sub(MASK, _INVITED.sub(rf"\1{MASK}", text))


def serialize_line(line: dict[str, Any]) -> str:
    """Return a line of the worker's log, without the secrets that it holds."""
    return mask_secrets(json.dumps(line, default=str))


def mask_records() -> None:
    """Have every record masked and on one line as it is made, so that no handler or library sees what it held."""
    make = logging.getLogRecordFactory()
    if getattr(make, "masks", False):
        return

    def make_masked(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        _mask(record)
        return record

    make_masked.masks = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_masked)


def _mask(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception:
        # Its arguments do not fit: logging itself says so, where the record is written.
        return
    # On one line, so that no part of it looks like another line of the log.
    masked = _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), mask_secrets(message))
    if masked != message:
        record.msg, record.args = masked, None
    if record.exc_info and record.exc_info[0]:
        # Formatters take a traceback that is there already.
        record.exc_text = mask_secrets(logging.Formatter().formatException(record.exc_info))
