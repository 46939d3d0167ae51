"""Bytes altered as transfers, disks and attackers alter them. The same chance alters the same way."""

import random
from collections.abc import Callable, Sequence

# What lengths and numbers in headers are set to.
_EDGES = (0, 1, 2, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1)
_STEP_COUNTS = (1, 1, 1, 2, 3, 6)
_MOST_COPIES = 200


def mutate(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Return bytes altered in one step or some; `others` are files of which parts are put in."""
    altered = bytearray(data)
    for _step in range(chance.choice(_STEP_COUNTS)):
        if altered:
            chance.choice(_STEPS)(altered, chance, others)
    return bytes(altered)


def _flip_bit(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set_byte(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    data[_pick_place(data, chance)] = chance.choice((0, 255, 127, 128, chance.randrange(256)))


def _set_number(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    """Set what may be a length, a size or an offset."""
    place, width = _pick_place(data, chance), chance.choice((2, 4))
    value = chance.choice(_EDGES) % 256**width
    data[place : place + width] = value.to_bytes(width, chance.choice(("big", "little")))


def _cut_off(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    del data[chance.randrange(len(data)) :]


def _remove_part(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    start = _pick_place(data, chance)
    del data[start : start + chance.randint(1, 64)]


def _repeat_part(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    start = _pick_place(data, chance)
    part = data[start : start + chance.randint(1, 200)]
    data[start:start] = part * chance.choice((1, 2, _MOST_COPIES))


def _fill_part(data: bytearray, chance: random.Random, _others: Sequence[bytes]) -> None:
    start, length = _pick_place(data, chance), chance.randint(1, 64)
    data[start : start + length] = bytes([chance.choice((0, 255))]) * length


def _splice(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    """Go on with another file from some place on, or put a part of it in."""
    other = chance.choice(others)
    start, source = chance.randrange(len(data)), chance.randrange(len(other))
    if chance.random() < 0.5:
        data[start:] = other[source:]
    else:
        data[start:start] = other[source : source + chance.randint(1, 400)]


def _pick_place(data: bytearray, chance: random.Random) -> int:
    """Return a place, half of the time in the first bytes, where the header is."""
    return chance.randrange(min(len(data), 200) if chance.random() < 0.5 else len(data))


_Step = Callable[[bytearray, random.Random, Sequence[bytes]], None]
_STEPS: tuple[_Step, ...] = (
    *(_flip_bit, _set_byte, _set_byte, _set_number, _set_number, _cut_off),
    *(_remove_part, _repeat_part, _fill_part, _splice),
)
