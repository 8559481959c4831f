"""Selecting with the mouse: by cell, word, line or block, dragging past an edge, and extending. Called by `pointer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor

from aether_desktop.widgets.terminal.highlights import Kind
from kernel.term import Terminal
from kernel.term.history import History
from kernel.term.reflow import drawn_length
from kernel.term.rows import Row
from kernel.term.selection import Position, SelectionKind, Span, reach, spans, text

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

AUTOSCROLL_MS = 40
CLICK_KINDS = (SelectionKind.CHARACTER, SelectionKind.WORD, SelectionKind.LINE)


class Selection(NamedTuple):
    """What is selected; both ends are part of it."""

    kind: SelectionKind
    anchor: Position
    head: Position


class _Known(NamedTuple):
    """The selected cells of a row when they were selected.

    drawn: how many cells of the row were up to their end. joined: the next row's are copied right behind them.
    """

    row: Row
    span: Span
    drawn: int
    joined: bool

    @classmethod
    def of(cls, row: Row, span: Span, terminal: Terminal, *, last: bool) -> _Known:
        return cls(row, span, min(span.end, drawn_length(row, terminal.attributes)), row.wrapped and not last)

    def is_of(self, now: Row, terminal: Terminal, *, last: bool) -> bool:
        """Whether a row that is there now has the same text in them."""
        if now is self.row:
            return True
        _, start, end = self.span
        known = _Known.of(now, self.span, terminal, last=last)
        return now.text[start:end] == self.row.text[start:end] and known[2:] == self[2:]


class Selecting(QObject):
    """The selection of one view and the drag that changes it."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        view.highlights.add(lambda: self._reach and (self._selection, self._reach), self._highlights)
        self._selection: Selection | None = None
        #: Its first and last cell: words and lines reach as far as they wrap, which may be far.
        self._reach: tuple[Position, Position] | None = None
        self._pending: Selection | None = None
        #: Where the last press was that began a selection, until nothing is to be selected from there.
        self._pressed: Position | None = None
        #: Those that can still change, by absolute line.
        self._known: dict[int, _Known] = {}
        self._numbering = 0
        self._speed = 0
        self._timer = QTimer(self)
        self._timer.setInterval(AUTOSCROLL_MS)
        self._timer.timeout.connect(self._autoscroll)

    @property
    def selection(self) -> Selection | None:
        """What is selected now."""
        return self._selection

    @property
    def dragging(self) -> bool:
        """Whether the mouse button is held in a selection."""
        return self._pending is not None

    def begin(self, at: Position, *, clicks: int, block: bool) -> None:
        """A press: clicks 1 to 3 choose cell, word or line."""
        self._follow(self._view.terminal)
        kind = SelectionKind.BLOCK if block else CLICK_KINDS[(clicks - 1) % len(CLICK_KINDS)]
        self._pending = Selection(kind, at, at)
        self._pressed = at
        # One click selects nothing until the pointer moves; two and three select what is under it.
        self.select(self._pending if clicks > 1 else None)

    def extend(self, at: Position, *, from_click: bool) -> None:
        """A press with Shift: up to here, from where the selection began.

        from_click: where nothing is selected, from the last click.
        """
        self._follow(self._view.terminal)
        if self._selection is not None:
            self._pending = self._selection
        elif from_click and self._pressed is not None:
            self._pending = Selection(SelectionKind.CHARACTER, self._pressed, self._pressed)
        else:
            self.begin(at, clicks=1, block=False)
        self.drag(at, past=0)

    def drag(self, at: Position, *, past: int) -> None:
        """The pointer moved. past: how many lines above (positive) or below (negative) the view it is."""
        self._follow(self._view.terminal)
        if self._pending is None:
            return
        self._speed = max(-10, min(10, past))
        if not self._speed:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
        if at != self._pending.head or self._selection is not None:
            self._pending = self._pending._replace(head=at)
            self.select(self._pending)

    def finish(self) -> None:
        """The button is up."""
        self._pending = None
        self._timer.stop()

    def select(self, selection: Selection | None) -> None:
        """Select this, or nothing."""
        self._follow(self._view.terminal)
        if selection != self._selection:
            terminal = self._view.terminal
            self._selection = selection
            self._reach = reach(terminal, *selection) if selection is not None else None
            self._known = self._known_on_screen(terminal)
            self._view.refresh_soon()

    def check(self, terminal: Terminal) -> None:
        """Select nothing any more where a program has written over what was selected: a copy would be of another text."""
        self._follow(terminal)
        if self._reach is not None and self._reach[1].line < terminal.history_dropped:
            self.clear()  # all of it is gone
            return
        for line, known in self._known.items():
            now = terminal.absolute_row(line)
            if now is not None and not known.is_of(now, terminal, last=self._is_last(line)):
                self.clear()
                return

    def _is_last(self, line: int) -> bool:
        """Whether what is selected on a line is copied without what is on the next."""
        block = self._selection is not None and self._selection.kind is SelectionKind.BLOCK
        return block or self._reach is None or line >= self._reach[1].line

    def _known_on_screen(self, terminal: Terminal) -> dict[int, _Known]:
        first = terminal.history_dropped + len(terminal.history)
        rows = ((span, terminal.absolute_row(span.line)) for span in self.spans(terminal, first, first + terminal.lines - 1))
        return {span.line: _Known.of(row, span, terminal, last=self._is_last(span.line)) for span, row in rows if row is not None}

    def clear(self) -> None:
        """Select nothing, and end a drag."""
        self.finish()
        self._pressed = None
        self.select(None)

    def text(self, terminal: Terminal) -> str:
        """The selected text."""
        self._follow(terminal)
        if self._selection is None or self._reach is None:
            return ""
        kind, anchor, head = self._selection
        return text(terminal, kind, anchor, head) if kind is SelectionKind.BLOCK else text(terminal, SelectionKind.CHARACTER, *self._reach)

    def spans(self, terminal: Terminal, first: int, last: int) -> list[Span]:
        """The selected cells on the absolute lines first..last."""
        if self._selection is None or self._reach is None:
            return []
        start, end = self._reach
        if end.line < first or start.line > last:
            return []
        kind, anchor, head = self._selection
        if kind is SelectionKind.BLOCK:
            anchor = anchor._replace(line=max(first, min(last, anchor.line)))
            head = head._replace(line=max(first, min(last, head.line)))
            return spans(terminal, kind, anchor, head)
        start = start if start.line >= first else Position(first, 0)
        end = end if end.line <= last else Position(last, terminal.columns - 1)
        return spans(terminal, SelectionKind.CHARACTER, start, end)

    def _highlights(self, first: int, last: int) -> list[tuple[Kind, Span]]:
        return [(Kind.SELECTED, span) for span in self.spans(self._view.terminal, first, last)]

    def _follow(self, terminal: Terminal) -> None:
        """Where lines have other numbers than before, go with them; select nothing where others have come in between."""
        before, history = self._numbering, terminal.history
        if history.numbering == before:
            return
        self._numbering = history.numbering
        selection, pending = _moved(self._selection, history, before), _moved(self._pending, history, before)
        if (selection is None, pending is None) != (self._selection is None, self._pending is None):
            self.clear()
            return
        self._selection, self._pending = selection, pending
        if selection is not None and self._reach is not None:
            start, end = (history.line_now(position.line, before) for position in self._reach)
            if start is None or end is None:
                self.clear()
                return
            self._reach = self._reach[0]._replace(line=start), self._reach[1]._replace(line=end)
        if self._pressed is not None:
            line = history.line_now(self._pressed.line, before)
            self._pressed = self._pressed._replace(line=line) if line is not None else None
        numbered = ((history.line_now(line, before), known) for line, known in self._known.items())
        self._known = {line: known for line, known in numbered if line is not None}

    def _autoscroll(self) -> None:
        self._follow(self._view.terminal)
        if self._pending is None or not self._speed:
            self._timer.stop()
            return
        self._view.scroll_by(self._speed)
        if not self.dragging:
            return  # a program had written over what was selected
        head = self._view.grid.position_at(self._view.mapFromGlobal(QCursor.pos()))
        self._pending = self._pending._replace(head=head)
        self.select(self._pending)


def _moved(selection: Selection | None, history: History, numbering: int) -> Selection | None:
    """A selection made at `numbering` with the numbers of now; None where it is not the same lines any more."""
    if selection is None:
        return None
    anchor = history.line_now(selection.anchor.line, numbering)
    head = history.line_now(selection.head.line, numbering)
    if anchor is None or head is None or head - anchor != selection.head.line - selection.anchor.line:
        return None
    return selection._replace(anchor=selection.anchor._replace(line=anchor), head=selection.head._replace(line=head))
