"""A short run of `make fuzz`, always the same, and what Hypothesis makes of messages."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediahub import messages
from processing import ProcessingError
from tests.fuzz.payloads import list_payloads
from tests.fuzz.run import build_file, run_batches

SEED, FILES, MESSAGES = 18, 80, 100
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner))


@pytest.mark.django_db
def test_b27_altered_files_and_messages_are_processed_or_refused_with_a_code() -> None:
    report = run_batches(SEED, FILES, MESSAGES, seconds=3600)
    assert report.findings == []
    assert (report.files, report.messages, report.outcomes.total()) == (FILES, MESSAGES, FILES + MESSAGES)
    # Some come through, so that what follows the header is met too.
    assert 0 < report.outcomes["ready"] < FILES
    assert report.deaths == 0


def test_a_file_is_altered_the_same_way_each_time() -> None:
    assert [build_file(SEED, 7) for _time in range(2)] == [build_file(SEED, 7)] * 2
    assert build_file(SEED, 7) != build_file(SEED, 8)


@given(st.sampled_from(range(len(list_payloads()))), st.data())
def test_a_message_of_any_shape_is_decoded_or_refused(number: int, data: Any) -> None:
    body = json.loads(json.dumps(list_payloads()[number]))
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(trees)
    with suppress(ProcessingError):
        messages.decode_text(json.dumps(body))


@given(st.text(max_size=60) | trees.map(json.dumps))
def test_a_message_of_any_text_is_decoded_or_refused(text: str) -> None:
    with suppress(ProcessingError):
        messages.decode_text(text)
