"""Orders and results as JSON, and back. What comes from the child is checked field by field, and trusted in nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, TypeVar

from processing.color import MONOCHROME, NAMES
from processing.crop import Point
from processing.decoding import Look, Order
from processing.errors import Note, Rejected
from processing.formats import find_format, get_output
from processing.limits import FormatLimits, Limits, is_storable
from processing.metadata import Metadata, MetadataFields
from processing.renditions import TRANSPARENT, RenderedFile, RenditionSpec
from processing.sentences import SENTENCES

T = TypeVar("T")
_MAX_TEXT = 100_000
_MAX_ITEMS = 1000
_MAX_SECONDS = 100_000
# A file of one pixel has a header, a profile and a credit.
_MAX_OVERHEAD = 1_000_000
_BYTES_PER_PIXEL = 4
# A parameter of one of these names would be taken for an argument of the error.
_TAKEN = {"self", "code", "sentence", "step"}
STEPS = ("decode", "metadata", "render", "look", "crop")
Json = Mapping[str, Any]


class BadRecord(Exception):
    """The child says something that no honest child says."""


def encode_order(order: Order, size: int) -> dict[str, Any]:
    """Return an order, with the bytes of its file, as JSON."""
    return {
        "specs": [asdict(spec) for spec in order.specs],
        "limits": asdict(order.limits),
        "crop_point": encode_point(order.crop_point) if order.crop_point else None,
        "wants_label_jpeg": order.wants_label_jpeg,
        "size": size,
    }


def decode_order(message: Json) -> tuple[Order, int]:
    """Return an order and the bytes of its file; the child trusts its parent."""
    limits = message["limits"]
    by_format = {name: FormatLimits(**lower) for name, lower in limits["by_format"].items()}
    point = message["crop_point"]
    return (
        Order(
            tuple(RenditionSpec(**{**spec, "formats": tuple(spec["formats"])}) for spec in message["specs"]),
            Limits(**{**limits, "by_format": by_format}),
            decode_point(point) if point else None,
            message["wants_label_jpeg"],
        ),
        message["size"],
    )


def encode_point(point: Point) -> list[float]:
    """Return a point as JSON."""
    return [point.x, point.y]


def decode_point(value: Sequence[float]) -> Point:
    """Return a point of the parent's."""
    return Point(*value)


def decode_allowance(message: Json, limits: Limits) -> tuple[int, int]:
    """Return the pixels and the bytes of memory that the header asks for; raise BadRecord for more than the limits."""
    pixels, memory = _read(message, "pixels", int), _read(message, "memory", int)
    if not (0 < pixels <= limits.max_pixels and 0 < memory <= limits.max_memory):
        raise BadRecord("The header was not checked.")
    return pixels, memory


def encode_file(rendered: RenderedFile) -> dict[str, Any]:
    """Return what is told of a rendition, whose bytes go beside it."""
    return {name: getattr(rendered, name) for name in ("name", "mode", "format", "width", "height")}


def decode_file(message: Json, data: bytes, specs: Sequence[RenditionSpec]) -> RenderedFile:
    """Return a rendition; raise BadRecord for one that nobody ordered, or that is not of its format."""
    spec = next((spec for spec in specs if spec.name == message.get("name")), None)
    name = _read(message, "format", str)
    if spec is None or name not in (*spec.formats, TRANSPARENT):
        raise BadRecord("Nobody ordered this rendition.")
    width, height = _read(message, "width", int), _read(message, "height", int)
    if not (0 < width <= spec.width and 0 < height <= spec.height):
        raise BadRecord("The rendition is larger than it was ordered.")
    if len(data) > width * height * _BYTES_PER_PIXEL + _MAX_OVERHEAD or not get_output(name).magic.match(data):
        raise BadRecord("The rendition is not of its format.")
    return RenderedFile(spec.name, spec.mode, name, width, height, data)


def encode_look(look: Look) -> dict[str, Any]:
    """Return a look as JSON, without the JPEG for the labeler, which goes beside it."""
    metadata = {each.name: getattr(look.metadata, each.name) for each in fields(Metadata)}
    words = {each.name: getattr(look.metadata.fields, each.name) for each in fields(MetadataFields)}
    taken_at, until = look.metadata.taken_at, look.metadata.fields.rights_until
    return {
        "metadata": {
            **metadata,
            "taken_at": taken_at.isoformat() if taken_at else None,
            "fields": {**words, "rights_until": until.isoformat() if until else None},
            "notes": [[note.code, dict(note.params)] for note in look.metadata.notes],
        },
        "placeholder": look.placeholder,
        "fingerprint": look.fingerprint,
        "colors": look.colors,
        "has_label_jpeg": look.label_jpeg is not None,
    }


