"""One contract for the queue and the table of the local AWS, and for their twins in memory."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from mediahub.aws import clients
from mediahub.aws.queue import Queue
from mediahub.aws.table import Item, Overtaken, Table
from mediahub.local import stack
from processing import Misconfigured
from tests.doubles import MemoryQueue, MemoryTable
from tests.local_aws import RECEIVES, VISIBILITY

BOTH = pytest.mark.parametrize("kind", ["local AWS", "memory"])
Queues = tuple[Any, Any]


@pytest.fixture
def queues(kind: str, request: pytest.FixtureRequest) -> Queues:
    """Provide a queue and its dead letters."""
    if kind == "memory":
        dead = MemoryQueue(VISIBILITY, 1000)
        return MemoryQueue(VISIBILITY, RECEIVES, dead), dead
    request.getfixturevalue("local_aws")
    return clients.get_upload_queue(), clients.get_dead_letter_queue()


@pytest.fixture
def table(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "memory":
        return MemoryTable()
    request.getfixturevalue("local_aws")
    return clients.get_mirror_table()


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


def receive_at_last(queue: Any) -> list[dict[str, Any]]:
    """Wait until something comes."""
    while not (messages := queue.receive()):
        time.sleep(0.05)
    return list(messages)


@BOTH
def test_a_message_is_hidden_while_it_is_worked_on_and_comes_back(queues: Queues) -> None:
    queue, _ = queues
    queue.send({"n": 1})
    [message] = queue.receive()
    assert message["Body"] == '{"n": 1}'
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60
    assert queue.receive() == []
    queue.hide_message(message["ReceiptHandle"], 1)
    [again] = receive_at_last(queue)
    assert again["MessageId"] == message["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    queue.hide_message(again["ReceiptHandle"], 1)
    queue.delete(again["ReceiptHandle"])
    time.sleep(1.3)
    assert queue.receive() == []


@BOTH
def test_a_message_comes_when_it_was_told_to(queues: Queues) -> None:
    queue, _ = queues
    began = time.monotonic()
    queue.send({"n": 1}, delay=1)
    early = queue.receive()
    assert early == [] or time.monotonic() - began >= 1
    [message] = early or receive_at_last(queue)
    queue.hide_message(message["ReceiptHandle"], 0)
    assert len(queue.receive()) == 1


@BOTH
def test_what_waits_is_counted_without_what_is_worked_on(queues: Queues) -> None:
    queue, dead = queues
    for number in range(3):
        queue.send(number)
    assert (queue.count_waiting(), dead.count_waiting()) == (3, 0)
    queue.receive(most=1)
    assert queue.count_waiting() == 2


@BOTH
def test_what_is_received_too_often_is_a_dead_letter_with_its_id(queues: Queues) -> None:
    queue, dead = queues
    queue.send({"n": 1})
    for _ in range(RECEIVES):
        [message] = queue.receive()
        queue.hide_message(message["ReceiptHandle"], 0)
    assert queue.receive() == []
    [letter] = dead.receive()
    assert (letter["MessageId"], letter["Body"]) == (message["MessageId"], '{"n": 1}')


@BOTH
def test_at_most_ten_messages_come_at_once(queues: Queues) -> None:
    queue, _ = queues
    for number in range(11):
        queue.send(number)
    assert len(queue.receive()) <= 10
    assert len(queue.receive(most=1)) == 1


@BOTH
def test_items_are_replaced_only_as_they_were_read(table: Any) -> None:
    own = {"pk": "p", "sk": "image", "revision": 1, "tags": ["a"], "renditions": {"large": {"width": 9}}}
    pointer = {"pk": "p", "sk": "tag#a", "tag": "a", "date": "2026-01-01"}
    table.replace(own, None, [pointer], [])
    assert table.query_items("p") == {"image": own, "tag#a": pointer}
    for read in (None, 2):
        with pytest.raises(Overtaken):
            table.replace({**own, "revision": 3}, read, [], ["tag#a"])
    assert table.query_items("p") == {"image": own, "tag#a": pointer}
    table.replace({**own, "revision": 2}, 1, [], ["tag#a"])
    assert set(table.query_items("p")) == {"image"}
    assert table.query_items("p")["image"]["revision"] == 2


@BOTH
def test_items_are_listed_and_deleted(table: Any) -> None:
    for pk in ("p", "q"):
        table.replace({"pk": pk, "sk": "image", "revision": 1}, None, [], [])
    assert sorted(table.list_keys()) == [("p", "image"), ("q", "image")]
    table.delete("p", ["image"])
    table.delete("p", ["image", "never there"])
    assert list(table.list_keys()) == [("q", "image")]
    assert table.query_items("p") == {}


@BOTH
def test_keys_are_read_a_page_at_a_time(table: Any) -> None:
    for pk in ("p", "q", "r"):
        table.put({"pk": pk, "sk": "image"})
    listed_keys: list[tuple[str, str]] = []
    after: Item | None = {}
    pages = 0
    while after is not None:
        keys, after = table.scan_keys(after, 2)
        listed_keys += keys
        pages += 1
        assert len(keys) <= 2
    assert sorted(listed_keys) == [("p", "image"), ("q", "image"), ("r", "image")]
    assert pages == 2


@BOTH
def test_an_item_is_written_over_another(table: Any) -> None:
    for until in (1, 2):
        table.put({"pk": "clock", "sk": "rest", "until": until})
    assert table.query_items("clock") == {"rest": {"pk": "clock", "sk": "rest", "until": 2}}


def test_a_table_is_read_to_its_last_page() -> None:
    pages = [
        {"Items": [{"pk": {"S": "p"}, "sk": {"S": "image"}}], "LastEvaluatedKey": {"pk": {"S": "p"}}},
        {"Items": [{"pk": {"S": "q"}, "sk": {"S": "image"}}]},
    ]

    class Client:
        def scan(self, **asked: Any) -> Any:
            return pages["ExclusiveStartKey" in asked]

    client: Any = Client()
    assert list(Table(client, "images").list_keys()) == [("p", "image"), ("q", "image")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda queue, table: queue.send({}),
        lambda queue, table: queue.receive(),
        lambda queue, table: queue.count_waiting(),
        lambda queue, table: table.put({"pk": "p", "sk": "s"}),
        lambda queue, table: queue.delete("r"),
        lambda queue, table: queue.hide_message("r", 1),
        lambda queue, table: table.query_items("p"),
        lambda queue, table: table.replace({"pk": "p", "sk": "s"}, None, [], []),
        lambda queue, table: table.delete("p", ["s"]),
        lambda queue, table: list(table.list_keys()),
    ],
)
def test_c17_what_is_not_there_is_a_mistake_of_the_setup(
    local_aws: stack.Stack, ask: Callable[[Queue, Table], Any]
) -> None:
    queue = Queue(clients.get_client("sqs"), f"{clients.get_upload_queue().url}-gone")
    with pytest.raises(Misconfigured):
        ask(queue, Table(clients.get_client("dynamodb"), "gone"))
