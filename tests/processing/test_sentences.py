"""Each code that is raised has its sentence, and gets the parameters that the sentence names."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processing import Misconfigured, Rejected, sentences
from processing.sentences import PHRASES, SENTENCES, Sentence, render

SOURCES = sorted((Path(sentences.__file__).parent).rglob("*.py"))
RAISED = ("Rejected", "NotAnalyzable", "Missing", "Unavailable", "Misconfigured", "Note")
# These two add what every error of AWS has.
SPREAD = {"action"}
ACTIONS = ("translate_botocore_errors", "translate_botocore_error")


def find_parameters(template: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", template))


def list_forms(sentence: Sentence) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else sentence


def find_calls(names: tuple[str, ...]) -> Iterator[tuple[str, set[str], bool]]:
    """Yield the code, the names of the parameters, and whether more are passed on, of each call with a literal code."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in names:
                continue
            first = next((each.value for each in node.args if isinstance(each, ast.Constant)), None)
            if isinstance(first, str):
                given = {keyword.arg for keyword in node.keywords if keyword.arg} - {"step"}
                for each in node.args:
                    if isinstance(each, ast.Dict):
                        given |= {key.value for key in each.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
                yield first, given, any(keyword.arg is None for keyword in node.keywords)


def test_each_code_is_raised_with_the_parameters_of_its_sentence() -> None:
    raised = list(find_calls(RAISED))
    assert {code for code, _given, _more in raised} == set(SENTENCES)
    for code, given, more in raised:
        for form in list_forms(SENTENCES[code]):
            needed = find_parameters(form) - (SPREAD if more else set())
            assert needed <= given, code


def test_each_action_has_a_phrase_and_its_parameters() -> None:
    actions = list(find_calls(ACTIONS))
    assert len(actions) > 10
    for action, given, _more in actions:
        assert find_parameters(PHRASES["action"][action]) == given, action


@pytest.mark.parametrize(("n", "limit"), [(1, "1 megapixel and"), (40, "40 megapixels and")])
def test_a_number_chooses_between_singular_and_plural(n: int, limit: str) -> None:
    error = Rejected("too_many_pixels", step="decode", width=9000, height=8000, n=n, side=30_000)
    assert limit in error.message
    assert json.loads(json.dumps(error.params)) == {"width": 9000, "height": 8000, "n": n, "side": 30_000}
    assert (str(error), error.step) == (error.message, "decode")


def test_a_sentence_is_rendered_from_code_and_params_in_any_language() -> None:
    error = Misconfigured("aws_refused", action="write_object", key="large/a.jpg", aws_code="AccessDenied")
    german = {
        SENTENCES["aws_refused"]: "%(action)s misslang: AWS verweigerte es (%(aws_code)s).",
        PHRASES["action"]["write_object"]: "Schreiben von %(key)s",
    }
    expected = "Schreiben von large/a.jpg misslang: AWS verweigerte es (AccessDenied)."
    assert render(SENTENCES[error.code], error.params, german.__getitem__) == expected
    assert error.message.startswith("Writing large/a.jpg failed: AWS refused the request (AccessDenied).")
    assert (error.code, error.specific_code) == ("aws_refused", "AccessDenied")


def test_a_sentence_of_the_caller_takes_the_place_of_the_tables() -> None:
    assert Rejected("odd", "100% odd.").message == "100% odd."
    assert Rejected("odd", "%(name)s is odd.", name="100%.jpg").message == "100%.jpg is odd."
