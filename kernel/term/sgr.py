"""Cell attributes and Select Graphic Rendition: what ``CSI ... m`` makes of them, and how they are reported.

A colour is one integer: ``DEFAULT`` (-1); 0..15 for the sixteen named colours, which a theme may brighten when bold;
256 + n for an exact palette entry (``38;5;n``); ``RGB_FLAG | 0xRRGGBB`` for a direct colour. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

DEFAULT = -1
INDEXED_FLAG = 0x100
RGB_FLAG = 0x1000000

_MAX_PARAMETERS = 64


class Attributes(NamedTuple):
    """Everything about a cell except its text. ``ul_style``: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.

    ``drawn`` is false for a cell that was erased and never written; ``protected`` is set by DECSCA.
    """

    fg: int = DEFAULT
    bg: int = DEFAULT
    bold: bool = False
    dim: bool = False
    italics: bool = False
    ul_style: int = 0
    blink: bool = False
    reverse: bool = False
    hidden: bool = False
    strikethrough: bool = False
    overline: bool = False
    ul_color: int = DEFAULT
    link: str = ""
    link_id: str = ""
    protected: bool = False
    drawn: bool = False


_SIMPLE: dict[int, dict[str, int | bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italics": True},
    4: {"ul_style": 1},
    5: {"blink": True},
    6: {"blink": True},
    7: {"reverse": True},
    8: {"hidden": True},
    9: {"strikethrough": True},
    22: {"bold": False, "dim": False},
    23: {"italics": False},
    24: {"ul_style": 0},
    25: {"blink": False},
    27: {"reverse": False},
    28: {"hidden": False},
    29: {"strikethrough": False},
    39: {"fg": DEFAULT},
    49: {"bg": DEFAULT},
    53: {"overline": True},
    55: {"overline": False},
    59: {"ul_color": DEFAULT},
    **{30 + n: {"fg": n} for n in range(8)},
    **{40 + n: {"bg": n} for n in range(8)},
    **{90 + n: {"fg": 8 + n} for n in range(8)},
    **{100 + n: {"bg": 8 + n} for n in range(8)},
}
_EXTENDED = {38: "fg", 48: "bg", 58: "ul_color"}


def rgb(red: int, green: int, blue: int) -> int:
    """A direct colour of three components 0..255; larger ones are clamped."""
    return RGB_FLAG | min(red, 255) << 16 | min(green, 255) << 8 | min(blue, 255)


def apply_sgr(attributes: Attributes, params: str) -> Attributes:
    """Return ``attributes`` after SGR with ``params``, as in ``1;38:2::1:2:3``; unknown parts are ignored."""
    parts = params.split(";")[:_MAX_PARAMETERS]
    changes: dict[str, int | bool | str] = {}
    index = 0
    while index < len(parts):
        part = parts[index]
        index += 1
        if ":" in part:
            _apply_subparameters(changes, part.split(":"))
            continue
        code = _number(part)
        if code == 0:
            changes = {**Attributes(link=attributes.link, link_id=attributes.link_id)._asdict()}
            changes["protected"] = attributes.protected
            changes["drawn"] = attributes.drawn
        elif code == 21:
            # Double underline, which does not replace a curly, dotted or dashed one.
            if int(changes.get("ul_style", attributes.ul_style)) < 3:
                changes["ul_style"] = 2
        elif code in _EXTENDED:
            index = _apply_legacy_colour(changes, _EXTENDED[code], parts, index)
        else:
            changes.update(_SIMPLE.get(code, {}))
    # The keys are field names by construction, and a generic mapping cannot say so to the type checker.
    return attributes._replace(**changes) if changes else attributes  # type: ignore[arg-type]  # see above


def _number(text: str) -> int:
    return int(text.lstrip("0")[:9] or 0) if text.isdecimal() and text.isascii() else 0


def _apply_legacy_colour(changes: dict[str, int | bool | str], field: str, parts: list[str], index: int) -> int:
    """Read ``5;n`` or ``2;r;g;b`` at ``index`` and return the index behind it."""
    kind = parts[index] if index < len(parts) else ""
    if kind == "5":
        if index + 1 < len(parts) and (number := _number(parts[index + 1])) < 256:
            changes[field] = INDEXED_FLAG + number
        return index + 2
    if kind == "2":
        values = [_number(part) for part in parts[index + 1 : index + 4]]
        if len(values) == 3 and max(values) < 256:
            changes[field] = rgb(*values)
        return index + 4
    if ":" in kind:
        return index
    return index + 1


def _apply_subparameters(changes: dict[str, int | bool | str], parts: list[str]) -> None:
    code = _number(parts[0])
    if code == 4:
        style = _number(parts[1])
        if style <= 5:
            changes["ul_style"] = style
    elif code in _EXTENDED:
        kind, values = _number(parts[1]), parts[2:]
        if kind == 5 and values and _number(values[0]) < 256:
            changes[_EXTENDED[code]] = INDEXED_FLAG + _number(values[0])
        elif kind == 2 and len(values) >= 3:
            # With four or more values the first one names a colour space.
            numbers = [_number(value) for value in (values[1:4] if len(values) > 3 else values)]
            if max(numbers) < 256:
                changes[_EXTENDED[code]] = rgb(*numbers)


_FLAGS: tuple[tuple[str, Callable[[Attributes], bool]], ...] = (
    ("1", lambda a: a.bold),
    ("4", lambda a: a.ul_style == 1),
    ("5", lambda a: a.blink),
    ("7", lambda a: a.reverse),
    ("8", lambda a: a.hidden),
    ("2", lambda a: a.dim),
    ("3", lambda a: a.italics),
    ("9", lambda a: a.strikethrough),
    ("21", lambda a: a.ul_style == 2),
    ("53", lambda a: a.overline),
)


def sgr_report(attributes: Attributes, *, exact: bool = True) -> str:
    """Return the SGR parameters that lead from a reset to ``attributes``.

    Not ``exact``: as DECRQSS reports them, where the first palette entries are the named colours.
    """
    parts = ["0", *(code for code, is_set in _FLAGS if is_set(attributes))]
    if attributes.ul_style > 2:
        parts.append(f"4:{attributes.ul_style}")
    for base, colour in ((30, attributes.fg), (40, attributes.bg)):
        if not exact and INDEXED_FLAG <= colour < INDEXED_FLAG + 16:
            colour -= INDEXED_FLAG
        if colour >= INDEXED_FLAG or colour == DEFAULT:
            parts.extend(_extended_report(base + 8, colour))
        else:
            parts.append(str(base + colour if colour < 8 else base + 52 + colour))
    parts.extend(_extended_report(58, attributes.ul_color))
    return ";".join(parts)


def _extended_report(code: int, colour: int) -> list[str]:
    if colour == DEFAULT:
        return []
    if colour >= RGB_FLAG:
        return [f"{code}:2::{colour >> 16 & 255}:{colour >> 8 & 255}:{colour & 255}"]
    return [f"{code}:5:{colour & 255}"]
