"""Whatever a stranger writes: what is kept of it, every database, JSON and time zone holds."""

import json
import math
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.dates import parse_last_day, parse_moment, parse_offset
from processing.limits import clamp, clean_text, compose, shorten, to_json

ZONES = [UTC, *map(ZoneInfo, ("America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Etc/GMT+12"))]
# All that Python's texts can hold, halves of characters included.
anything = st.text(st.characters(exclude_categories=()), max_size=300)
digits = st.integers(0, 9999).map("{:04d}".format)
two = st.integers(0, 99).map("{:02d}".format)


@given(anything)
def test_a_text_is_one_storable_line_and_stays_what_it_is(text: str) -> None:
    cleaned = clean_text(text, 50)
    cleaned.encode()
    assert len(cleaned) <= 50
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not set(cleaned) & set("\ufeff\uffff\U0010ffff")
    plain = clean_text(text, 50, keep_directions=False)
    assert not set(plain) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean_text(cleaned, 50) == cleaned


@pytest.mark.parametrize("value", [None, 5, (1, 2), b"", "", "\u200d", "\u202e", "\x00\n", ["a"], math.nan])
def test_what_is_no_text_or_is_not_seen_is_empty(value: object) -> None:
    assert clean_text(value, 200) == ""


@pytest.mark.parametrize("most", range(1, 9))
def test_a_text_is_not_cut_within_what_is_seen_as_one(most: int) -> None:
    family, accent = "👨\u200d👩\u200d👧", "e\u0301"
    assert shorten(f"ab{family}", most) == ("ab"[:most] if most < 7 else f"ab{family}")
    assert shorten(accent * 4, most) in (accent * (most // 2), "e")


@given(digits, st.tuples(two, two, two, two, two), st.tuples(st.sampled_from("+-"), two, two))
def test_a_moment_is_one_in_every_zone(year: str, rest: tuple[str, ...], east: tuple[str, ...]) -> None:
    (month, day, hour, minute, second), (sign, hours, minutes) = rest, east
    try:
        moment = parse_moment(f"{year}:{month}:{day} {hour}:{minute}:{second}")
        offset = parse_offset(f"{sign}{hours}:{minutes}")
    except ValueError:
        return
    if moment is None:
        return
    for zone in ZONES:
        aware = moment.at.replace(tzinfo=offset)
        assert aware.astimezone(zone).astimezone(UTC) == aware
        there = moment.at.replace(tzinfo=zone)
        assert datetime.fromisoformat(there.isoformat()) == there
        assert abs(aware.utcoffset() or timedelta()) <= timedelta(hours=14)


@given(st.one_of(anything, st.from_regex(r"[0-9]{4}(-?[0-9]{2}(-?[0-9]{2})?)?(T.*)?", fullmatch=True)))
def test_a_last_day_is_a_day_or_none(text: str) -> None:
    try:
        day = parse_last_day(text)
    except ValueError:
        return
    assert day is None or date(1800, 1, 1) <= day <= date(2200, 12, 31)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.integers(10**30, 10**40) | anything | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(anything, inner) | st.tuples(inner),
        max_leaves=20,
    )
)
def test_json_holds_what_no_database_refuses(value: Any) -> None:
    text = json.dumps(to_json(value), allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert to_json(json.loads(text)) == json.loads(text)


def test_json_has_an_end_however_deep_it_is() -> None:
    deep: Any = "end"
    for _ in range(5000):
        deep = [deep]
    assert json.dumps(to_json(deep)).count("[") == 40


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (5, 5.0),
        (10**400, 100.0),
        (-1, 0.0),
        (math.inf, None),
        (math.nan, None),
        ("5", None),
        (True, None),
        (None, None),
    ],
)
def test_a_number_is_held_within_what_it_may_be(value: object, held: float | None) -> None:
    assert clamp(value, 100) == held


def test_typed_text_turns_no_text_beside_it() -> None:
    assert compose("\u2067Cafe\u0301") == "\u2067Café\u2069"
    assert compose("\u202eone\ntwo\u202c three\u2069") == "\u202eone\ntwo\u202c three"
    assert compose(compose("\u202e\u2067x")) == compose("\u202e\u2067x") == "\u202e\u2067x\u2069\u202c"
