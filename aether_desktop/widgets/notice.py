"""Short messages over a window: what happened, and one thing to do about it.

``NoticeHost`` keeps them at the lower right of a parent widget, three at the most. An error stays until it is closed, and so does
what asks for attention: where three of them fill the room, the next ones wait. The others leave by themselves, but not while the
pointer or the keyboard is on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import RADIUS, SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.shown_text import cut

NoticeKind = Literal["info", "success", "attention", "error"]

_WIDTH_PX = 340
_LIFETIME_MS = 6000
_MAX_SHOWN = 3
_MAX_WAITING = 100
_MOST_CHARACTERS = 600
_LONG_WORD = re.compile(r"\S{30,}")
_PIECE = re.compile(r"((?<=.)[/\\_.:=&?-]|\S{24})")
_ICONS: dict[str, tuple[str, str]] = {
    "info": ("info", "idle"),
    "success": ("success", "done"),
    "attention": ("warning", "waiting"),
    "error": ("alert", "failed"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: ``title`` says what happened, ``detail`` what to do, ``action`` is a button's text."""

    title: str
    detail: str = ""
    kind: NoticeKind = "info"
    action: str = ""


class Notify(Protocol):
    """Shows a message over the desktop; ``on_action`` is called when its button (``Notice.action``) is pressed."""

    def __call__(self, notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        """Show ``notice``."""


class NoticeCard(QWidget):
    """One message on the screen."""

    closed = Signal()
    """Emitted once, when the message leaves."""
    action_requested = Signal()
    """Emitted when its button was pressed."""

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self._left = False
        self.setObjectName("notice")
        self.setAccessibleName(f"{notice.title}. {notice.detail}".strip())
        self.setFixedWidth(_WIDTH_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.lg + 24, SPACE.md, SPACE.sm, SPACE.md)
        text = QVBoxLayout()
        text.setSpacing(SPACE.xs)
        text.addWidget(Label(breakable(notice.title), wrap=True))
        if notice.detail:
            text.addWidget(Label(breakable(notice.detail), "secondary", wrap=True))
        if notice.action:
            button = Button(notice.action, "attention" if notice.kind == "attention" else "normal")
            button.clicked.connect(self._on_action)
            text.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(text, 1)
        close = IconButton("close", "Dismiss", size_px=22)
        close.clicked.connect(self.leave)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LIFETIME_MS)
        self._timer.timeout.connect(self._on_timeout)
        if not self.stays:
            self._timer.start()

    @property
    def stays(self) -> bool:
        """Whether it stays until it is closed."""
        return stays(self.notice)

    def fit(self) -> None:
        """Be as high as all its lines are at its width, which Qt's own ``adjustSize`` does not ask wrapped text for."""
        layout = self.layout()
        if layout is not None:
            self.setFixedHeight(max(layout.totalHeightForWidth(_WIDTH_PX), layout.totalMinimumSize().height()))

    def leave(self) -> None:
        """Take the message away; does nothing the second time."""
        if self._left:
            return
        self._left = True
        self._timer.stop()
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card and the icon of its kind."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        name, phase = _ICONS[self.notice.kind]
        painter.setPen(
            QColor(tokens.phase(phase).mark) if self.notice.kind == "attention" else QColor(tokens.line_strong)
        )
        painter.setBrush(QColor(tokens.surface2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.medium, RADIUS.medium)
        paint_icon(painter, QRectF(SPACE.lg - 2, SPACE.md, 18, 18), name, QColor(tokens.phase(phase).text))

    def _on_action(self) -> None:
        self.action_requested.emit()
        self.leave()

    def _on_timeout(self) -> None:
        focused = self.window().focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._timer.start()
        else:
            self.leave()


def stays(notice: Notice) -> bool:
    """Whether a message matters so much that it stays until it is closed."""
    return notice.kind in ("attention", "error")


def breakable(text: str) -> str:
    """``text``, bounded, with places to break a line in words that no line has room for: paths, addresses."""
    return _LONG_WORD.sub(lambda word: _PIECE.sub("\\1\u200b", word[0]), cut(text, _MOST_CHARACTERS))


class NoticeHost(QObject):
    """Shows notices over ``surface`` and keeps them in its lower right corner."""

    def __init__(self, surface: QWidget, *, bottom_margin_px: int = SPACE.lg) -> None:
        """``bottom_margin_px`` keeps the notices above whatever lies at the bottom of ``surface``."""
        super().__init__(surface)
        self._surface = surface
        self._bottom_margin_px = bottom_margin_px
        self._cards: list[NoticeCard] = []
        self._waiting: list[tuple[Notice, Callable[[], None] | None]] = []
        surface.installEventFilter(self)

    @property
    def shown(self) -> tuple[Notice, ...]:
        """The notices on the screen, oldest first."""
        return tuple(card.notice for card in self._cards)

    @property
    def waiting(self) -> tuple[Notice, ...]:
        """The notices that are shown once there is room, the next one first."""
        return tuple(notice for notice, _ in self._waiting)

    def show(self, notice: Notice, on_action: Callable[[], None] | None = None) -> NoticeCard | None:
        """Show ``notice``, once also where it is repeated; None if it waits until one that has to be closed is closed.

        Where there are too many, the oldest of those that leave by themselves makes room. What would have left by itself is not
        worth waiting for: it is left out where three others stay.
        """
        for card in self._cards:
            if card.notice == notice:
                return card
        if len(self._cards) >= _MAX_SHOWN:
            passing = next((card for card in self._cards if not card.stays), None)
            if passing is None:
                if stays(notice) and notice not in self.waiting and len(self._waiting) < _MAX_WAITING:
                    self._waiting.append((notice, on_action))
                return None
            passing.leave()
        return self._put(notice, on_action)

    def withdraw(self, notice: Notice) -> None:
        """Take back what is no longer true; safe where it does not show."""
        self._waiting = [(other, on_action) for other, on_action in self._waiting if other != notice]
        for card in [card for card in self._cards if card.notice == notice]:
            card.leave()

    def _put(self, notice: Notice, on_action: Callable[[], None] | None) -> NoticeCard:
        card = NoticeCard(notice, self._surface)
        card.closed.connect(lambda: self._on_closed(card))
        if on_action is not None:
            card.action_requested.connect(on_action)
        self._cards.append(card)
        card.installEventFilter(self)
        card.show()
        self._place()
        return card

    def tell(self, notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        """The same, as a ``Notify``."""
        self.show(notice, on_action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the notices in the corner when the surface changes its size, and whole when their text gets another font."""
        if isinstance(event, QResizeEvent) if watched is self._surface else event.type() is QEvent.Type.LayoutRequest:
            self._place()
        return False

    def _on_closed(self, card: NoticeCard) -> None:
        self._cards.remove(card)
        if self._waiting and len(self._cards) < _MAX_SHOWN:
            self._put(*self._waiting.pop(0))
        self._place()

    def _place(self) -> None:
        bottom = self._surface.height() - self._bottom_margin_px
        for card in reversed(self._cards):
            card.fit()
            bottom -= card.height()
            card.move(self._surface.width() - card.width() - SPACE.lg, bottom)
            card.raise_()
            bottom -= SPACE.sm
