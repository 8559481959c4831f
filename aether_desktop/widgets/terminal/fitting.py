"""Keeps a terminal as large as its widget, without rewrapping the history at every step of a drag. Owned by `view`.

Rewrapping 10,000 lines costs tens of milliseconds, so while a window is dragged it is done at most every `PACE_MS` (less often
where it costs more), and once more at the end; what was painted before shows meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
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
        self._fitted_at = 0.0
        self._cost_ms = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._on_later)

    @property
    def waiting(self) -> bool:
        """Whether a change of size is put off."""
        return self._later.isActive()

    def fit(self) -> None:
        """Make the terminal as large as the widget now."""
        self._later.stop()
        view = self._view
        if view.session is None:
            return
        columns, lines = view.grid.size()
        changes = (columns, lines) != (view.terminal.columns, view.terminal.lines)
        began = time.monotonic()
        if changes:
            view.selecting.clear()
        view.session.resize(columns, lines, tell=view.interactive)
        self.tell_colours()
        if changes:
            self.fitted.emit()
        self._fitted_at = time.monotonic()
        self._cost_ms = (self._fitted_at - began) * 1000

    def follow_drag(self) -> None:
        """The widget has another size and may get the next one soon."""
        view = self._view
        narrow = view.session is None or view.grid.size()[0] == view.terminal.columns
        left_ms = max(PACE_MS, 2 * self._cost_ms) - (time.monotonic() - self._fitted_at) * 1000
        if narrow or left_ms <= 0 or len(view.terminal.history) < SHORT_HISTORY:
            self.fit()
        elif not self._later.isActive():
            self._later.start(max(1, round(left_ms)))

    def tell_colours(self) -> None:
        """So that programs that ask for colours and sizes are answered truthfully."""
        terminal, cell = self._view.terminal, self._view.grid.cell
        terminal.palette.defaults.update(self._view.scheme.defaults())
        terminal.screen.cell_width, terminal.screen.cell_height = cell.width, cell.height

    def _on_later(self) -> None:
        self.fit()
        self._view.refresh()
