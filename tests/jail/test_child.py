"""Try what the child says of a file, without a process: what it would limit is only noted."""

import os
import resource
from typing import Any

import pytest

from processing import SPECS, Limits, decoding
from processing.crop import Point
from processing.decoding import Order
from processing.errors import Rejected
from processing.jail import budget, child, records
from tests.pictures import jpeg

ORDER = Order(SPECS, Limits(), wants_label_jpeg=True)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[int]]:
    """Provide the soft limits that the child would set, in their order."""
    noted: dict[int, list[int]] = {}
    monkeypatch.setattr(child, "_set_limit", lambda limit, soft, hard: noted.setdefault(limit, []).append(soft))
    return noted


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, limits: dict[int, list[int]]) -> list[dict[str, Any]]:
    """Provide what the child says, whose parent answers with a point."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(child, "write_frame", lambda pipe, message, data=b"": messages.append(message))
    monkeypatch.setattr(child, "read_frame", lambda pipe: ({"point": [0.5, 0.5]}, b""))
    return messages


def work_on(data: bytes) -> dict[str, Any]:
    file = os.memfd_create("file")
    try:
        os.write(file, data)
        return child.work(ORDER, child.JailedFile(file, len(data)))
    finally:
        os.close(file)


def test_a_file_is_told_step_by_step(said: list[dict[str, Any]], limits: dict[int, list[int]]) -> None:
    assert work_on(jpeg(200, 100))["kind"] == "done"
    files = ["file"] * sum(len(spec.formats) for spec in SPECS)
    assert [message["kind"] for message in said] == ["allow", "rendering", *files, "look"]
    assert said[0]["pixels"] == 20_000
    assert set(limits[resource.RLIMIT_DATA]) == {budget.MEMORY}
    assert len(limits[resource.RLIMIT_CPU]) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Rejected("broken", step="decode"), "rejected"),
        (MemoryError(), "no_memory"),
        (OSError(24, "Too many open files"), "failed"),
        (ImportError("wave"), "failed"),
        (AssertionError(), "fault"),
    ],
)
def test_each_error_is_told_by_whose_fault_it_is(
    said: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def fail(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(decoding, "open_picture", fail)
    assert work_on(b"anything")["kind"] == kind


def test_whatever_is_loaded_late_is_loaded_first_and_threads_are_counted() -> None:
    child.load_everything()
    assert child._count_threads() >= 1


def test_a_point_and_an_order_come_through_as_they_were() -> None:
    order = Order(SPECS, Limits(by_format={}), Point(0.25, 1.0))
    decoded, size = records.decode_order(records.encode_order(order, 5))
    assert (decoded, size) == (order, 5)
