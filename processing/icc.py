"""Writes small ICC profiles for colors that a file tells without one: primaries, a white point and a transfer function.

Sources: ICC.1:2001-04 (version 2); ITU-T H.273, tables 2 and 3; IEC 61966-2-1 (sRGB); SMPTE ST 2084 (PQ); ITU-R BT.2100
(HLG) and BT.2408 (the white of pictures at 203 cd/m²); Adobe RGB (1998) Color Image Encoding.
"""

import struct
from collections.abc import Callable, Sequence

Point = tuple[float, float]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
# White, red, green and blue, each x and y.
Chromaticities = tuple[Point, Point, Point, Point]
Curve = Callable[[float], float]

D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
SRGB = (D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_RGB = (D65, (0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
ADOBE_GAMMA = 563 / 256
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_POINTS = 1024
# What is lighter than white: from this linear value on it is pressed together, up to the peak of a display.
_KNEE = 0.8
_PEAK = 1000 / 203


def decode_srgb(value: float) -> float:
    """Return the light of an sRGB sample, both from 0 to 1."""
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def decode_pq(value: float) -> float:
    """Return the light of a PQ sample, with highlights pressed into the range from 0 to 1."""
    power = value ** (1 / 78.84375)
    light = (max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    return _press(light * 10_000 / 203)


def decode_hlg(value: float) -> float:
    """Return the light of an HLG sample on a display of 1,000 cd/m², with highlights pressed into 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value**2 / 3 if value <= 0.5 else (2.718281828459045 ** ((value - c) / a) + b) / 12
    return _press(float(scene**1.2) * _PEAK)


def _press(light: float) -> float:
    if light <= _KNEE:
        return light
    # A hyperbola that leaves the line smoothly and reaches 1 at the peak.
    room, over = 1 - _KNEE, min(light, _PEAK) - _KNEE
    bend = 1 / room - 1 / (_PEAK - _KNEE)
    return _KNEE + over / (1 + over * bend)


CURVES: dict[int, Curve] = {
    # Browsers show BT.709, BT.601 and BT.2020 by sRGB's function (Chromium, ui/gfx/color_space.cc).
    **dict.fromkeys((1, 6, 11, 13, 14, 15), decode_srgb),
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    8: lambda value: value,
    16: decode_pq,
    17: lambda value: min(52.37 / 48 * value**2.6, 1.0),
    18: decode_hlg,
}
HDR_TRANSFERS = (16, 18)


def build_rgb_profile(chromaticities: Chromaticities, curve: Curve) -> bytes:
    """Return a display profile.

    Raise ValueError, OverflowError or ZeroDivisionError for primaries that make no color space.
    """
    matrix = _multiply(_adapt_white(chromaticities[0]), _find_matrix(chromaticities))
    sampled = _write_curve(curve)
    tags = [(b"wtpt", _write_xyz(_D50))]
    for number, letter in enumerate((b"r", b"g", b"b")):
        column = (matrix[0][number], matrix[1][number], matrix[2][number])
        tags += [(letter + b"XYZ", _write_xyz(column)), (letter + b"TRC", sampled)]
    return _write_profile(tags)


def _write_profile(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    tags = [(b"desc", _write_text(b"desc", b"MediaHub")), (b"cprt", _write_text(b"text", b"CC0")), *tags]
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = struct.pack(">I4xI4s4s4s", start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _write_numbers(_D50)
    return head.ljust(128, b"\0") + table + body


def _write_text(kind: bytes, text: bytes) -> bytes:
    if kind == b"text":
        return b"text\0\0\0\0" + text + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(8 + 3 + 67)


def _write_numbers(values: Sequence[float]) -> bytes:
    numbers = [round(value * 65536) for value in values]
    if not all(-(2**31) <= number < 2**31 for number in numbers):
        raise ValueError("A profile has no numbers that large.")
    return struct.pack(f">{len(values)}i", *numbers)


def _write_xyz(values: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + _write_numbers(values)


def _write_curve(curve: Curve) -> bytes:
    samples = [round(min(max(curve(point / (_POINTS - 1)), 0.0), 1.0) * 65535) for point in range(_POINTS)]
    return b"curv\0\0\0\0" + struct.pack(f">I{_POINTS}H", _POINTS, *samples)


def _find_matrix(chromaticities: Chromaticities) -> Matrix:
    """Return what turns linear RGB into XYZ; white is (1, 1, 1)."""
    white, *colors = (_find_xyz(*point) for point in chromaticities)
    columns: Matrix = tuple(zip(*colors, strict=True))  # type: ignore[assignment]
    scales = _apply(_invert(columns), white)
    return tuple(tuple(value * scale for value, scale in zip(row, scales, strict=True)) for row in columns)  # type: ignore[return-value]


def _adapt_white(white: Point) -> Matrix:
    """Return Bradford's adaptation from a white point to D50."""
    source, target = _apply(_BRADFORD, _find_xyz(*white)), _apply(_BRADFORD, _D50)
    cones: Matrix = tuple(  # type: ignore[assignment]
        tuple(target[row] / source[row] * value for value in _BRADFORD[row]) for row in range(3)
    )
    return _multiply(_invert(_BRADFORD), cones)


def _find_xyz(x: float, y: float) -> Vector:
    return x / y, 1.0, (1 - x - y) / y


def _apply(matrix: Matrix, vector: Sequence[float]) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)  # type: ignore[return-value]


def _multiply(first: Matrix, second: Matrix) -> Matrix:
    columns = [_apply(first, column) for column in zip(*second, strict=True)]
    return tuple(zip(*columns, strict=True))  # type: ignore[return-value]


def _invert(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple(tuple(value / determinant for value in row) for row in rows)  # type: ignore[return-value]
