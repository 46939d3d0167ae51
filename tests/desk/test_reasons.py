"""What workers write in English is said in the editor's language: every sentence that the code can write is known."""

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.utils import translation

from mediahub import messages
from mediahub.delivery import public
from mediahub.desk import reasons
from mediahub.recovery import comparisons, dead_letters
from mediahub.uploads import error_kinds, ingest
from mediahub.worker import clock
from processing import Missing, Rejected

MODULES: tuple[ModuleType, ...] = (clock, comparisons, dead_letters, messages, error_kinds, ingest, public)
CALLS = {"Rejected", "NotAnalyzable", "Missing", "Unavailable", "Misconfigured", "Unreadable", "append", "_Letter"}
CALLS |= {"_lost", "Finding"}
NAMES = {"says", "reason", "UNKNOWN", "KILLED"}


def written(module: ModuleType) -> Iterator[str]:
    """The sentences that a module gives to its errors, notes and findings."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS:
            texts = node.args
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMES:
            texts = [node.value]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            texts = node.value.elts
        for text in texts:
            sentence = filled(text, module)
            if " " in sentence and sentence.endswith("."):
                yield sentence


def filled(text: ast.expr, module: ModuleType) -> str:
    """A text of the source with its constants, and "7" where a value comes in."""
    match text:
        case ast.Constant(value=str(found)):
            return found
        case ast.JoinedStr(values=parts):
            return "".join(filled(part, module) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) if isinstance(getattr(module, name, None), str):
            return str(getattr(module, name))
        case ast.FormattedValue():
            return "7"
    return ""


def known(sentence: str) -> bool:
    return any(pattern.fullmatch(sentence) for _text, pattern in reasons._patterns(reasons.SENTENCES))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_each_sentence_that_is_written_is_known(module: ModuleType) -> None:
    unknown = {sentence for sentence in written(module) if not known(sentence)}
    assert unknown == set()


def test_the_sentences_are_found_in_the_source_at_all() -> None:
    assert len({sentence for module in MODULES for sentence in written(module)}) > 35
    assert all(known(message) for _error, _kind, message in error_kinds.TABLE)


@pytest.mark.parametrize("language", ["de", "ar"])
def test_names_and_numbers_stay(language: str) -> None:
    large = Rejected("too_many_pixels", width=1024, height=768, n=7, side=300)
    missing = Missing("missing", action="read_object", key="uploads/a.jpg")
    document = Rejected("unsupported", kind="pdf", formats="JPEG")
    with translation.override(language):
        told = reasons.told(large.message)
        gone = reasons.told(missing.message)
        text = reasons.told(document.message)
    assert all(number in told for number in ("1024", "768", "7", "300"))
    assert "uploads/a.jpg" in gone
    assert not any(english in told + gone + text for english in ("image has", "Reading", "PDF document", "Export it"))


def test_what_nobody_foresaw_stays_as_it_was_written() -> None:
    strange: Any = "A sentence of no pattern."
    with translation.override("de"):
        assert reasons.told(strange) == strange


def test_a_cause_without_its_particulars_is_said_too() -> None:
    with translation.override("de"):
        said = reasons.told("Only a part of … arrived. MediaHub tries again automatically.")
        assert "only a part" not in said.lower()
