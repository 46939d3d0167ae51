"""Each code that MediaHub writes has a sentence and gets what it names, and a page shows it in its language."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from mediahub import reasons
from mediahub.reasons import SENTENCES, STATES, Reason, build_error, explain, explain_cause, read_reason
from mediahub.recovery import dead_letters
from mediahub.recovery.models import FailedItem
from mediahub.uploads import error_kinds
from mediahub.uploads.models import Upload
from processing import Missing, Rejected, sentences
from processing.sentences import Sentence

SOURCES = sorted(Path(reasons.__file__).parent.rglob("*.py"))
OWN = set(SENTENCES) - set(sentences.SENTENCES)
# Calls that take a code that `processing` does not know, and where in their arguments it stands.
CALLS = {"build_error": 1, "Reason": 0}


def list_forms(sentence: Sentence) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else sentence


def find_parameters(template: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", template))


def find_calls() -> Iterator[tuple[str, set[str]]]:
    """Yield the code and the names of the parameters of each call with a literal code."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if not isinstance(node, ast.Call) or name not in CALLS or len(node.args) <= CALLS[name]:
                continue
            code = node.args[CALLS[name]]
            if isinstance(code, ast.Constant):
                given = {keyword.arg for keyword in node.keywords if keyword.arg}
                keys = [key for each in node.args if isinstance(each, ast.Dict) for key in each.keys]
                yield str(code.value), given | {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_each_code_is_written_with_the_parameters_of_its_sentence() -> None:
    written = list(find_calls())
    by_table = {code for _error, _kind, code in error_kinds.TABLE}
    by_table |= {code for _kind, code in dead_letters.OTHER_KINDS.values()}
    assert {code for code, _given in written} | by_table == OWN
    for code, given in [*written, *((code, set[str]()) for code in by_table)]:
        for form in list_forms(SENTENCES[code]):
            assert find_parameters(form) == given, code


def test_no_error_of_mediahub_has_a_sentence_of_its_own() -> None:
    kinds = {"Rejected", "NotAnalysable", "Missing", "Unavailable", "Misconfigured", "Unreadable"}
    built = [
        f"{path.name}:{node.lineno}"
        for path in SOURCES
        # The desk has a page named Missing, and raises none of these.
        if "desk" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds
    ]
    assert built == []


def test_each_state_of_an_upload_has_the_words_of_its_label() -> None:
    with translation.override("en"):
        assert {state: str(Upload.State(state).label) for state in Upload.State.values} == dict(STATES)


@pytest.mark.parametrize("language", ["de", "ar"])
def test_names_and_numbers_stay(language: str) -> None:
    large = Rejected("too_many_pixels", width=1024, height=768, n=7, side=300)
    missing = Missing("missing", action="read_object", key="uploads/a.jpg")
    with translation.override(language):
        texts = [read_reason(error).explain() for error in (large, missing)]
    assert all(number in texts[0] for number in ("1024", "768", "7", "300"))
    assert "uploads/a.jpg" in texts[1]


def test_a_row_keeps_what_its_sentence_is_made_of() -> None:
    error = build_error(Missing, "no_renditions", "store")
    entry = json.loads(json.dumps(read_reason(error).to_json()))
    assert (entry, error.step) == (
        {"code": "no_renditions", "params": {}, "reason": "The image has no renditions."},
        "store",
    )
    assert explain(entry) == entry["reason"]
    assert explain({}) == ""


def test_no_nul_reaches_the_database() -> None:
    entry = Reason("unknown_event", {"event": "odd \0 name"}).to_json()
    assert "\0" not in json.dumps(entry) + entry["reason"]
    assert "\\u0000" not in json.dumps(entry)


@pytest.mark.parametrize("code", ["of_a_later_version", "too_many_pixels"])
def test_what_another_version_wrote_is_shown_as_it_was_written(code: str) -> None:
    with translation.override("de"):
        assert explain({"code": code, "params": {"sides": 7}, "reason": "A sentence."}) == "A sentence."


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (
            Reason("aws_refused", {"action": "read_object", "key": "uploads/a.jpg", "aws_code": "AccessDenied"}),
            "Reading … failed: AWS refused the request (AccessDenied). Ask an administrator to run doctor.",
        ),
        (
            Reason("too_many_pixels", {"width": 9000, "height": 8000, "n": 100, "side": 30000}),
            "The image is … × … pixels; the limit is … megapixels and … pixels per side. Reduce its "
            "size and upload it again.",
        ),
    ],
)
def test_a_cause_is_told_without_what_differs(reason: Reason, cause: str) -> None:
    item: Any = FailedItem(**reason.to_json())
    assert explain_cause(item) == cause
    with translation.override("de"):
        assert "…" in explain_cause(item)
