"""The bar at the top: menus at the left; who needs the person, kernel, running count and clock at the right.

Its one timer fires at the turn of each minute. It shows what the status model says and emits what was clicked; menus are
given to it as data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QDateTime,
    QEvent,
    QLocale,
    QObject,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QMenuBar, QToolButton, QWidget

from aether_desktop.shell.menu_model import MenuSpec, fill_menu
from aether_desktop.shell.shortcuts import ActionRegistry
from aether_desktop.shell.status import KernelState, ShellStatus, StatusModel
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import tabular_ui_font, ui_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.button import IconButton, PaintedButton, tooltip_with_shortcut
from aether_desktop.widgets.explained import explain
from aether_desktop.widgets.focus_ring import paint_focus_ring
from aether_desktop.widgets.menu import new_menu

MENU_BAR_HEIGHT_PX = 32
NEEDS_YOU_KEYS = "Ctrl+Shift+A"
SEARCH_KEYS = "Ctrl+Shift+Space"
_ITEM_PX = 24
_DOT_PX = 7
_PADDING_PX = 9
_MENU_PADDING_PX = 9

PaintPiece = Callable[[QPainter, QRect, QPoint], None]
"""Paints the wallpaper's part at a rectangle to a point; what the bar's glass lets through."""


class StatusItem(PaintedButton):
    """A short text at the right of the bar, with a coloured dot before it where a phase is given."""

    def __init__(self, parent: QWidget, *, tooltip: str = "", shortcut: str = "", pressable: bool = True) -> None:
        """``pressable`` False makes it a text that only says something."""
        super().__init__(parent)
        self._phase = ""
        self._pressable = pressable
        self._loud = False
        self._font = tabular_ui_font(TYPE.label)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if pressable else Qt.FocusPolicy.NoFocus)
        self.setToolTip(tooltip_with_shortcut(tooltip, shortcut) if tooltip else "")

    def show_text(self, text: str, phase: str = "", *, loud: bool = False) -> None:
        """Show ``text`` with the dot of ``phase``; ``loud`` writes it bold in the phase's colour."""
        if (text, phase, loud) == (self.text(), self._phase, self._loud):
            return
        self._phase, self._loud = phase, loud
        self._font = tabular_ui_font(TYPE.label, QFont.Weight.DemiBold if loud else QFont.Weight.Normal)
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for dot and text."""
        dot = _DOT_PX + 6 if self._phase else 0
        return QSize(QFontMetrics(self._font).horizontalAdvance(self.text()) + dot + 2 * _PADDING_PX, 24)

    def hitButton(self, position: QPoint) -> bool:
        """What only says something cannot be pressed."""
        return self._pressable and super().hitButton(position)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint hover background, dot, text and focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse() and self._pressable:
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(self.rect(), 6, 6)
        x = _PADDING_PX
        if self._phase:
            painter.setBrush(QColor(tokens.phase(self._phase).mark))
            painter.drawEllipse(QPointF(x + _DOT_PX / 2, self.height() / 2), _DOT_PX / 2, _DOT_PX / 2)
            x += _DOT_PX + 6
        painter.setFont(self._font)
        painter.setPen(QColor(tokens.phase(self._phase).text if self._loud else tokens.text2))
        painter.drawText(QRect(x, 0, self.width(), self.height()), int(Qt.AlignmentFlag.AlignVCenter), self.text())
        paint_focus_ring(painter, self, QRectF(self.rect()), 6)


class _Menus(QMenuBar):
    """Qt's menu bar (it knows hovering, Alt and the arrow keys), painted in our way."""

    def __init__(self, parent: QWidget, specs: Sequence[MenuSpec], registry: ActionRegistry) -> None:
        super().__init__(parent)
        self._registry = registry
        self._font = ui_font(TYPE.label)
        self._first_font = ui_font(TYPE.label, QFont.Weight.Bold)
        self.setNativeMenuBar(False)
        self.setFont(self._first_font)
        self.setAccessibleName("Menu bar")
        overflow = self.findChild(QToolButton)
        if overflow is not None:
            overflow.setAccessibleName("More menus")
        for spec in specs:
            menu = new_menu(self, spec.title)
            menu.aboutToShow.connect(lambda menu=menu, spec=spec: self._on_opening(menu, spec))
            menu.installEventFilter(self)
            self.addMenu(menu)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape in a menu gives the keyboard back: Qt would leave it with the bar, where what is typed next chooses from menus."""
        escape = isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape
        if escape and isinstance(watched, QMenu) and isinstance(event, QKeyEvent):
            watched.hide()
            super().keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        for index, action in enumerate(self.actions()):
            area = self.actionGeometry(action)
            lit = action is self.activeAction()
            if lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.surface3))
                painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 6, 6)
            painter.setFont(self._font if index else self._first_font)
            painter.setPen(QColor(tokens.text1 if lit or not index else tokens.text2))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextHideMnemonic), action.text())

    def _on_opening(self, menu: QMenu, spec: MenuSpec) -> None:
        menu.clear()
        fill_menu(menu, spec.entries(), self._registry)


class MenuBar(QWidget):
    """The bar. ``needs_you`` is the one loud thing in it, and the kernel while nothing can be saved."""

    needs_you_clicked = Signal()
    """The person wants to see who needs them."""
    kernel_clicked = Signal()
    """The kernel indicator was clicked."""
    running_clicked = Signal()
    """The running count was clicked."""
    search_clicked = Signal()
    """The person wants to search."""

    def __init__(
        self,
        parent: QWidget,
        menus: Sequence[MenuSpec],
        registry: ActionRegistry,
        status: StatusModel,
        *,
        paint_behind: PaintPiece | None = None,
    ) -> None:
        """``paint_behind`` paints the wallpaper under the bar's glass."""
        super().__init__(parent)
        self._paint_behind = paint_behind
        self._status = status
        self._warning = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.menus = _Menus(self, menus, registry)
        self.needs_you = StatusItem(self, tooltip="Show who needs you", shortcut=NEEDS_YOU_KEYS)
        self.kernel = StatusItem(self)
        self.running = StatusItem(self, tooltip="Show the running agents")
        self.clock = StatusItem(self, pressable=False)
        self.search = IconButton("search", "Search agents, windows and apps", shortcut=SEARCH_KEYS, size_px=_ITEM_PX, parent=self)
        self.search.clicked.connect(self.search_clicked)
        self.needs_you.clicked.connect(self.needs_you_clicked)
        self.kernel.clicked.connect(self.kernel_clicked)
        self.running.clicked.connect(self.running_clicked)
        self._minute = QTimer(self)
        self._minute.setSingleShot(True)
        self._minute.timeout.connect(self._on_minute)
        status.status_changed.connect(self._on_status_changed)
        self._on_status_changed(status.status)
        self._on_minute()

    def show_time(self, now: QDateTime) -> None:
        """Show ``now``: with the date where there is room."""
        locale = QLocale(QLocale.Language.English)
        self._short_time = locale.toString(now, "hh:mm")
        self._long_time = locale.toString(now, "ddd d MMM hh:mm")
        self.clock.setToolTip(locale.toString(now, "dddd d MMMM yyyy"))
        self._place()

    def warn(self, sentence: str) -> None:
        """Turn the kernel's indicator into a warning that says ``sentence``; the empty one ends it.

        An unreachable kernel is shown first.
        """
        if sentence != self._warning:
            self._warning = sentence
            self._on_status_changed(self._status.status)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place everything for the new width."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint glass over the wallpaper, and the line below."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        area = event.rect()
        painter.fillRect(area, QColor(tokens.surface0))
        if self._paint_behind is not None:
            self._paint_behind(painter, area.translated(self.pos()), area.topLeft())
        painter.fillRect(area, QColor(tokens.glass))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.line))

    def _on_status_changed(self, status: ShellStatus) -> None:
        verb = "needs" if status.needs_you == 1 else "need"
        self.needs_you.show_text(f"{status.needs_you} {verb} you" if status.needs_you else "", "waiting", loud=True)
        phase, said = {
            KernelState.READY: ("done", "The kernel is running"),
            KernelState.STARTING: ("idle", "The kernel is starting"),
            KernelState.OFFLINE: ("stopped", "The kernel is not reachable"),
        }[status.kernel]
        warning = self._warning if status.kernel is KernelState.READY else ""
        self.kernel.show_text("Cannot save" if warning else "Kernel", "waiting" if warning else phase, loud=bool(warning))
        explain(self.kernel, warning or status.kernel_detail or said)
        self.kernel.setAccessibleName(warning or said)
        self.running.show_text(f"{status.running} running")
        self._place()

    def _on_minute(self) -> None:
        now = QDateTime.currentDateTime()
        self.show_time(now)
        self._minute.start(60_000 - now.time().msecsSinceStartOfDay() % 60_000 + 20)

    def _place(self) -> None:
        if not hasattr(self, "_long_time"):
            return
        menus = self.menus.sizeHint()
        self.menus.setGeometry(6, (self.height() - menus.height()) // 2, menus.width(), menus.height())
        room = self.width() - menus.width() - 6 - SPACE.md - _ITEM_PX
        # What goes first when there is no room: the date, the running count, the time.
        for shown, time in (
            ((self.needs_you, self.kernel, self.running, self.clock), self._long_time),
            ((self.needs_you, self.kernel, self.running, self.clock), self._short_time),
            ((self.needs_you, self.kernel, self.clock), self._short_time),
            ((self.needs_you, self.kernel), self._short_time),
        ):
            self.clock.show_text(time)
            items = [item for item in shown if item.text()]
            if sum(item.sizeHint().width() for item in items) <= room:
                break
        x = self.width() - SPACE.sm
        for item in (self.clock, self.running, self.kernel, self.needs_you):
            item.setVisible(item in items)
            if item in items:
                width = item.sizeHint().width()
                x -= width
                item.setGeometry(x, (self.height() - _ITEM_PX) // 2, width, _ITEM_PX)
        self.search.setGeometry(x - _ITEM_PX, (self.height() - _ITEM_PX) // 2, _ITEM_PX, _ITEM_PX)
        self.update()
