"""X11's device-independent colours as 8-bit red, green and blue: RGBi, CIEXYZ, CIEuvY, CIExyY, CIELab, CIELuv, TekHVC.

A terminal program may name a colour in them (OSC 4, 10, ...). X11 converts with the response of a typical monitor, and takes a
colour that no screen can show to the strongest one of its hue and lightness; so does this, that answers agree. Pure; called by
``palette``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

#: Intensity, in millionths and measured, at which each primary reaches its first level and every fifth one from there to 255.
_RED = (
    936, 1481, 2329, 3529, 5127, 7169, 9699, 12759, 16392, 20637, 25533, 31119, 37431, 44504, 52373, 61069, 70624, 81070, 92433,
    104744, 118026, 132307, 147610, 163958, 181371, 199871, 219475, 240202, 262069, 285089, 309278, 334647, 361208, 388971, 417945,
    448138, 479555, 512202, 546082, 581199, 617552, 655144, 693971, 734031, 775322, 817837, 861571, 906515, 952662, 1000000,
)  # fmt: skip
_GREEN = (
    832, 1998, 3612, 5736, 8428, 11745, 15740, 20463, 25960, 32275, 39449, 47519, 56520, 66484, 77439, 89409, 102418, 116485, 131625,
    147853, 165176, 183604, 203140, 223783, 245533, 268384, 292327, 317351, 343441, 370580, 398747, 427919, 458068, 489165, 521176,
    554067, 587797, 622324, 657604, 693588, 730225, 767459, 805235, 843491, 882164, 921187, 960490, 1000000,
)  # fmt: skip
_BLUE = (
    1341, 2080, 3188, 4729, 6766, 9357, 12559, 16424, 21004, 26344, 32489, 39481, 47357, 56154, 65903, 76634, 88373, 101145, 114968,
    129862, 145841, 162915, 181095, 200386, 220791, 242309, 264937, 288670, 313499, 339410, 366390, 394421, 423481, 453547, 484592,
    516587, 549498, 583291, 617925, 653361, 689553, 726454, 764013, 802178, 840891, 880093, 919723, 959715, 1000000,
)  # fmt: skip
_STEP = 5
_FROM_XYZ = (
    (3.48340481253539, -1.5217637492728519, -0.5592313335404978),
    (-1.071527513061936, 1.9659379520437242, 0.03673691339553462),
    (0.06351179790497788, -0.2002050100049648, 0.8107094203164822),
)
_TO_XYZ = (
    (0.3810614910871479, 0.3202571236535211, 0.248345785259331),
    (0.2072974511514085, 0.6805463877637324, 0.1121561610848592),
    (0.02133944350088028, 0.1429719302024648, 1.24172892629665500),
)
#: How far a colour may be outside of what the monitor shows before it is replaced.
_TOLERANCE = 0.001
#: How far a number may be outside of its range.
_SLACK = 0.00001
#: The hue that counts as 0, and what makes a chroma a number of a handy size, in TekHVC.
_BEST_RED = (0.7127, 0.4931)
_CHROMA_SCALE = 7.50725
#: Below it lightness is proportional to luminance.
_DARK = 7.99953624
#: Where the search for the strongest colour of a hue begins.
_START = (40.0, 120.0)
_BISECTIONS = 100

_Triple = tuple[float, float, float]


class Chroma(NamedTuple):
    """TekHVC: hue in degrees, lightness 0..100, chroma."""

    hue: float
    value: float
    chroma: float


def from_space(space: str, first: float, second: float, third: float) -> list[int] | None:
    """8-bit components of a colour in the X11 colour space ``space`` (lower case); None when there is no such colour."""
    if space == "rgbi":
        return _components((first, second, third))
    convert = _CONVERTERS.get(space)
    if convert is None or not all(abs(number) < 1e9 for number in (first, second, third)):
        return None
    xyz = convert(first, second, third)
    if xyz is None or not -_SLACK <= xyz[1] <= 1 + _SLACK:
        return None
    linear = _product(_FROM_XYZ, xyz)
    if min(linear) < -_TOLERANCE or max(linear) > 1 + _TOLERANCE:
        linear = _product(_FROM_XYZ, _xyz_of_chroma(*_strongest(_chroma_of_xyz(xyz))) or (0.0, 0.0, 0.0))
    return _components(linear)


def _product(matrix: tuple[_Triple, _Triple, _Triple], vector: _Triple) -> _Triple:
    x, y, z = vector
    first, second, third = (row[0] * x + row[1] * y + row[2] * z for row in matrix)
    return first, second, third


def _uv(xyz: _Triple) -> tuple[float, float]:
    """Chromaticity; that of white for black."""
    x, y, z = xyz
    total = x + 15 * y + 3 * z
    return (4 * x / total, 9 * y / total) if total else _WHITE_UV


_WHITE = _product(_TO_XYZ, (1.0, 1.0, 1.0))
_WHITE_UV = (
    4 * _WHITE[0] / (_WHITE[0] + 15 * _WHITE[1] + 3 * _WHITE[2]),
    9 * _WHITE[1] / (_WHITE[0] + 15 * _WHITE[1] + 3 * _WHITE[2]),
)
_HUE_OFFSET = math.degrees(math.atan((_BEST_RED[1] - _WHITE_UV[1]) / (_BEST_RED[0] - _WHITE_UV[0])))

# --- intensities


def _components(linear: _Triple) -> list[int]:
    """8-bit components of linear intensities 0..1."""
    return [_level(table, value) for table, value in zip((_RED, _GREEN, _BLUE), linear, strict=True)]


def _level(table: tuple[int, ...], intensity: float) -> int:
    """The level 0..255 that is nearest to an intensity; the first one that a tube shows at all is well above 0."""
    if not intensity > 0:
        return 0
    if intensity >= 1:
        return 255
    first = 255 - _STEP * (len(table) - 1)
    millionths = intensity * 1e6
    at = next(index for index, entry in enumerate(table) if entry > millionths)
    if at == 0:
        exact = first - 1 + millionths / table[0]
    else:
        exact = first + _STEP * (at - 1 + (millionths - table[at - 1]) / (table[at] - table[at - 1]))
    return (int(exact * 257) + 128) // 257


# --- spaces; each gives CIEXYZ, or None for numbers that make no colour


def _xyz_of_xyz(x: float, y: float, z: float) -> _Triple | None:
    return x, y, z


def _xyz_of_uvy(u: float, v: float, y: float) -> _Triple | None:
    divisor = 6 * u - 16 * v + 12
    if divisor == 0:
        u, v = _WHITE_UV
        divisor = 6 * u - 16 * v + 12
    across, up = 9 * u / divisor, 4 * v / divisor
    rest = 1 - across - up
    return (across, y, rest) if up == 0 else (across * y / up, y, rest * y / up)


def _xyz_of_xyy(x: float, y: float, luminance: float) -> _Triple | None:
    if not all(-_SLACK <= number <= 1 + _SLACK for number in (x, y, luminance)):
        return None
    up = y or _SLACK
    return x * luminance / up, luminance, (1 - x - y) * luminance / up


def _luminance(lightness: float) -> float:
    return lightness / 903.29 if lightness < _DARK else ((lightness + 16) / 116) ** 3


def _xyz_of_lab(lightness: float, a: float, b: float) -> _Triple | None:
    """X11's scale of ``a`` and ``b`` is a hundredth of the usual one, and its dark greys are too light."""
    if not -_SLACK <= lightness <= 100 + _SLACK:
        return None
    root = (lightness + 16) / 116
    if root**3 < 0.008856:
        grey = lightness / 9.03292
        return _WHITE[0] * (a / 3893.5 + grey), grey, _WHITE[2] * (grey - b / 1557.4)
    return _WHITE[0] * (root + a / 5) ** 3, root**3, _WHITE[2] * (root - b / 2) ** 3


