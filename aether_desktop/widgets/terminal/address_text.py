"""An address that a person judges by its host: broken at the width there is, the host whole and standing out.

What is too long for the room is left out of what is around the host; of a host that alone is too long the end stays, because that is
who it belongs to. Shown by `ask_bar`; `fitted` and `lines_of` are pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import TYPE
from kernel.term.width import cluster_width

LEFT_OUT = "…"
#: Where there is less room, how much is left out is not said.
_ROOM_FOR_COUNT = 40
_WIDEST_ROOM_PX = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """What is before the host, the host in ASCII, and what is behind it."""

    before: str = ""
    host: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a line. column: of the first one, in cells. host: whether they are the host's."""

    text: str
    column: int
    host: bool


def cells_of(text: str) -> int:
    """How many cells a text takes: two for each wide character, one for any other, marks among them."""
    return len(text) if text.isascii() else sum(map(cluster_width, text))


def fitted(address: Address, columns: int, rows: int) -> Address:
    """What can be shown in so many rows (at least one) of so many cells."""
    columns, rows = max(2, columns), max(1, rows)
    rest = address.before + address.after
    # A wide character that does not fit leaves the last cell of its row empty.
    room = rows * (columns if rest.isascii() else columns - 1)
    left = room - len(address.host)
    if left < 0:
        most = rows * columns
        return Address(host=address.host if len(address.host) <= most else LEFT_OUT + address.host[1 - most :])
    if cells_of(rest) <= left:
        return address
    after = cells_of(address.after)
    before = _shortened(address.before, max(left - after, left // 2))
    return Address(before, address.host, _shortened(address.after, left - cells_of(before)))


def lines_of(address: Address, columns: int) -> list[list[Piece]]:
    """An address in lines of at most so many cells, each in pieces."""
    columns = max(2, columns)
    marked = [(char, part == 1) for part, text in enumerate((address.before, address.host, address.after)) for char in text]
    lines: list[list[Piece]] = [[]]
    column = 0
    for char, host in marked:
        width = cluster_width(char)
        if column + width > columns:
            lines.append([])
            column = 0
        line = lines[-1]
        # Others than ASCII have a piece of their own: what follows stands where it should, whatever the font makes of them.
        if line and line[-1].host == host and char.isascii() and line[-1].text.isascii():
            line[-1] = Piece(line[-1].text + char, line[-1].column, host)
        else:
            line.append(Piece(char, column, host))
        column += width
    return lines


class AddressText(QWidget):
    """Paints one address. most_rows: how many rows it may have."""

    def __init__(self, address: Address, most_rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._address = address
        self._most_rows = most_rows
        self._font, self._bold = mono_font(TYPE.label), mono_font(TYPE.label, bold=True)
        metrics = QFontMetricsF(self._font), QFontMetricsF(self._bold)
        self._cell = max(metric.horizontalAdvance("M") for metric in metrics)
        self._line = max(metric.lineSpacing() for metric in metrics)
        self.setAccessibleName(address.before + address.host + address.after)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_most_rows(self, rows: int) -> None:
        """Have at most so many rows from now on."""
        if rows != self._most_rows:
            self._most_rows = rows
            self.updateGeometry()
            self.update()

    def rows_of_host(self, width_px: int) -> int:
        """How many rows the host needs to be whole."""
        return -(-max(1, len(self._address.host)) // self._columns(width_px))

    def shown(self, width_px: int) -> list[list[Piece]]:
        """The lines at a width."""
        columns = self._columns(width_px)
        return lines_of(fitted(self._address, columns, self._most_rows), columns)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the taller."""
        return True

    def heightForWidth(self, width_px: int) -> int:
        """Room for all lines."""
        return int(self._line * len(self.shown(width_px)) + 1)

    def sizeHint(self) -> QSize:
        """All of it in one line."""
        wanted = self._cell * cells_of(self._address.before + self._address.host + self._address.after) + 1
        return QSize(int(min(_WIDEST_ROOM_PX, wanted)), int(self._line + 1))

    def minimumSizeHint(self) -> QSize:
        """It breaks anywhere."""
        return QSize(int(self._cell * 8), int(self._line + 1))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The host as text is, what is around it paler."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        for number, line in enumerate(self.shown(self.width())):
            top = number * self._line
            # What is around the host must not reach into another line.
            painter.setClipRect(QRectF(0, top, self.width(), self._line))
            for piece in line:
                painter.setFont(self._bold if piece.host else self._font)
                painter.setPen(QColor(tokens.text1 if piece.host else tokens.text3))
                area = QRectF(piece.column * self._cell, top, self.width(), self._line)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), piece.text)

    def _columns(self, width_px: int) -> int:
        return max(2, int(width_px / self._cell))


def _shortened(text: str, cells: int) -> str:
    """Its beginning and its end."""
    if cells_of(text) <= cells:
        return text
    if cells <= len(LEFT_OUT):
        return LEFT_OUT[: max(0, cells)]
    counted = cells >= _ROOM_FOR_COUNT
    # The count has room for as many digits as there can be.
    room = cells - len(_mark(len(text)) if counted else LEFT_OUT)
    start, end = _fitting(text, room - room // 3), _fitting(reversed(text), room // 3)[::-1]
    return start + (_mark(len(text) - len(start) - len(end)) if counted else LEFT_OUT) + end


def _mark(count: int) -> str:
    """What stands for so many characters."""
    return f"{LEFT_OUT} {count:,} characters {LEFT_OUT}"


def _fitting(text: Iterable[str], cells: int) -> str:
    """The first characters of a text that fit."""
    taken: list[str] = []
    for char in text:
        cells -= cluster_width(char)
        if cells < 0:
            break
        taken.append(char)
    return "".join(taken)
