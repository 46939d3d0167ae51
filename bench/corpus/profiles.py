"""ICC profiles for colors that a file describes by other means; ICC.1:2001-04, version 2."""

import struct
from collections.abc import Sequence

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Chromaticity = tuple[float, float]

D65: Chromaticity = (0.3127, 0.329)
SRGB_PRIMARIES: tuple[Chromaticity, ...] = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
# Adobe RGB (1998) Color Image Encoding, section 4.3.
ADOBE_PRIMARIES: tuple[Chromaticity, ...] = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256
# ITU-T H.273, table 2.
CICP_PRIMARIES: dict[int, tuple[Chromaticity, ...]] = {
    1: SRGB_PRIMARIES,
    # Not specified.
    2: SRGB_PRIMARIES,
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
# The profile connection space is under D50.
D50 = (0.9642, 1.0, 0.8249)
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def build_rgb_profile(primaries: Sequence[Chromaticity], white: Chromaticity, curve: Sequence[float]) -> bytes:
    """Return a profile of RGB with these primaries.

    Args:
        primaries: Of red, green and blue, as x and y.
        white: As x and y.
        curve: From the stored value to light, at equal distances from 0 to 1.
    """
    columns = _adapt_to_d50(_find_columns(primaries, white), _from_xy(white))
    points = struct.pack(f">{len(curve)}H", *(round(65535 * min(max(point, 0.0), 1.0)) for point in curve))
    stored_curve = _pad(b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + points)
    tags = [(b"wtpt", _encode_xyz(D50))]
    tags += [(name + b"XYZ", _encode_xyz(column)) for name, column in zip((b"r", b"g", b"b"), columns, strict=True)]
    tags += [(name + b"TRC", stored_curve) for name in (b"r", b"g", b"b")]
    tags.append((b"desc", _pad(b"desc\0\0\0\0" + struct.pack(">I", 1) + b"\0" * 79)))
    tags.append((b"cprt", _pad(b"text\0\0\0\0\0")))
    return _assemble(tags)


def sample_gamma(gamma: float) -> list[float]:
    """Return the curve of a power."""
    return [(point / 1023) ** gamma for point in range(1024)]


def sample_srgb() -> list[float]:
    """Return the curve of IEC 61966-2-1."""
    values = [point / 1023 for point in range(1024)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def _assemble(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    place = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data
    head = struct.pack(">I4xI4s4s4s", place + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp")
    return head.ljust(68, b"\0") + _encode_numbers(D50) + b"\0" * 48 + table + body


def _find_columns(primaries: Sequence[Chromaticity], white: Chromaticity) -> list[tuple[float, ...]]:
    """Return XYZ of each primary at full strength, so that all three make the white."""
    lights = [_from_xy(primary) for primary in primaries]
    rows: Matrix = tuple(zip(*lights, strict=True))  # type: ignore[assignment]
    strengths = _solve(rows, _from_xy(white))
    return [tuple(part * strength for part in light) for light, strength in zip(lights, strengths, strict=True)]


def _adapt_to_d50(columns: Sequence[tuple[float, ...]], white: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Return colors under D50 in place of their own white; ICC.1:2010, annex E."""
    gains = [new / old for new, old in zip(_multiply(BRADFORD, D50), _multiply(BRADFORD, white), strict=True)]
    cones = [_multiply(BRADFORD, column) for column in columns]
    adapted = [tuple(part * gain for part, gain in zip(cone, gains, strict=True)) for cone in cones]
    return [_solve(BRADFORD, cone) for cone in adapted]


def _from_xy(chromaticity: Chromaticity) -> tuple[float, ...]:
    x, y = chromaticity
    return x / y, 1.0, (1 - x - y) / y


def _multiply(matrix: Matrix, vector: Sequence[float]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _solve(matrix: Matrix, result: Sequence[float]) -> tuple[float, ...]:
    """Return the vector that the matrix turns into `result`, by Cramer's rule."""
    columns = list(zip(*matrix, strict=True))
    whole = _determinant(columns)
    return tuple(_determinant([*columns[:place], tuple(result), *columns[place + 1 :]]) / whole for place in range(3))


def _determinant(columns: Sequence[tuple[float, ...]]) -> float:
    (a, d, g), (b, e, h), (c, f, i) = columns
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _encode_xyz(color: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _encode_numbers(color)


def _encode_numbers(numbers: Sequence[float]) -> bytes:
    return struct.pack(">3i", *(round(65536 * number) for number in numbers))


def _pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
