"""Erasing, inserting and deleting within lines and the screen, with and without protection."""

from __future__ import annotations

from typing import Any

from kernel.term.blocks import BlockDrawing
from kernel.term.rows import PLAIN, STUB, Row, blank_row, delete_cells, heal, insert_cells, new_row
from kernel.term.sgr import Attributes
from kernel.term.state import DEC_PROTECTION, ISO_PROTECTION

_BLANKS = " " + STUB


class Editing(BlockDrawing):
    """ED, EL, ECH, ICH, DCH, DECSED, DECSEL, DECALN, DECSCA."""

    def erase_cells(self, y: int, start: int, end: int, *, selective: bool = False) -> None:
        """Erase the cells ``start:end`` of line ``y``; protected ones stay where the protection applies."""
        if start >= end:
            return
        if self.protection == ISO_PROTECTION or (selective and self.protection == DEC_PROTECTION):
            self._erase_unprotected(y, start, end)
            return
        row = self.rows[y]
        blank = self.blank_attr
        size = end - start
        if start == 0:
            self._erase_beginning(y, row.text[:end])
        if size == self.columns:
            if self.marked:
                self.erase_marks(y, y + 1)
            self.rows[y] = blank_row(size, blank)
            return
        text, attrs, wrapped = row
        if not text.isascii():
            text = heal(text, start, end)
        self.rows[y] = new_row(
            (text[:start] + " " * size + text[end:], attrs[:start] + blank * size + attrs[end:], wrapped and end < self.columns)
        )

    def _erase_lines(self, first: int, end: int, *, selective: bool) -> None:
        """``erase_cells`` for the whole lines ``first:end``."""
        if self.protection or first >= end:
            for y in range(first, end):
                self.erase_cells(y, 0, self.columns, selective=selective)
            return
        self._erase_beginning(first, self.rows[first].text)
        for y in range(first, end) if self.marked else ():
            self.erase_marks(y, y + 1)
        text, attrs = " " * self.columns, self.blank_attr * self.columns
        self.rows[first:end] = [new_row((text, attrs, False)) for _ in range(first, end)]

    def _erase_beginning(self, y: int, text: str) -> None:
        """``text`` at the start of line ``y`` is erased: what comes there is no part of the line above.

        But for blanks in a line alone: zsh erases the one that it began a row with, and goes on with its line there.
        """
        if (y == 0 or self.rows[y - 1].wrapped) and text.strip(_BLANKS):
            self.end_line_above(y)

    def _erase_unprotected(self, y: int, start: int, end: int) -> None:
        """Erase the cells without protection. A wide character is protected where its left half is."""
        row = self.rows[y]
        protected = {attr for attr in set(row.attrs) if self.attributes[attr].protected}
        blank = self.blank_attr
        if row.text[start] == STUB and start > 0 and row.attrs[start - 1] in protected:
            start += 1
        if end < self.columns and row.text[end] == STUB and row.attrs[end - 1] in protected:
            end -= 1
        if row.text.isascii() and protected.issuperset(row.attrs[start:end]):
            self.rows[y] = row._replace(wrapped=row.wrapped and end < self.columns)
            return
        text = row.text if row.text.isascii() else heal(row.text, start, end)
        cells, attrs = list(text), list(row.attrs)
        if start == 0 and attrs[0] not in protected:
            self._erase_beginning(y, row.text[:end])
        kept = False
        for x in range(start, end):
            if cells[x] != STUB:
                kept = attrs[x] in protected
            if not kept:
                cells[x] = " "
                attrs[x] = blank
        self.rows[y] = Row("".join(cells), "".join(attrs), row.wrapped and end < self.columns)

    def erase_in_line(self, how: int = 0, *_: Any, private: bool = False, **__: Any) -> None:
        """EL, DECSEL (``private``): 0 to the right, 1 to the left, 2 the line.

        EL leaves a pending wrap, and nothing is to the right of it: the cursor is behind the last column then. Alacritty's recordings
        hold that. DECSEL ends it, as in xterm.
        """
        x, y = self.cursor.x, self.cursor.y
        if private and how < 3:
            self.wrap_pending = False
        if how == 0:
            if not self.wrap_pending:
                self.erase_cells(y, x, self.columns, selective=private)
        elif how in (1, 2):
            self.erase_cells(y, 0, x + 1 if how == 1 else self.columns, selective=private)

    def erase_in_display(self, how: int = 0, *_: Any, private: bool = False, **__: Any) -> None:
        """ED, DECSED (``private``): 0 below, 1 above, 2 the screen, 3 the history."""
        y = self.cursor.y
        spans = {0: (y + 1, self.lines), 1: (0, y), 2: (0, self.lines)}
        if how == 3:
            if not self.on_alternate:
                self.history.clear()
            return
        if how not in spans:
            return
        self.wrap_pending = False
        if self.rows_below and how != 1:
            self.erase_rows_below(selective=private)
        if self.marked and not private:
            self.erase_marks(y if how == 0 and self.cursor.x == 0 else spans[how][0], spans[how][1])
        if not private and (how > 0 or self.cursor.x == 0):
            self.end_line_above(y if how == 0 else 0)
        if how < 2:
            self.erase_in_line(how, private=private)
        self._erase_lines(*spans[how], selective=private)

    def selective_erase_in_line(self, how: int = 0, *_: int) -> None:
        """DECSEL."""
        if self.selective_erase:
            self.erase_in_line(how, private=True)

    def selective_erase_in_display(self, how: int = 0, *_: int) -> None:
        """DECSED."""
        if self.selective_erase:
            self.erase_in_display(how, private=True)

    def erase_characters(self, count: int | None = None, *_: int) -> None:
        """ECH: at the cursor, which stays."""
        x = self.cursor.x
        self.erase_cells(self.cursor.y, x, min(x + (count or 1), self.columns))
        self.wrap_pending = False

    def insert_characters(self, count: int | None = None, *_: int) -> None:
        """ICH: blanks at the cursor, up to the right margin."""
        x, y = self.cursor.x, self.cursor.y
        if not self.left <= x <= self.right:
            return
        size = min(count or 1, self.right + 1 - x)
        self.rows[y] = insert_cells(self.rows[y], x, " " * size, self.blank_attr * size, self.right + 1)
        self.wrap_pending = False

    def delete_characters(self, count: int | None = None, *_: int) -> None:
        """DCH: cells up to the right margin move left."""
        x, y = self.cursor.x, self.cursor.y
        if not self.left <= x <= self.right:
            return
        self.rows[y] = delete_cells(self.rows[y], x, count or 1, self.right + 1, self.blank_attr)
        self.wrap_pending = False

    def alignment_display(self) -> None:
        """DECALN: the screen full of E, margins reset, cursor home. Of the pen's attributes the colours and the protection stay."""
        self.reset_margins()
        self.modes.set_private(6, False)
        self.refresh_fast()
        self.erase_marks(0, self.lines)
        self.forget_rows_below()
        self.end_line_above(0)
        self.rows[:] = [Row("E" * self.columns, PLAIN * self.columns)] * self.lines
        pen = self.attributes[self.pen]
        self.set_pen(
            Attributes(pen.fg, pen.bg, ul_color=pen.ul_color, link=pen.link, link_id=pen.link_id, protected=pen.protected, drawn=pen.drawn)
        )
        self.move_to(0, 0)

    def select_protection(self, how: int = 0, *_: int) -> None:
        """DECSCA: 1 protects what is drawn from now on, 0 and 2 do not."""
        self.protection = DEC_PROTECTION
        if how == 2 and not self.was_reset_softly and self.attributes[self.pen].protected:
            self.selective_erase = False
        self.set_pen(self.attributes[self.pen]._replace(protected=how == 1))

    def protect_pen(self, how: int = 0, *_: int) -> None:
        """A private sequence of snapshots: what is drawn from now on is protected (1) or not, and what erasing spares stays the same.

        DECRSPS does so too.
        """
        self.set_pen(self.attributes[self.pen]._replace(protected=how == 1))

    def start_protected_area(self) -> None:
        """SPA."""
        self.protection = ISO_PROTECTION
        self.set_pen(self.attributes[self.pen]._replace(protected=True))

    def end_protected_area(self) -> None:
        """EPA."""
        self.set_pen(self.attributes[self.pen]._replace(protected=False))