def _xyz_of_luv(lightness: float, u: float, v: float) -> _Triple | None:
    if not -_SLACK <= lightness <= 100 + _SLACK:
        return None
    if lightness == 0:
        return _xyz_of_uvy(*_WHITE_UV, 0.0)
    scale = 13 * lightness / 100
    return _xyz_of_uvy(u / scale + _WHITE_UV[0], v / scale + _WHITE_UV[1], _luminance(lightness))


def _xyz_of_chroma(hue: float, value: float, chroma: float) -> _Triple | None:
    if not (-_SLACK <= value <= 100 + _SLACK and chroma >= -_SLACK):
        return None
    if value <= 0 or value >= 100:
        return _xyz_of_uvy(*_WHITE_UV, 1.0 if value >= 100 else 0.0)
    angle = math.radians((hue + _HUE_OFFSET) % 360)
    distance = chroma / (value * _CHROMA_SCALE)
    return _xyz_of_uvy(
        math.cos(angle) * distance + _WHITE_UV[0], math.sin(angle) * distance + _WHITE_UV[1], _luminance(value)
    )


_CONVERTERS: dict[str, Callable[[float, float, float], _Triple | None]] = {
    "ciexyz": _xyz_of_xyz,
    "cieuvy": _xyz_of_uvy,
    "ciexyy": _xyz_of_xyy,
    "cielab": _xyz_of_lab,
    "cieluv": _xyz_of_luv,
    "tekhvc": _xyz_of_chroma,
}

# --- what no screen can show


def _chroma_of_xyz(xyz: _Triple) -> Chroma:
    u, v = (part - white for part, white in zip(_uv(xyz), _WHITE_UV, strict=True))
    luminance = xyz[1]
    value = 903.29 * luminance if luminance < 0.008856 else 116 * math.cbrt(luminance) - 16
    hue = math.degrees(math.atan2(v, u)) - _HUE_OFFSET if u or v else 0.0
    return Chroma(hue % 360, value, value * _CHROMA_SCALE * math.hypot(u, v))


def _strongest(colour: Chroma) -> Chroma:
    """The colour with the most chroma among those of the same hue and lightness that a screen can show."""
    hue, value = colour.hue, min(max(colour.value, 0.0), 100.0)
    linear = _product(_FROM_XYZ, _xyz_of_chroma(hue, *_START) or _WHITE)
    least = min(linear)
    most = max(part - least for part in linear)
    red, green, blue = ((part - least) / most for part in linear)
    peak = _chroma_of_xyz(_product(_TO_XYZ, (red, green, blue)))
    if value <= peak.value:
        return Chroma(hue, value, value * peak.chroma / peak.value)
    low, high = 0.0, 1.0
    found = peak
    for _ in range(_BISECTIONS):
        white = (low + high) / 2
        mixed = (red * (1 - white) + white, green * (1 - white) + white, blue * (1 - white) + white)
        found = _chroma_of_xyz(_product(_TO_XYZ, mixed))
        if abs(found.value - value) <= _TOLERANCE:
            break
        low, high = (white, high) if found.value < value else (low, white)
    return found
