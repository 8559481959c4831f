"""Push buttons: a text with an optional icon, and an icon alone.

Used by the shell and all apps. ``kind`` is what pressing means: ``primary`` once per view, ``attention`` for what waits for
the person, ``danger`` for what cannot be undone.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font, ui_font
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE, TYPE, Tokens
from aether_desktop.widgets.focus_ring import paint_focus_ring

ButtonKind = Literal["normal", "primary", "attention", "danger", "quiet"]

_HEIGHT_PX = 30
_RADIUS_PX = 8.0
_ICON_PX = 15
_OFF_OPACITY = 0.5


def tooltip_with_shortcut(text: str, shortcut: str) -> str:
    """Return a tooltip that names the key sequence, for example ``Close (Ctrl+W)``."""
    keys = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) if shortcut else ""
    return f"{text} ({keys})" if keys else text


class PaintedButton(QAbstractButton):
    """Common behaviour of all buttons that paint themselves: hover, focus by Tab, Return presses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Return as well as on Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Repaint with the hover colour."""
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Repaint without the hover colour."""
        self.update()
        super().leaveEvent(event)


class Button(PaintedButton):
    """A button with a text, an optional icon before it and an optional key hint after it."""

    def __init__(
        self,
        text: str,
        kind: ButtonKind = "normal",
        *,
        icon: str = "",
        key_hint: str = "",
        tooltip: str = "",
        shortcut: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Make a button.

        ``key_hint`` is painted small beside the text (``"D"``, ``"↵"``); ``shortcut`` (``"Ctrl+N"``) is named in the
        tooltip only: the action registry owns the key itself.
        """
        super().__init__(parent)
        self._kind: ButtonKind = kind
        self._icon_name = icon
        self._key_hint = key_hint
        self._font = ui_font(TYPE.label, QFont.Weight.DemiBold if kind != "normal" else QFont.Weight.Medium)
        self._hint_font = mono_font(TYPE.caption - 1)
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tooltip_with_shortcut(tooltip or text, shortcut) if tooltip or shortcut else "")
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    @property
    def kind(self) -> ButtonKind:
        """What pressing means."""
        return self._kind

    def set_icon_name(self, name: str) -> None:
        """Change the icon; an empty name removes it."""
        self._icon_name = name
        self.updateGeometry()
        self.update()

    def setText(self, text: str) -> None:
        """Change the text (and the accessible name with it)."""
        super().setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Room for icon, text and key hint."""
        width = QFontMetrics(self._font).horizontalAdvance(self.text()) + 2 * SPACE.md
        if self._icon_name:
            width += _ICON_PX + (6 if self.text() else 0)
        if self._key_hint:
            width += QFontMetrics(self._hint_font).horizontalAdvance(self._key_hint) + 6
        return QSize(width, _HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """The same: a cut button text helps nobody."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint background, content and focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        area = QRectF(self.rect())
        background, border, text = _button_colours(tokens, self._kind, enabled=self.isEnabled())
        if self.isEnabled() and (self.isDown() or self.underMouse()):
            background = _raised(background, tokens, pressed=self.isDown(), kind=self._kind)
        painter.setPen(border if border.alpha() else Qt.PenStyle.NoPen)
        painter.setBrush(background)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
        self._paint_content(painter, text)
        paint_focus_ring(painter, self, area, _RADIUS_PX, text if self._kind in ("primary", "attention") else None)

    def _paint_content(self, painter: QPainter, colour: QColor) -> None:
        content = self.sizeHint().width() - 2 * SPACE.md
        x = (self.width() - content) / 2
        if self._icon_name:
            paint_icon(painter, QRectF(x, (self.height() - _ICON_PX) / 2, _ICON_PX, _ICON_PX), self._icon_name, colour)
            x += _ICON_PX + 6
        painter.setFont(self._font)
        painter.setPen(colour)
        text_width = QFontMetrics(self._font).horizontalAdvance(self.text())
        painter.drawText(QRectF(x, 0, text_width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self._key_hint:
            painter.setFont(self._hint_font)
            painter.setOpacity(0.75)
            painter.drawText(
                QRectF(x + text_width + 6, 0, self.width(), self.height()),
                Qt.AlignmentFlag.AlignVCenter,
                self._key_hint,
            )
            painter.setOpacity(1.0)


class IconButton(PaintedButton):
    """A square button that shows an icon alone; its name is its tooltip and its accessible name."""

    def __init__(
        self, icon: str, name: str, *, shortcut: str = "", size_px: int = 28, parent: QWidget | None = None
    ) -> None:
        """Make a button of ``size_px`` square; ``name`` says what pressing does."""
        super().__init__(parent)
        self._icon_name = icon
        self.setAccessibleName(name)
        self.setToolTip(tooltip_with_shortcut(name, shortcut))
        self.setFixedSize(size_px, size_px)

    def set_icon_name(self, name: str) -> None:
        """Change the icon."""
        self._icon_name = name
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint hover background, icon and focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        area = QRectF(self.rect())
        if self.isChecked() or (self.isEnabled() and (self.underMouse() or self.isDown())):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.surface3 if self.isDown() or self.isChecked() else tokens.surface2))
            painter.drawRoundedRect(area, 6, 6)
        shade = tokens.text2 if self.isEnabled() else tokens.text3
        inset = self.width() * 0.22
        painter.setOpacity(1.0 if self.isEnabled() else _OFF_OPACITY)
        paint_icon(painter, area.adjusted(inset, inset, -inset, -inset), self._icon_name, QColor(shade))
        painter.setOpacity(1.0)
        paint_focus_ring(painter, self, area, 6)


def _button_colours(tokens: Tokens, kind: ButtonKind, *, enabled: bool) -> tuple[QColor, QColor, QColor]:
    none = QColor(0, 0, 0, 0)
    if not enabled:
        return QColor(tokens.surface1 if kind != "quiet" else none), QColor(tokens.line), QColor(tokens.text3)
    if kind == "primary":
        return QColor(tokens.accent_fill), none, QColor(tokens.on_accent)
    if kind == "attention":
        return QColor(tokens.attention_fill), none, QColor(tokens.on_attention)
    if kind == "danger":
        return QColor(tokens.surface2), QColor(tokens.line), QColor(tokens.danger_text)
    if kind == "quiet":
        return none, none, QColor(tokens.accent_text)
    return QColor(tokens.surface2), QColor(tokens.line), QColor(tokens.text1)


def _raised(background: QColor, tokens: Tokens, *, pressed: bool, kind: ButtonKind) -> QColor:
    if kind in ("primary", "attention"):
        return background.darker(112) if pressed else background.lighter(106)
    return QColor(tokens.surface3 if not pressed or kind == "quiet" else tokens.surface2)
