"""Messages of the queue as S3, SNS, EventBridge and MediaHub send them, and what becomes of them by chance."""

import copy
import json
import random
from typing import Any
from uuid import UUID

from django.conf import settings

from mediahub import messages
from tests.fuzz.mutations import mutate

_ID = UUID("6d2a6a32-6b0e-4f7c-9a53-4b3a4e7f0a11")
# What stands in place of a value.
_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**400, 0.5, "", " ", "\0", "\ud800", "é" * 600, "A" * 5000, "../../etc/passwd"),
    *("%00", "%", "+", "2.1", [], {}, [[]], {"": ""}),
)
_MOST_STEPS = 3


def list_payloads() -> list[Any]:
    """Return the bodies of a message of each kind."""
    bucket = {"name": settings.UPLOAD_BUCKET, "arn": f"arn:aws:s3:::{settings.UPLOAD_BUCKET}"}
    stored = {"key": "no+such%20file.jpg", "size": 5, "eTag": "e", "versionId": "v9", "sequencer": "0A1B"}
    records = [
        {"eventVersion": "2.1", "eventName": name, "s3": {"bucket": bucket, "object": stored}}
        for name in ("ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated", "ObjectTagging:Put")
    ]
    event = {"Records": records}
    bridge = {"bucket": bucket, "object": {"key": "no such file.jpg", "version-id": "v9", "sequencer": "0A1B"}}
    ours = [
        messages.CheckKey("no such file.jpg"),
        messages.SweepRenditions(("small/x", "large/y")),
        messages.RetryFailedItem(5),
        messages.SendRetries(5),
        messages.WakeClock(),
        *(kind(_ID) for kind in (messages.ResumeUpload, messages.ReprocessImage, messages.CutCrops)),
        *(kind(_ID) for kind in (messages.MirrorImage, messages.PurgeImage, messages.ContinueJob)),
    ]
    return [
        event,
        {"Event": "s3:TestEvent"},
        {"Type": "Notification", "Message": json.dumps(event)},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(event)}}]},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": bridge},
        *(message.encode() for message in ours),
    ]


def mutate_payload(body: Any, chance: random.Random) -> str:
    """Return the text of a body, altered as JSON or as text."""
    if chance.random() < 0.3:
        return mutate(json.dumps(body).encode(), chance, [b'{"Records": [[[[', b'\\u0000"}']).decode("utf-8", "replace")
    body = copy.deepcopy(body)
    for _step in range(chance.randint(1, _MOST_STEPS)):
        places = list(_list_places(body))
        if places:
            holder, name = chance.choice(places)
            _alter(holder, name, chance)
    return json.dumps(body)


def _list_places(value: Any) -> list[tuple[Any, Any]]:
    """Return each place of a value as what holds it, and its name or number there."""
    names = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, name) for name in names] + [place for name in names for place in _list_places(value[name])]


def _alter(holder: Any, name: Any, chance: random.Random) -> None:
    match chance.randrange(4):
        case 0:
            del holder[name]
        case 1 if isinstance(holder, dict):
            holder[f"{name}\0"] = holder.pop(name)
        case 2:
            holder[name] = [holder[name]] * chance.choice((1, 2, 101))
        case _:
            holder[name] = copy.deepcopy(chance.choice(_ODD_VALUES))
