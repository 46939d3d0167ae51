"""Try what the jail lets through, and what becomes of a file whose decoder ends, hangs, or lies."""

import ctypes
import os
import signal
import sys
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from processing import (
    CENTER,
    SPECS,
    Rejected,
    RenditionSpec,
    Result,
    Unavailable,
    decoding,
    pipeline,
    process,
    process_crops,
)
from processing.jail import budget, pool
from tests.doubles import MemoryStore
from tests.jail.files import SAMPLES, order_act
from tests.pictures import jpeg
from tests.processing.test_pipeline import ListeningLabeler

IMAGE = UUID("4f6f1f0e-93d0-4a30-9c0e-2f5f6d3b8f10")
ALL = (*SPECS, RenditionSpec("square", 30, 30, "crop"))
_GET_DUMPABLE = 3


def run(file: BytesIO) -> Result:
    return process(file, IMAGE, store=MemoryStore(), labeler=ListeningLabeler(), specs=ALL)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_is_the_same_in_the_jail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = SAMPLES[name]()
    jailed, crops = (
        run(BytesIO(data)),
        process_crops(BytesIO(data), IMAGE, store=MemoryStore(), specs=ALL, point=CENTER),
    )
    monkeypatch.setattr(pipeline, "run_decoder", decoding.decode_file)
    free = run(BytesIO(data))
    assert replace(jailed, seconds={}) == replace(free, seconds={})
    assert crops == free.renditions[-len(crops) :]


@pytest.mark.parametrize("act", ["eat", "spin", "overflow", "leave", "lie", "rave", "babble", "sleep"])
def test_whatever_ends_a_decoder_refuses_its_file_and_no_other(
    hostile: None, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    if act == "sleep":
        monkeypatch.setattr(budget, "STALL", 1)
    with pytest.raises(Rejected) as refusal:
        run(order_act(act))
    assert refusal.value.code == "too_costly"
    monkeypatch.undo()
    assert run(BytesIO(jpeg(90, 60))).renditions


def test_a_decoder_can_open_start_and_see_nothing(hostile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(Rejected) as refusal:
        run(order_act("try"))
    assert (refusal.value.code, refusal.value.params) == ("undecodable", {"cause": "Nothing"})


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone asks")
def test_no_process_of_the_same_user_reads_the_parents_memory() -> None:
    run(BytesIO(jpeg(90, 60)))
    assert ctypes.CDLL(None).prctl(_GET_DUMPABLE) == 0


def test_a_decoder_that_somebody_stops_is_no_fault_of_the_file(hostile: None) -> None:
    with pytest.raises(Unavailable) as refusal:
        run(order_act("stop"))
    assert refusal.value.code == "decoder_ended"


def test_a_child_that_ended_while_it_was_idle_is_replaced(fresh_jail: None) -> None:
    run(BytesIO(jpeg(90, 60)))
    [child] = pool.children.idle
    os.kill(child.pid, signal.SIGKILL)
    assert run(BytesIO(jpeg(90, 60))).renditions
    assert pool.children.idle[0].pid != child.pid


def test_a_child_is_renewed_after_some_files_and_for_larger_ones(
    fresh_jail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MAX_FILES", 2)
    pids: list[Any] = []
    for _file in range(4):
        run(BytesIO(jpeg(90, 60)))
        pids += [child.pid for child in pool.children.idle] or [None]
    assert pids[0] != pids[2]
    assert pids[1::2] == [None, None]


def test_a_jail_that_cannot_be_started_is_no_fault_of_the_file(
    fresh_jail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MODULE", "tests.jail.no_such_module")
    with pytest.raises(Unavailable) as refusal:
        run(BytesIO(jpeg(90, 60)))
    assert refusal.value.code == "decoder_not_started"


def test_a_process_that_is_forked_leaves_the_child_to_its_parent(fresh_jail: None) -> None:
    run(BytesIO(jpeg(90, 60)))
    pid = os.fork()
    if pid == 0:
        os._exit(bool(pool.children.idle))
    assert os.waitpid(pid, 0)[1] == 0
    assert pool.children.idle


def test_two_at_a_time_have_a_child_each_and_one_stays(fresh_jail: None) -> None:
    first = pool.children.take(1)
    second = pool.children.take(1)
    assert first.pid != second.pid
    pool.children.give_back(first)
    pool.children.give_back(second)
    assert [child.pid for child in pool.children.idle] == [first.pid]
    assert not second.is_alive()


def test_budgets_follow_the_pixels_of_the_header() -> None:
    assert budget.count_seconds(12_000_000) == 5
    assert budget.count_seconds(100_000_000) == 15
    assert budget.count_memory(12_000_000 * 4, SPECS) == budget.MEMORY
    assert 1_500_000_000 < budget.count_memory(1_400_000_000, SPECS) < 1_800_000_000


def test_a_file_that_is_not_done_when_its_worker_must_end_is_tried_again(hostile: None) -> None:
    run(BytesIO(jpeg(90, 60)))
    with pytest.raises(Unavailable) as refusal:
        process(order_act("sleep"), IMAGE, store=MemoryStore(), labeler=None, seconds=0.5)
    assert refusal.value.code == "decoder_ended"


class BrokenStore(MemoryStore):
    """A store with a bug."""

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        raise ValueError(key)


def test_an_error_of_the_parent_is_not_taken_for_one_of_the_file(fresh_jail: None) -> None:
    with pytest.raises(ValueError, match="jpg"):
        process(BytesIO(jpeg(90, 60)), IMAGE, store=BrokenStore(), labeler=None)
    assert pool.children.idle == []
