"""The two parts of AWS that are not files: queues, and the table of the mirror, with errors of ours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from processing import translate_botocore_errors

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

# DynamoDB takes a hundred items in one transaction.
MOST_CHANGES = 100
# So many keys are read at once, and looked up at once in the records.
PAGE = 500
Item = dict[str, Any]


class Overtaken(Exception):
    """Another writer changed the items since they were read; nothing was written."""


@dataclass(frozen=True)
class Table:
    """Items by `pk` and `sk`; errors come out as Unavailable or Misconfigured."""

    client: "DynamoDBClient"
    name: str

    def query_items(self, pk: str) -> dict[str, Item]:
        """Return all items of one `pk`, by `sk`, as they are now."""
        with translate_botocore_errors("use_mirror", key=pk):
            answer = self.client.query(
                TableName=self.name,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
            )
        return {item["sk"]: item for item in map(_deserialize_item, answer["Items"])}

    def replace(self, guard: Item, read: Any, puts: Sequence[Item], removed: Sequence[str]) -> None:
        """Write `guard` and `puts` and remove the items `removed`, all or nothing.

        Raise Overtaken unless the revision of the item in the guard's place is still `read`, None for no item.
        """
        pk = guard["pk"]
        put: dict[str, Any] = {"TableName": self.name, "Item": _serialize_item(guard)}
        if read is None:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "revision = :read"
            put["ExpressionAttributeValues"] = {":read": _serialize(read)}
        changes = [
            {"Put": put},
            *({"Put": {"TableName": self.name, "Item": _serialize_item(item)}} for item in puts),
            *({"Delete": {"TableName": self.name, "Key": _serialize_item({"pk": pk, "sk": sk})}} for sk in removed),
        ]
        with translate_botocore_errors("use_mirror", key=pk):
            try:
                self.client.transact_write_items(TransactItems=cast(Any, changes))
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                if reasons <= {"None", "ConditionalCheckFailed"}:
                    raise Overtaken from error
                raise

    def put(self, item: Item) -> None:
        """Write one item whatever was there before."""
        with translate_botocore_errors("use_mirror", key=item["pk"]):
            self.client.put_item(TableName=self.name, Item=_serialize_item(item))

    def delete(self, pk: str, sks: Sequence[str]) -> None:
        """Remove items of one `pk`; no error when there are none."""
        for sk in sks:
            with translate_botocore_errors("use_mirror", key=pk):
                self.client.delete_item(TableName=self.name, Key=_serialize_item({"pk": pk, "sk": sk}))

    def list_keys(self) -> Iterator[tuple[str, str]]:
        """Yield (pk, sk) of every item, by reading the whole table."""
        after: Item | None = {}
        while after is not None:
            keys, after = self.scan_keys(after)
            yield from keys

    def scan_keys(self, after: Item, limit: int = PAGE) -> tuple[list[tuple[str, str]], Item | None]:
        """(pk, sk) of up to `most` items behind the key `after`, and where the next page begins; None at the end."""
        start: dict[str, Any] = {"ExclusiveStartKey": _serialize_item(after)} if after else {}
        with translate_botocore_errors("use_table", table=self.name):
            answer = self.client.scan(TableName=self.name, ProjectionExpression="pk, sk", Limit=limit, **start)
        keys = [(str(item["pk"]), str(item["sk"])) for item in map(_deserialize_item, answer["Items"])]
        return keys, _deserialize_item(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None


def _serialize_item(item: Item) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}


def _deserialize_item(item: Mapping[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}
