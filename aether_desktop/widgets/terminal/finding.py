"""Finding text in one view: the bar, the search behind it, the highlights, and the way from match to match.

New output is searched as it comes, from where the last search left off. Made by `parts`.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.single_shot import single_shot
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.find_bar import FindBar
from aether_desktop.widgets.terminal.highlights import Kind
from aether_desktop.widgets.terminal.history_bar import SCROLLBAR_PX
from aether_desktop.widgets.terminal.search_client import MOST_MATCHES, Found, SearchClient
from aether_desktop.widgets.terminal.search_text import Place, SearchText
from kernel.term.search import Match
from kernel.term.selection import Span

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

MARGIN_PX = 8
WIDTH_PX = 430
TYPING_PAUSE_MS = 60
#: New output is searched this long after the last search.
FOLLOW_MS = 300
CURRENT_EDGE_PX = 2


class Finding(QObject):
    """For one view."""

    searched = Signal()
    """Matches, or what is wrong with the pattern, are known."""
    opened = Signal()
    """The bar shows and has the keyboard."""
    question_wanted = Signal()
    """Whoever types in the bar wants to answer a question."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self._bar: FindBar | None = None
        self._switches = (False, False)
        self._text = SearchText()
        self._client = SearchClient(self)
        self._client.found.connect(self._on_found)
        #: In the order of the text; see `cells_of`.
        self.matches: list[Place] = []
        self.current: Place | None = None
        #: The index of the line from which on matches are looked for anew.
        self._from = 0
        #: Whether there are no more matches than those known, towards older and towards newer lines; and the lines that were searched.
        self._whole = (True, True)
        self._searched = (0, -1)
        self._everything = True
        #: What to do when a search that was begun to go on is over.
        self._then: Callable[[], None] | None = None
        self._fresh = True
        self._stale = False
        #: Of the matches, the current one and their cells.
        self._version = 0
        self._typing = single_shot(self, TYPING_PAUSE_MS, self._begin)
        self._follow = single_shot(self, FOLLOW_MS, self._continue)
        self._scrolled = single_shot(self, TYPING_PAUSE_MS, self._continue)
        view.highlights.add(lambda: self._version if self.matches else None, self._highlights)
        view.overlays.append(self._paint)
        view.session_changed.connect(self._on_session)
        view.fitting.fitted.connect(self._begin_anew)
        view.rows_shown.connect(self._on_rows_shown)
        view.installEventFilter(self)
        self._session: QObject | None = None
        view.commands.add(
            Command("find", "Find…", self.open, ("Ctrl+Shift+F", *(() if view.interactive else ("Ctrl+F",))), "find"),
            Command("find-next", "Find Next", self.next, ("Ctrl+Shift+G",), enabled=self._is_open),
        )

    @property
    def bar(self) -> FindBar | None:
        """The bar, while it is open."""
        return self._bar

    def open(self) -> None:
        """Show the bar, with what is selected in it and the switches of the last time."""
        if self._bar is None:
            self._bar = bar = FindBar(self._view)
            bar.case.setChecked(self._switches[0])
            bar.regex.setChecked(self._switches[1])
            bar.query_changed.connect(lambda: self._typing.start())
            bar.next_wanted.connect(self.next)
            bar.previous_wanted.connect(self.previous)
            bar.closed.connect(self.close)
            bar.resized.connect(self._place)
            bar.question_wanted.connect(self.question_wanted)
            selected = self._view.selecting.text(self._view.terminal)
            if selected and "\n" not in selected:
                bar.field.setText(selected)
            self._place()
            bar.show()
            bar.raise_()
        self._bar.field.setFocus()
        self._bar.field.selectAll()
        self.opened.emit()

    def close(self) -> None:
        """Hide bar and highlights, and give the keyboard back."""
        if self._bar is None:
            return
        bar, self._bar = self._bar, None
        self._switches = (bar.case.isChecked(), bar.regex.isChecked())
        bar.hide()
        bar.deleteLater()
        self._typing.stop()
        self._follow.stop()
        self._scrolled.stop()
        self._client.cancel()
        self._text.forget()
        self._forget_matches()
        self._view.setFocus()

    def next(self) -> None:
        """Go to the next newer match; after the newest comes the oldest."""
        self._go(1)

    def previous(self) -> None:
        """Go to the next older match; before the oldest comes the newest."""
        self._go(-1)

    def cells_of(self, place: Place) -> Match | None:
        """The cells of a match; None where they are not known before the next search."""
        return self._text.cells(self._view.terminal, place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        return False

    # --- private

    def _is_open(self) -> bool:
        return self._bar is not None

    def _place(self) -> None:
        if self._bar is None:
            return
        width = max(60, min(WIDTH_PX, self._view.width() - 2 * MARGIN_PX - SCROLLBAR_PX))
        left = self._view.width() - width - MARGIN_PX - SCROLLBAR_PX
        layout = self._bar.layout()
        tall = layout.totalHeightForWidth(width) if layout is not None and layout.hasHeightForWidth() else -1
        height = tall if tall > 0 else self._bar.sizeHint().height()
        at_top = QRect(max(0, left), MARGIN_PX, width, height)
        below = self._view.height() - height - MARGIN_PX
        current = self.cells_of(self.current) if self.current is not None else None
        covers = current is not None and any(
            self._view.grid.rect(span).toRect().intersects(at_top)
            for span in spans_of(current, self._view.terminal.columns, *self._view.grid.shown())
        )
        self._bar.setGeometry(at_top.translated(0, max(0, below - MARGIN_PX)) if covers else at_top)

    def _on_session(self) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._on_output)  # type: ignore[attr-defined] # a TerminalSession
        self._session = session = self._view.session
        if session is not None:
            session.changed.connect(self._on_output)
        self._begin_anew()

    def _on_output(self) -> None:
        if self._bar is None or not self._bar.field.text():
            return
        if self._client.busy:
            self._stale = True
        elif not self._follow.isActive():
            self._follow.start()

    def _begin_anew(self) -> None:
        """Lines have other numbers, or are others."""
        self._text.forget()
        if self._bar is not None:
            self._begin()

    def _on_rows_shown(self) -> None:
        """Where not all matches are known, those of what shows are."""
        if self._bar is None or all(self._whole) or self._client.busy:
            return
        first, last = self._view.grid.shown()
        if (self._whole[0] or first >= self._searched[0]) and (self._whole[1] or last <= self._searched[1]):
            return
        waits = self._follow if self._view.viewport.following else self._scrolled
        if not waits.isActive():
            waits.start()

    def _begin(self) -> None:
        self._forget_matches()
        self._fresh = True
        self._search(everything=True)

    def _continue(self) -> None:
        if self._client.busy:
            # What runs may be the search of all lines, of which nothing is known yet.
            self._stale = True
            return
        self._search(everything=not all(self._whole))

    def _search(self, *, everything: bool, near: int | None = None, then: Callable[[], None] | None = None) -> None:
        """Search all lines or the new ones, nearest to what shows first.

        near: to this absolute line instead. then: called when the matches are known.
        """
        bar = self._bar
        if bar is None:
            return
        self._stale = False
        self._then = then
        self._everything = everything
        text = bar.field.text()
        if not text:
            self._client.cancel()
            bar.show_status("")
            self._forget_matches()
            self.searched.emit()
            return
        first = self._text.update(self._view.terminal)
        self._version += 1
        if everything:
            first = 0
        self._from = first
        pattern = text if bar.regex.isChecked() else re.escape(text)
        if self._fresh:
            bar.show_status("Searching…")
        shown = self._view.grid.shown() if near is None else (near, near)
        around = (self._text.index_of(shown[0]), self._text.index_of(shown[1]))
        lines = self._text.texts[first:]
        self._client.search(pattern, lines, ignore_case=not bar.case.isChecked(), near=around, first=first)

    def _index_of_row(self, line: int) -> int:
        """How many matches begin above an absolute line."""
        return bisect_left(self.matches, self._text.place_of_row(self._view.terminal, line))

    def _on_found(self, found: Found) -> None:
        bar = self._bar
        if bar is None:
            return
        kept = self._index_of_row(self._text.first_line(self._from) or 0) if self._from else 0
        self.matches[kept:] = self._text.places(found.matches)
        del self.matches[: self._index_of_row(self._view.terminal.history_dropped)]
        whole = self._note_searched(found)
        if not self._everything and not (whole and len(self.matches) <= MOST_MATCHES):
            # There are too many now: those around what shows are wanted.
            self._search(everything=True)
            return
        then, self._then = self._then, None
        if self._fresh:
            self._fresh = bool(found.error)
            self._choose_first()
        elif self.current is not None:
            at = bisect_left(self.matches, self.current)
            self.current = self.current if self.matches[at : at + 1] == [self.current] else None
        if then is not None:
            then()
        self._show_status(found)
        self._show_matches()
        self.searched.emit()
        if self._stale:
            self._follow.start()
        self._on_rows_shown()

    def _note_searched(self, found: Found) -> bool:
        """Whether all lines that were to be searched were."""
        low, high = found.searched
        end = len(self._text.texts) - 1
        if found.error:
            self._whole = (True, True)
        elif self._everything:
            self._whole = (low <= 0, high >= end)
            self._searched = (self._text.first_line(low) or 0, self._text.last_line(high) or 0)
        return high >= end and low <= self._from

    def _choose_first(self) -> None:
        """The newest match that shows; else the nearest."""
        if not self.matches:
            self.current = None
            return
        first, last = self._view.grid.shown()
        below = self._index_of_row(last + 1)

        def distance(place: Place) -> int:
            match = self.cells_of(place)
            return max(first - match.end_line, match.line - last, 0) if match is not None else sys.maxsize

        self._make_current(min(self.matches[max(0, below - 1) : below + 1], key=distance))

    def _go(self, step: int, *, again: bool = True) -> None:
        """again: search on where not all matches are known."""
        if not self.matches:
            return
        if self.current is None:
            # What shows comes first: from its top on, or from its end back.
            first, last = self._view.grid.shown()
            index = self._index_of_row(first) if step > 0 else self._index_of_row(last + 1) - 1
        else:
            index = bisect_left(self.matches, self.current) + step
        ahead, behind = self._whole if step < 0 else reversed(self._whole)
        if 0 <= index < len(self.matches) or (ahead and behind):
            self._make_current(self.matches[index % len(self.matches)])
        elif again and ahead:
            self._search_from_end(step)
        elif again:
            line = self._searched[0] - 1 if step < 0 else self._searched[1] + 1
            self._search(everything=True, near=line, then=lambda: self._go(step, again=False))
        self._show_status(Found())

    def _search_from_end(self, step: int) -> None:
        """Behind the newest match comes the oldest, and the other way round."""
        index = 0 if step > 0 else -1
        line = self._text.first_line(0 if step > 0 else len(self._text.texts) - 1)

        def choose() -> None:
            if self.matches:
                self._make_current(self.matches[index])

        self._search(everything=True, near=line, then=choose)

    def _make_current(self, place: Place) -> None:
        self.current = place
        self._show_matches()
        if (match := self.cells_of(place)) is not None:
            self._view.reveal(match.line)
        self._place()

    def _show_status(self, found: Found) -> None:
        if self._bar is None:
            return
        if found.error:
            self._bar.show_status(found.error, wrong=True)
        elif not self.matches:
            self._bar.show_status("No matches")
        elif not all(self._whole):
            self._bar.show_status(f"{MOST_MATCHES:,}+")
        else:
            at = f"{bisect_left(self.matches, self.current) + 1:,}" if self.current is not None else "–"
            self._bar.show_status(f"{at} of {len(self.matches):,}")

    def _forget_matches(self) -> None:
        self.matches = []
        self.current = None
        self._whole = (True, True)
        self._show_matches()

    def _show_matches(self) -> None:
        self._version += 1
        self._view.refresh_soon()
        self._view.update()  # the edge of the current one is not a part of the picture

    def _highlights(self, first: int, last: int) -> list[tuple[Kind, Span]]:
        if self._bar is None or not self.matches:
            return []
        view = self._view
        # The last match that begins above may reach into view.
        start = max(0, self._index_of_row(first) - 1)
        columns, places = view.terminal.columns, self.matches[start : self._index_of_row(last + 1)]
        found: list[tuple[Kind, Span]] = []
        for place, match in zip(places, self._text.cells_of_each(view.terminal, places), strict=True):
            if match is not None:
                kind = Kind.CURRENT_MATCH if place == self.current else Kind.MATCH
                found += [(kind, span) for span in spans_of(match, columns, first, last)]
        return found

    def _paint(self, painter: QPainter) -> None:
        """The edge of the current match; its cells are in the picture."""
        match = self.cells_of(self.current) if self._bar is not None and self.current is not None else None
        if match is None:
            return
        view = self._view
        painter.setPen(QPen(QColor(tokens_of(view).attention_fill), CURRENT_EDGE_PX))
        for span in spans_of(match, view.terminal.columns, *view.grid.shown()):
            painter.drawRect(view.grid.rect(span))


def spans_of(match: Match, columns: int, first: int, last: int) -> list[Span]:
    """The cells of a match, line by line, on the absolute lines first..last."""
    line, column, end_line, end_column = match
    if line == end_line:
        return [Span(line, column, end_column)] if first <= line <= last else []
    return [
        Span(at, column if at == line else 0, end_column if at == end_line else columns)
        for at in range(max(first, line), min(last, end_line) + 1)
    ]