def decode_look(message: Json, data: bytes) -> Look:
    """Return a look; raise BadRecord for one that no picture has."""
    colors = _read_texts(message, "colors")
    if not set(colors) <= {*NAMES, MONOCHROME}:
        raise BadRecord("There is no such color.")
    return Look(
        _decode_metadata(_read(message, "metadata", dict)),
        _read_text(message, "placeholder"),
        _read_text(message, "fingerprint"),
        colors,
        data if _read(message, "has_label_jpeg", bool) else None,
    )


def encode_error(error: Rejected) -> dict[str, Any]:
    """Return a refusal as JSON."""
    return {"code": error.code, "params": error.params, "step": error.step}


def decode_error(message: Json) -> Rejected:
    """Return a refusal; raise BadRecord for one without a sentence."""
    code, params = _check_note(message.get("code"), message.get("params"))
    step = _read(message, "step", str)
    if step not in STEPS:
        raise BadRecord("There is no such step.")
    return _try(lambda: Rejected(code, step=step, **params))


def decode_seconds(message: Json) -> dict[str, float]:
    """Return how long each step took; raise BadRecord for other steps."""
    seconds = _read(message, "seconds", dict)
    numbers = [value for value in seconds.values() if isinstance(value, int | float) and 0 <= value <= _MAX_SECONDS]
    if not set(seconds) <= set(STEPS) or len(numbers) < len(seconds):
        raise BadRecord("These are no seconds of steps.")
    return seconds


def _decode_metadata(values: Json) -> Metadata:
    taken_at = values.get("taken_at")
    known = find_format(_read_text(values, "format"))
    if known is None or _read_text(values, "content_type") != known.content_type:
        raise BadRecord("There is no such format.")
    numbers = {name: _read(values, name, int) for name in ("width", "height", "bytes")}
    texts = {name: _read_text(values, name) for name in ("sha256", "camera")}
    degrees = {name: _read_degrees(values, name) for name in ("latitude", "longitude")}
    flags = {name: _read(values, name, bool) for name in ("taken_day_only", "content_credentials")}
    rest: dict[str, Any] = {**numbers, **texts, **degrees, **flags}
    return Metadata(
        format=known.name,
        content_type=known.content_type,
        taken_at=None if taken_at is None else _try(lambda: datetime.fromisoformat(taken_at)),
        fields=_decode_fields(_read(values, "fields", dict)),
        notes=tuple(_decode_note(note) for note in _read_list(values, "notes")),
        **rest,
    )


def _decode_fields(values: Json) -> MetadataFields:
    until = values.get("rights_until")
    lists: dict[str, Any] = {name: _read_texts(values, name) for name in ("keywords", "creators")}
    names = [each.name for each in fields(MetadataFields) if each.name not in (*lists, "rights_until")]
    texts: dict[str, Any] = {name: _read_text(values, name) for name in names}
    return MetadataFields(
        **texts, **lists, rights_until=None if until is None else _try(lambda: date.fromisoformat(until))
    )


def _decode_note(value: Any) -> Note:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRecord("This is no note.")
    code, params = _check_note(*value)
    return _try(lambda: Note(code, params))


def _check_note(code: Any, params: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(code, str) or code not in SENTENCES or not isinstance(params, dict) or _TAKEN & set(params):
        raise BadRecord("There is no such note.")
    for value in params.values():
        if not isinstance(value, int | float) and not (isinstance(value, str) and len(value) <= _MAX_TEXT):
            raise BadRecord("A note has only texts and numbers.")
    return code, params


def _try(build: Callable[[], T]) -> T:
    try:
        return build()
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise BadRecord(str(error)) from error


def _read(values: Json, name: str, kind: type[T]) -> T:
    value = values.get(name)
    # True is an int, and no width.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRecord(f"{name} is no {kind.__name__}.")
    return value


def _read_text(values: Json, name: str) -> str:
    text = _read(values, name, str)
    if len(text) > _MAX_TEXT or not is_storable(text):
        raise BadRecord(f"{name} cannot be stored.")
    return text


def _read_list(values: Json, name: str) -> list[Any]:
    items: list[Any] = _read(values, name, list)
    if len(items) > _MAX_ITEMS:
        raise BadRecord(f"{name} has too many items.")
    return items


def _read_texts(values: Json, name: str) -> tuple[str, ...]:
    return tuple(_read_text({name: item}, name) for item in _read_list(values, name))


def _read_degrees(values: Json, name: str) -> float | None:
    value = values.get(name)
    if value is not None and (not isinstance(value, float | int) or not -180 <= value <= 180):
        raise BadRecord(f"{name} is no degree.")
    return value
