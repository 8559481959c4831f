"""The colour integers of `kernel.term` as QColors: -1 default, 0..15 named, 256+n palette entry n, 0x1000000|rgb direct."""

from __future__ import annotations

from PySide6.QtGui import QColor

from aether_desktop.theme.tokens import TerminalColours

DIRECT = 0x1000000
EXACT = 256
_LEVELS = (0, 95, 135, 175, 215, 255)


def resolve(value: int, colours: TerminalColours, *, foreground: bool, bold: bool = False) -> QColor:
    """The colour of a cell's foreground or background."""
    if value < 0:
        return QColor(colours.foreground if foreground else colours.background)
    if value >= DIRECT:
        return QColor.fromRgb(value & 0xFFFFFF)
    if value < 16:
        return QColor(colours.ansi[value + 8 if bold and foreground and value < 8 else value])
    return _indexed(value - EXACT, colours)


def _indexed(index: int, colours: TerminalColours) -> QColor:
    if index < 16:
        return QColor(colours.ansi[max(0, index)])
    if index < 232:
        index -= 16
        return QColor(_LEVELS[index // 36], _LEVELS[index // 6 % 6], _LEVELS[index % 6])
    grey = 8 + 10 * (min(index, 255) - 232)
    return QColor(grey, grey, grey)
