"""Device-independent colours of X11 (``rgbi:``, ``CIEXYZ:``, ``CIEuvY:``, ``CIExyY:``) as 8-bit red, green and blue.

A terminal program may name a colour in them (OSC 4, 10, ...); X11 converts with the response of a typical monitor, and
so does this, that answers agree. Colours outside of what a screen can show are clamped. Pure; called by ``palette``.
"""

from __future__ import annotations

#: Output level (two hexadecimal digits) of each primary at the intensities (k / 128) squared, measured.
_RED = bytes.fromhex(
    "0009090a0a0f13171a1d202326292c2e313336383b3d40424447494b4d4f515456585a5c5e60626466686a6c6e7072747678"
    "7a7b7d7f81838587888a8c8e9091939597999a9c9ea0a1a3a5a7a8aaacaeafb1b3b4b6b8babbbdbfc0c2c4c5c7c9cacccecf"
    "d1d3d4d6d8d9dbdddee0e2e3e5e6e8eaebedeff0f2f4f5f7f8fafcfdff"
)
_GREEN = bytes.fromhex(
    "0013131415171a1c1f212426292b2d2f323436383b3d3f41434547494b4d4f51535557595b5d5e60626466686a6b6d6f7173"
    "7476787a7b7d7f8183848688898b8d8f9092949697999b9d9ea0a2a3a5a7a9aaacaeafb1b3b5b6b8babcbdbfc1c3c4c6c8ca"
    "cbcdcfd1d2d4d6d8d9dbdddfe1e3e4e6e8eaeceef0f1f3f5f7f9fbfdff"
)
_BLUE = bytes.fromhex(
    "000e0e0e0f1015181b1f212427292c2f313336383a3c3f41434547494b4d4f51535557595b5d5f61636566686a6c6e707173"
    "7577797a7c7e8081838587888a8c8e8f91939596989a9c9d9fa1a2a4a6a8a9abadaeb0b2b4b5b7b9bbbcbec0c1c3c5c7c8ca"
    "cccecfd1d3d5d6d8dadcdedfe1e3e5e7e8eaeceef0f2f4f5f7f9fbfdff"
)
_STEPS = 128
_FROM_XYZ = (
    (3.48340481253539, -1.5217637492728519, -0.5592313335404978),
    (-1.071527513061936, 1.9659379520437242, 0.03673691339553462),
    (0.06351179790497788, -0.2002050100049648, 0.8107094203164822),
)


def _from_intensities(red: float, green: float, blue: float, bias: float) -> list[int]:
    """8-bit components of linear intensities 0..1; ``bias`` 0 cuts fractions off, 0.5 rounds."""
    return [int(_level(table, value) + bias) for table, value in zip((_RED, _GREEN, _BLUE), (red, green, blue), strict=True)]


def _level(table: bytes, intensity: float) -> float:
    """Interpolate in ``table``."""
    intensity = max(0.0, min(1.0, intensity))
    step = min(int(intensity**0.5 * _STEPS), _STEPS - 1)
    low, high = (step / _STEPS) ** 2, ((step + 1) / _STEPS) ** 2
    return table[step] + (table[step + 1] - table[step]) * (intensity - low) / (high - low)


def from_space(space: str, first: float, second: float, third: float) -> list[int] | None:
    """8-bit components of a colour in the X11 colour space ``space`` (lower case); None when it is not supported."""
    if space == "rgbi":
        return _from_intensities(first, second, third, 0.0)
    if space == "ciexyz":
        xyz = (first, second, third)
    elif space == "ciexyy" and second > 0:
        xyz = (third * first / second, third, third * (1 - first - second) / second)
    elif space == "cieuvy" and second > 0:
        scale = third / (4 * second)
        xyz = (9 * first * scale, third, (12 - 3 * first - 20 * second) * scale)
    else:
        return None
    linear = [sum(factor * part for factor, part in zip(row, xyz, strict=True)) for row in _FROM_XYZ]
    return _from_intensities(linear[0], linear[1], linear[2], 0.5)
