"""Keeps a terminal as large as its widget, without rewrapping the history at every step of a drag. Owned by `view`.

Rewrapping 10,000 lines costs tens of milliseconds, so while a window is dragged it is done at most every `PACE_MS` (less often
where it costs more), and once more at the end. Where a shell still draws its prompt for the size before, the session waits for that
(`kernel.term.size_steps`). What was painted before shows meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from aether_desktop.stores.terminals import TerminalSession
    from aether_desktop.widgets.terminal.view import TerminalView

PACE_MS = 60
#: Histories shorter than this rewrap within a frame.
SHORT_HISTORY = 300


class Fitting(QObject):
    """Sizes one view's terminal."""

    fitted = Signal()
    """The terminal has another size than before; its lines may have other numbers."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self._session: TerminalSession | None = None
        self._fitted_at = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._on_later)

    @property
    def waiting(self) -> bool:
        """Whether a change of size is put off."""
        return self._later.isActive()

    def follow(self, session: TerminalSession | None) -> None:
        """The view shows another terminal."""
        before, self._session = self._session, session
        if before is not None:
            before.resized.disconnect(self._on_resized)
            before.arrived.disconnect(self.tell_colours)
        if session is not None:
            session.resized.connect(self._on_resized)
            session.arrived.connect(self.tell_colours)
            self.fit()

    def fit(self) -> None:
        """Make the terminal as large as the widget now."""
        self._later.stop()
        if self._session is None:
            return
        self._session.resize(*self._view.grid.size(), tell=self._view.interactive)
        self.tell_colours()
        self._fitted_at = time.monotonic()

    def follow_drag(self) -> None:
        """The widget has another size and may get the next one soon."""
        view = self._view
        narrow = self._session is None or view.grid.size()[0] == view.terminal.columns
        cost_ms = self._session.size_cost_s * 1000 if self._session is not None else 0.0
        left_ms = max(PACE_MS, 2 * cost_ms) - (time.monotonic() - self._fitted_at) * 1000
        if narrow or left_ms <= 0 or len(view.terminal.history) < SHORT_HISTORY:
            self.fit()
        elif not self._later.isActive():
            self._later.start(max(1, round(left_ms)))

    def tell_colours(self) -> None:
        """So that programs that ask for colours and sizes are answered truthfully."""
        terminal, cell = self._view.terminal, self._view.grid.cell
        terminal.palette.defaults.update(self._view.scheme.defaults())
        terminal.screen.cell_width, terminal.screen.cell_height = cell.width, cell.height

    def _on_resized(self) -> None:
        """The terminal has another size, whichever view or program wished it."""
        self._view.selecting.clear()
        self.fitted.emit()

    def _on_later(self) -> None:
        self.fit()
        self._view.refresh()
