"""The last lines of a terminal, for a card: much less than a terminal, bounded, and never wrong enough to mislead.

Pure: bytes in, styled runs of text out. Understands text, line feed, carriage return, backspace, tab, colours, erasing and a
reset; everything else is skipped. A program that paints a whole screen shows its last lines as they came.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import deque
from typing import Final, NamedTuple

LINES_KEPT: Final = 12
COLUMNS_KEPT: Final = 160
_LONGEST_SEQUENCE: Final = 256
_TAB: Final = 8


class Style(NamedTuple):
    """How text looks. colour: a palette index 0..255, "#rrggbb", or None for the default."""

    colour: int | str | None = None
    bold: bool = False
    dim: bool = False


class Run(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style


Line = tuple[Run, ...]
_PLAIN: Final = Style()


class PreviewScreen:
    """Keeps the last lines of what was fed. ``version`` rises with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rows: deque[list[tuple[str, Style]]] = deque([[]], maxlen=LINES_KEPT)
        self._column = 0
        self._style = _PLAIN
        self._sequence = ""

    def feed(self, data: bytes) -> None:
        """Take more bytes; any bytes will do."""
        if not data:
            return
        self.version += 1
        for character in self._decoder.decode(data):
            if self._sequence:
                self._continue_sequence(character)
            elif character >= " " and character != "\x7f":
                self._put(character)
            else:
                self._control(character)

    def lines(self, count: int) -> tuple[Line, ...]:
        """The last ``count`` lines that are not empty at the end, oldest first."""
        rows = list(self._rows)
        while rows and not any(character != " " for character, _ in rows[-1]):
            rows.pop()
        return tuple(_runs(row) for row in rows[-count:])

    def _put(self, character: str) -> None:
        row = self._rows[-1]
        if unicodedata.combining(character) and row and 0 < self._column <= len(row):
            base, style = row[self._column - 1]
            if len(base) < 8:
                row[self._column - 1] = (base + character, style)
            return
        if self._column >= COLUMNS_KEPT:
            return
        while len(row) < self._column:
            row.append((" ", _PLAIN))
        if self._column < len(row):
            row[self._column] = (character, self._style)
        else:
            row.append((character, self._style))
        self._column += 1

    def _control(self, character: str) -> None:
        if character == "\n":
            self._rows.append([])
            self._column = 0
        elif character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(0, self._column - 1)
        elif character == "\t":
            self._column = min(COLUMNS_KEPT, (self._column // _TAB + 1) * _TAB)
        elif character == "\x1b":
            self._sequence = "\x1b"

    def _continue_sequence(self, character: str) -> None:
        sequence = self._sequence = self._sequence + character
        kind = sequence[1]
        if kind == "[":
            if len(sequence) > 2 and "@" <= character <= "~":
                self._sequence = ""
                self._csi(sequence[2:-1], character)
        elif kind in "]P_^X":
            if character == "\x07" or sequence.endswith("\x1b\\"):
                self._sequence = ""
        elif kind in "()*+#%":
            if len(sequence) > 2:
                self._sequence = ""
        else:
            self._sequence = ""
            if kind == "c":
                self._clear()
        if len(self._sequence) > _LONGEST_SEQUENCE:
            self._sequence = ""

    def _csi(self, parameters: str, final: str) -> None:
        if final == "m":
            self._style = _styled(self._style, parameters)
        elif final == "K":
            row = self._rows[-1]
            if parameters in ("", "0"):
                del row[self._column :]
            elif parameters in ("1", "2"):
                row[: self._column] = [(" ", _PLAIN)] * min(self._column, len(row))
                if parameters == "2":
                    row.clear()
        elif final == "J" and parameters in ("2", "3"):
            self._clear()
        elif final == "G":
            self._column = min(COLUMNS_KEPT, max(0, _number(parameters, 1) - 1))
        elif final == "C":
            self._column = min(COLUMNS_KEPT, self._column + _number(parameters, 1))
        elif final == "D":
            self._column = max(0, self._column - _number(parameters, 1))

    def _clear(self) -> None:
        self._rows.clear()
        self._rows.append([])
        self._column = 0


def _runs(row: list[tuple[str, Style]]) -> Line:
    runs: list[Run] = []
    text: list[str] = []
    style = _PLAIN
    for character, of in row:
        if of != style and text:
            runs.append(Run("".join(text), style))
            text = []
        style = of
        text.append(character)
    if text:
        runs.append(Run("".join(text), style))
    return tuple(runs)


def _styled(style: Style, parameters: str) -> Style:
    codes = [_number(part, 0) for part in parameters.replace(":", ";").split(";")][:32]
    position = 0
    while position < len(codes):
        code = codes[position]
        if code in (38, 48):
            colour, used = _extended(codes[position + 1 :])
            position += used
            if code == 38 and colour is not None:
                style = style._replace(colour=colour)
        else:
            style = _simple(style, code)
        position += 1
    return style


def _simple(style: Style, code: int) -> Style:
    if code == 0:
        return _PLAIN
    if code == 1:
        return style._replace(bold=True)
    if code == 2:
        return style._replace(dim=True)
    if code == 22:
        return style._replace(bold=False, dim=False)
    if code == 39:
        return style._replace(colour=None)
    if 30 <= code <= 37:
        return style._replace(colour=code - 30)
    if 90 <= code <= 97:
        return style._replace(colour=code - 82)
    return style


def _extended(codes: list[int]) -> tuple[int | str | None, int]:
    if len(codes) >= 2 and codes[0] == 5:
        return min(255, codes[1]), 2
    if len(codes) >= 4 and codes[0] == 2:
        red, green, blue = (min(255, value) for value in codes[1:4])
        return f"#{red:02x}{green:02x}{blue:02x}", 4
    return None, len(codes)


def _number(text: str, default: int) -> int:
    digits = text[:6]
    return int(digits) if digits.isascii() and digits.isdigit() else default
