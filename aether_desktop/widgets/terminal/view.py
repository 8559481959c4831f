"""A terminal widget: shows the screen of a `TerminalSession`, and sends it keys, mouse and text.

Read-only for an agent's own record. Used by the agent's window and the terminal app. What it shows comes from `painter`; what
else a person can do with it (find, copy, links, prompts, ...) are the parts that `parts` makes.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from aether_desktop.stores.terminals import HeldSession, TerminalSession
from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.terminal.atlases import Atlases
from aether_desktop.widgets.terminal.blink import Blink
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.commands import Commands
from aether_desktop.widgets.terminal.cursor import CursorPaint
from aether_desktop.widgets.terminal.fitting import Fitting
from aether_desktop.widgets.terminal.geometry import LARGEST_PX, SMALLEST_PX
from aether_desktop.widgets.terminal.grid import PADDING_PX, Grid
from aether_desktop.widgets.terminal.ground import Ground
from aether_desktop.widgets.terminal.highlights import HighlightColours, Highlights
from aether_desktop.widgets.terminal.history_bar import SCROLLBAR_PX, HistoryBar
from aether_desktop.widgets.terminal.key_names import held_modifiers, is_of_desktop, name_of
from aether_desktop.widgets.terminal.painter import FRAME_BUDGET_S, ScreenPainter
from aether_desktop.widgets.terminal.parts import Parts
from aether_desktop.widgets.terminal.pointer import Pointer
from aether_desktop.widgets.terminal.preedit import Preedit
from aether_desktop.widgets.terminal.preferences import TerminalPreferences
from aether_desktop.widgets.terminal.scroll_keys import scroll_step
from aether_desktop.widgets.terminal.selecting import Selecting
from aether_desktop.widgets.terminal.viewport import Viewport
from kernel.term import Terminal
from kernel.term.events import SizeChanged
from kernel.term.keys import encode_focus, encode_key

Overlay = Callable[[QPainter], None]
PressHandler = Callable[[QMouseEvent], bool]


class TerminalView(QWidget):
    """Shows one terminal.

    atlases: drawn glyphs, shared. interactive: keys go to the program; otherwise it is to be looked at. preferences: font and
    colours that the person chose, shared. Parts hang themselves into `highlights`,
    `overlays`, `press_handlers` and `commands`.
    """

    rows_shown = Signal()
    """Rows show otherwise than before, or at another place."""
    zoomed = Signal(int)
    """The font's new size in px."""
    activated = Signal()
    """The person typed, or pressed a button in it."""
    session_changed = Signal()
    paper_changed = Signal()
    """What is around the cells has another colour."""
    hovered = Signal(QPoint, Qt.KeyboardModifier)
    """The pointer is over this point of it, with these keys held; a point outside (-1, -1) when it left."""
    typed_after_end = Signal(bytes)
    """The person typed although the program has ended."""
    menu_wanted = Signal(QPoint)
    """The menu is asked for, at this point of it."""

    def __init__(
        self,
        atlases: Atlases,
        *,
        interactive: bool,
        preferences: TerminalPreferences | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.interactive = interactive
        self.preferences = preferences or TerminalPreferences(self)
        self.commands = Commands()
        self.viewport = Viewport()
        self.highlights = Highlights(self)
        self.selecting = Selecting(self)
        self.overlays: list[Overlay] = []
        self.press_handlers: list[PressHandler] = []
        self.fitting = Fitting(self)
        self._atlases = atlases
        self._session: TerminalSession | None = None
        held = self._held = HeldSession()
        self.destroyed.connect(lambda: held.replace(None))
        self._blank = Terminal(80, 24)
        self._font_px = self.preferences.font_px
        self._pointer = Pointer(self)
        self._preedit = ""
        self._ground = Ground(self)
        self._painted_cursor, self._last_first = QRect(), -1
        self._build_painter()
        self._history_bar = HistoryBar(self)
        self._history_bar.asked.connect(self._on_history_bar)
        self._blink = Blink(self)
        self._blink.changed.connect(self._on_blink)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.refresh)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, interactive)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName("Terminal" if interactive else "The agent's terminal, read-only")
        self.setMinimumSize(120, 60)
        self.preferences.changed.connect(self._on_preferences)
        self.parts = Parts(self)

    # --- what is shown

    @property
    def session(self) -> TerminalSession | None:
        """What it shows; None for nothing yet."""
        return self._session

    @property
    def terminal(self) -> Terminal:
        """The screen that it shows."""
        return self._session.terminal if self._session is not None else self._blank

    @property
    def font_px(self) -> int:
        """The font's size in logical pixels."""
        return self._font_px

    @property
    def scheme(self) -> Scheme:
        """The colours in force."""
        return self._colours.scheme

    @property
    def paper(self) -> int:
        """0xRRGGBB of what is around the cells."""
        return self._ground.paper

    def set_session(self, session: TerminalSession | None) -> None:
        """Show another terminal, which this view releases in the end; None shows nothing."""
        before, self._session = self._session, session
        if before is not None:
            before.changed.disconnect(self.refresh)
            before.told.disconnect(self._on_told)
        self._held.replace(session)
        self.selecting.clear()
        self.viewport.follow()
        if session is not None:
            session.changed.connect(self.refresh)
            session.told.connect(self._on_told)
        self.fitting.follow(session)
        self.session_changed.emit()
        self.refresh()

    def send(self, data: bytes) -> None:
        """Give bytes to the program, as if typed."""
        if self.interactive and self._session is not None and data:
            self._session.write(data)

    def type_text(self, data: bytes) -> None:
        """As `send`, for what a person typed: the newest line shows again and nothing stays selected."""
        if not data or self.parts.clipboard.holds(data):
            return
        self.selecting.clear()
        if not self.viewport.following:
            self.viewport.follow()
            self.refresh()
        self._restart_blink()
        if self._session is not None and self._session.ended:
            self.typed_after_end.emit(data)
        self.send(data)
        self.activated.emit()

    def set_font_px(self, font_px: int) -> None:
        """Zoom, between 6 and 48 px."""
        font_px = max(SMALLEST_PX, min(LARGEST_PX, font_px))
        if font_px != self._font_px:
            self._font_px = font_px
            self._build_painter()
            self.fitting.fit()
            self.refresh()
            self.zoomed.emit(font_px)

    def scroll_by(self, lines: int) -> None:
        """Scroll through the history, towards older lines if positive."""
        self.viewport.scroll_by(self.terminal, lines)
        self.refresh()

    def reveal(self, line: int) -> None:
        """Show an absolute line."""
        self.viewport.reveal(self.terminal, line)
        self.refresh()

    def refresh(self, *, patient: bool = False) -> None:
        """Bring the picture up to date; does nothing while nobody sees it. patient: draw every glyph now."""
        if not self.isVisible():
            return
        terminal = self.terminal
        self.selecting.check(terminal)
        rows, budget_s = self.viewport.rows(terminal), None if patient else FRAME_BUDGET_S
        changed, complete = self._painter.paint(
            terminal, rows, highlights=self.highlights.lines(rows), blink_off=self._blink.off, patient=patient, budget_s=budget_s
        )
        if not complete:
            self._again.start(1)
        self._history_bar.show_place(terminal, self.viewport)
        self._ground.refresh(self._painter.image)
        first = self.viewport.first(terminal)
        if changed or first != self._last_first:
            self.update(self.grid.lines_rect(changed if first == self._last_first else range(terminal.lines)))
            self._last_first = first
            self.rows_shown.emit()
        cursor = self.grid.cursor_rect()
        if cursor != self._painted_cursor:
            self.update(self.rect() if self._preedit else self._painted_cursor)  # what is composed goes with it, over many cells
            self.update(cursor)
            self._painted_cursor = cursor
            self.updateMicroFocus()

    def refresh_soon(self) -> None:
        """As `refresh`, once for all changes of this turn."""
        self._again.start(0)

    # --- events

    def event(self, event: QEvent) -> bool:
        """The terminal's own keys, and those of programs, come before the window's shortcuts; what is the desktop's does not."""
        asked = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and (self.commands.wants(event) or (self.interactive and not is_of_desktop(event))):
            event.accept()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._build_painter()
            self.fitting.fit()
            self.refresh()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._on_preferences()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A command of the terminal, a step through the history, or typing."""
        if self.commands.handle(event):
            return
        step = scroll_step(event, self.terminal, interactive=self.interactive)
        if step:
            self.scroll_by(step)
            return
        name = name_of(event)
        if not self.interactive or not name:
            super().keyPressEvent(event)
            return
        text = event.text() if not name.startswith("KP_") else ""
        self.type_text(encode_key(name, held_modifiers(event.modifiers()), self.terminal.modes, text=text))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab belongs to the program."""
        return False if self.interactive else super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Its keys come first, and the program hears of it if it asked."""
        super().focusInEvent(event)
        self._on_focus(focused=True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """See `focusInEvent`."""
        super().focusOutEvent(event)
        self._on_focus(focused=False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """See `Pointer`."""
        self._pointer.wheel(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """See `Pointer`."""
        self.activated.emit()
        if not any(handler(event) for handler in self.press_handlers) and not self._pointer.press(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See `Pointer`."""
        self._pointer.move(event)
        self.hovered.emit(event.position().toPoint(), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See `Pointer`."""
        self._pointer.release(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer."""
        super().leaveEvent(event)
        self.hovered.emit(QPoint(-1, -1), Qt.KeyboardModifier.NoModifier)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu, unless the program takes the mouse."""
        if event.reason() == QContextMenuEvent.Reason.Mouse and self._pointer.reported(event.modifiers()):
            return
        self.menu_wanted.emit(event.pos())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Text of an input method: what is being composed shows at the cursor, what is done is typed."""
        self._preedit = event.preeditString()
        if event.commitString():
            self.type_text(event.commitString().encode("utf-8", "replace"))
        self.update()
        event.accept()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        """Where an input method puts its window."""
        if query == Qt.InputMethodQuery.ImCursorRectangle:
            return self.grid.cursor_rect(hidden_too=True)
        return self.interactive if query == Qt.InputMethodQuery.ImEnabled else super().inputMethodQuery(query)

    def showEvent(self, event: QShowEvent) -> None:
        """It may have missed something."""
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves unseen."""
        super().hideEvent(event)
        self._blink.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The grid follows the widget."""
        super().resizeEvent(event)
        self._history_bar.setGeometry(self.width() - SCROLLBAR_PX, 0, SCROLLBAR_PX, self.height())
        self.fitting.follow_drag()
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, the cursor, and the parts' overlays."""
        painter = QPainter(self)
        picture = self._painter.image
        self._ground.paint(painter, event.rect(), picture)
        painter.drawImage(QPointF(PADDING_PX, PADDING_PX), picture)
        for overlay in self.overlays:
            painter.save()
            overlay(painter)
            painter.restore()
        self._cursor.paint(painter, self, self._painter, hidden=self._blink.off, preedit=self._preedit)

    # --- private

    def _build_painter(self) -> None:
        self._colours = HighlightColours.of(self.preferences.scheme(tokens_of(self)), tokens_of(self))
        atlas = self._atlases.get(self._font_px, self.devicePixelRatioF())
        self.grid = Grid(self, atlas.geometry)
        self._painter = ScreenPainter(atlas, self._colours.scheme, self._colours)
        self._cursor = CursorPaint(self._colours.scheme, Preedit(atlas, self._colours.scheme))
        self._painted_cursor, self._last_first = QRect(), -1

    def _on_preferences(self) -> None:
        if HighlightColours.of(self.preferences.scheme(tokens_of(self)), tokens_of(self)) != self._colours:
            self._build_painter()
            self.fitting.tell_colours()
        self.set_font_px(self.preferences.font_px)
        self.refresh()

    def _on_told(self, event: object) -> None:
        if isinstance(event, SizeChanged) and self._session is not None:
            # The window's size is the person's: the program's wish is undone.
            self._session.restore_size()

    def _on_focus(self, *, focused: bool) -> None:
        self._restart_blink()
        if self._session is not None:
            self._session.focus(self if self.interactive else None, focused=focused)
            if self.interactive:
                self.send(encode_focus(focused, self.terminal.modes))
        self.update(self.grid.cursor_rect())

    def _on_history_bar(self, line: int) -> None:
        self.viewport.scroll_to(self.terminal, line)
        self.refresh()

    def _restart_blink(self) -> None:
        self._blink.restart(active=self.hasFocus() and self.interactive)
        self.update(self.grid.cursor_rect())

    def _on_blink(self) -> None:
        if self.terminal.cursor.blinking:
            self.update(self.grid.cursor_rect())
        self.refresh()
