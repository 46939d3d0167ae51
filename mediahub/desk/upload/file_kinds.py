"""The table of formats as the upload page's script reads it: by which first bytes it knows a file, and what it says."""

import re
from typing import Any

from django.utils.translation import gettext as _

from mediahub.aws import clients
from mediahub.reasons import SENTENCES, Reason
from mediahub.uploads import system_files
from processing import formats, kinds

# The flags of Python's expressions and what JavaScript calls them.
_FLAGS = ((re.DOTALL, "s"), (re.IGNORECASE, "i"))


def build_file_kinds() -> dict[str, Any]:
    """Return how files are known by their first bytes, with the server's sentences for those that are refused."""
    disabled = clients.get_limits().list_disabled()
    turned_off = [(each.name.lower(), each.magic) for each in formats.list_inputs() if each.name in disabled]
    return {
        "headBytes": kinds.HEAD,
        "inputs": [_build_input(each) for each in formats.list_inputs(disabled)],
        "others": [
            {**_build_expression(magic), "reason": _explain_kind(kind)} for kind, magic in (*turned_off, *kinds.KINDS)
        ],
        "text": _explain_kind("text"),
        "unknown": _explain("not_an_image"),
        "empty": _explain("empty"),
        "systemFiles": _build_expression(system_files.PATTERN),
    }


def _build_input(each: formats.Format) -> dict[str, Any]:
    """Return how a file of the format is known, and its limit, with a sentence in which the page fills in `{size}`."""
    limit = clients.get_limits().get_max_bytes(each)
    too_large = _(str(SENTENCES["too_large"])).replace("%(size)d", "{size}") % {"limit": limit // 1_000_000}
    asked = kinds.RAW_HEAD if each.name == kinds.RAW_CONTAINER else 0
    kind = {"type": each.content_type, "maxBytes": limit, "tooLarge": too_large, "askedBytes": asked}
    return {**_build_expression(each.magic), **kind}


def _build_expression(magic: re.Pattern[Any]) -> dict[str, str]:
    """Return an expression for JavaScript, which reads one character for each byte."""
    pattern = magic.pattern
    # To JavaScript some bytes above ASCII are white space too.
    text = pattern.decode("latin-1").replace(r"\s", r"[\t-\r ]") if isinstance(pattern, bytes) else str(pattern)
    return {"pattern": text, "flags": "".join(name for flag, name in _FLAGS if magic.flags & flag)}


def _explain_kind(kind: str) -> str:
    return _explain("unsupported", kind=kind, advice=kinds.get_advice(kind))


def _explain(code: str, **params: Any) -> str:
    return Reason(code, {**params, "formats": describe_accepted()}).explain()


def describe_accepted() -> str:
    """Return the labels of the formats that the operator has not turned off, the same in every language."""
    return formats.describe_inputs(clients.get_limits().list_disabled())
