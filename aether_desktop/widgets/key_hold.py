"""Who has the keyboard while something lies over a window, or over all of them: it keeps it, whatever happens behind it.

A sheet or a panel owns a ``KeyHold``; whoever acts on a key asks ``hold_over`` before. One window of the desktop is told apart from the
desktop by the property ``KEYS_TOGETHER``, which the shell sets on its windows.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

KEYS_TOGETHER = "keysTogether"
"""Set to True on a widget that is a window to the person without being a native one."""


class KeyHold(QObject):
    """The hold of one ``panel`` over the window that it lies over.

    first: who gets the keyboard where nothing inside of the panel had it. strict: the keyboard is taken back from whatever gets it
    behind the panel, and no key acts there; otherwise keys do not act on the window in front, and that is all.
    """

    def __init__(self, panel: QWidget, first: Callable[[], QWidget], *, strict: bool = True) -> None:
        super().__init__(panel)
        self._panel = panel
        self._first = first
        self.strict = strict
        self._since = 0
        self._last: QWidget | None = None

    @property
    def held(self) -> bool:
        """Whether it holds now: begun, not ended, and seen."""
        return self._since > 0 and self._panel.isVisible()

    def begin(self) -> None:
        """Hold from now on. What floats over the window (a menu, a popover) is closed: it would get the keys."""
        application = QApplication.instance()
        if self._since or not isinstance(application, QApplication):
            return
        self._since = monotonic_ns()
        if self.strict:
            application.focusChanged.connect(self._on_focus_changed)
            while (popup := QApplication.activePopupWidget()) is not None and not self._is_inside(popup):
                if not popup.close():
                    break

    def end(self) -> None:
        """Hold no longer; safe to repeat."""
        application = QApplication.instance()
        if self._since and self.strict and isinstance(application, QApplication):
            application.focusChanged.disconnect(self._on_focus_changed)
        self._since = 0

    def covers(self, widget: QWidget) -> bool:
        """Whether a widget lies behind the panel, or is the window that it lies over."""
        region = self._region()
        return (widget is region or region.isAncestorOf(widget)) and not self._is_inside(widget)

    def _region(self) -> QWidget:
        """The window that the panel lies over."""
        widget = self._panel
        while (parent := widget.parentWidget()) is not None and not widget.isWindow():
            widget = parent
            if widget.property(KEYS_TOGETHER):
                break
        return widget

    def _is_inside(self, widget: QWidget) -> bool:
        while widget is not self._panel:
            parent = widget.parentWidget()
            if parent is None:
                return False
            widget = parent
        return True

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if not self.held:
            return
        if new is not None and self._is_inside(new):
            self._last = new
        elif new is None:
            if self._panel.window() is QApplication.activeWindow() and QApplication.activePopupWidget() is None:
                self._take()
        elif self.covers(new) and not self._is_later(new):
            self._take()

    def _is_later(self, widget: QWidget) -> bool:
        """Whether it is inside of a panel that came after this one and lies over it."""
        holds = widget.window().findChildren(KeyHold)
        return any(hold.held and hold._since > self._since and hold._is_inside(widget) for hold in holds)

    def _take(self) -> None:
        last = self._last
        usable = last is not None and isValid(last) and last.isVisible() and last.isEnabled()
        (last if usable and last is not None else self._first()).setFocus(Qt.FocusReason.PopupFocusReason)


def hold_over(widget: QWidget, *, light: bool = False) -> KeyHold | None:
    """The hold of what lies over a widget now; None where keys may act on it. light: count those that are not strict, too."""
    holds = widget.window().findChildren(KeyHold)
    return next((hold for hold in holds if (hold.strict or light) and hold.held and hold.covers(widget)), None)
