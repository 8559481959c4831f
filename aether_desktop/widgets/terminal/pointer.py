"""What mouse and wheel do in a terminal: reports to the program, selections, scrolling and zoom. Called by `view`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from aether_desktop.widgets.terminal.mouse_reports import LINES_A_NOTCH, MouseReports

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

#: How far apart two presses may be to count as one after another, and how many px past the edge scroll a line faster.
NEAR_PX = 6
FASTER_PX = 8


class Pointer:
    """Handles one view's events."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._reports = MouseReports()
        self._told: set[Qt.MouseButton] = set()
        self._clicks = 0
        self._pressed_at = QPoint()
        self._pressed_ms = 0

    def press(self, event: QMouseEvent) -> bool:
        """A report, or the beginning of a selection; False when it is neither."""
        if self.reported(event.modifiers()):
            self._told.add(event.button())
            self._report(event, release=False)
            return True
        if event.button() == Qt.MouseButton.MiddleButton:
            return self._view.parts.clipboard.paste_selection()
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        point = event.position().toPoint()
        again = event.type() == QEvent.Type.MouseButtonDblClick or self._clicked_again(event)
        self._clicks = self._clicks + 1 if again else 1
        self._pressed_at, self._pressed_ms = point, event.timestamp()
        at = self._view.grid.position_at(point)
        block = self._wants_block(event.modifiers())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._clicks == 1 and not block:
            # Shift is how a drag is begun where the program has the mouse: that one begins where it is pressed.
            self._view.selecting.extend(at, from_click=not self.reported(Qt.KeyboardModifier.NoModifier))
        else:
            self._view.selecting.begin(at, clicks=self._clicks, block=block)
        return True

    def move(self, event: QMouseEvent) -> None:
        """A longer selection, or a report."""
        view = self._view
        point = event.position().toPoint()
        if view.selecting.dragging:
            above, below = -point.y(), point.y() - view.height()
            past = above // FASTER_PX + 1 if above > 0 else -(below // FASTER_PX + 1) if below > 0 else 0
            view.selecting.drag(view.grid.position_at(point), past=past)
        elif self.reported(event.modifiers()):
            view.send(self._reports.move(event, view.terminal, view.grid.cell_at(point), view.grid.pixel_at(point)))

    def release(self, event: QMouseEvent) -> None:
        """The end of a selection, or a report."""
        if self._view.selecting.dragging:
            self._view.selecting.finish()
            self._view.parts.clipboard.offer_selection()
        elif event.button() in self._told:
            # Whoever heard of the press hears of the release, whichever keys are held by now; and nobody else does.
            self._told.discard(event.button())
            self._report(event, release=True)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; else the program's, or through the history."""
        view = self._view
        notches = self._reports.notches(event)
        event.accept()
        point = event.position().toPoint()
        if self.reported(event.modifiers()):
            cell, pixel = view.grid.cell_at(point), view.grid.pixel_at(point)
            view.send(self._reports.sideways(event, view.terminal, cell, pixel))
        if not notches:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            view.preferences.set_font_px(view.font_px + notches)
        elif self.reported(event.modifiers()):
            cell, pixel = view.grid.cell_at(point), view.grid.pixel_at(point)
            view.send(self._reports.wheel(event, notches, view.terminal, cell, pixel))
        elif view.interactive and view.terminal.modes.alternate_screen and view.viewport.following:
            if view.terminal.modes.alternate_scroll:
                view.send(self._reports.wheel_keys(notches, view.terminal))
        else:
            view.scroll_by(notches * LINES_A_NOTCH)

    def reported(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether the program gets the mouse; Shift keeps it for the person."""
        return self._view.interactive and self._reports.wanted(self._view.terminal, modifiers)

    def _report(self, event: QMouseEvent, *, release: bool) -> None:
        view = self._view
        point = event.position().toPoint()
        report = self._reports.press(event, view.terminal, view.grid.cell_at(point), view.grid.pixel_at(point), release=release)
        view.send(report)

    def _wants_block(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Ctrl and a drag select a block; so does Alt, which many window managers keep for themselves."""
        held = Qt.KeyboardModifier.AltModifier
        if self._clicks == 1:
            held |= Qt.KeyboardModifier.ControlModifier
        return bool(modifiers & held)

    def _clicked_again(self, event: QMouseEvent) -> bool:
        """A third click comes as a plain press."""
        soon = event.timestamp() - self._pressed_ms < QApplication.doubleClickInterval()
        near = (event.position().toPoint() - self._pressed_at).manhattanLength() < NEAR_PX
        return self._clicks >= 2 and soon and near
