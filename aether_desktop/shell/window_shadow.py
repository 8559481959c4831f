"""The shadow, outline and smooth corners of a window, as a sibling widget below it.

A shadow inside the window, or a graphics effect, would repaint the window's content at each step of a drag (15-52 ms); a
sibling costs 5 ms. One picture is made for each theme and density and stretched in nine parts around every window. It
also holds the antialiased pixels of the rounded corners, which the window's one-bit mask leaves open.
"""

from __future__ import annotations

from functools import lru_cache
from math import erf, sqrt

from PySide6.QtCore import QMargins, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import Tokens

CORNER_RADIUS_PX = 12
_CENTRE_PX = 8


class WindowShadow(QWidget):
    """Painted around one window; never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._floor = ""

    def set_floor(self, colour: str) -> None:
        """What the window shows along its lower edge: ``#rrggbb``, or "" for the theme's surface."""
        if colour != self._floor:
            self._floor = colour
            self.update()

    def surround(self, window: QRect) -> None:
        """Move to lie around ``window`` (in the parent's coordinates)."""
        self.setGeometry(window.marginsAdded(shadow_margins(tokens_of(self))))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the parts of the picture that lie in the damaged area."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        patch = shadow_patch(tokens.name, self.devicePixelRatioF(), self._floor)
        edge = _patch_edges(tokens)
        ratio = patch.devicePixelRatio()
        damaged = event.region()
        for source, target in _nine_parts(_logical_size(patch), self.rect(), edge):
            if damaged.intersects(target):
                painter.drawPixmap(QRectF(target), patch, QRectF(_scaled(source, ratio)))


def shadow_margins(tokens: Tokens) -> QMargins:
    """Return how far, in px, the shadow reaches beyond the window on each side."""
    shadow = tokens.shadow
    return QMargins(shadow.blur, shadow.blur - shadow.offset_y, shadow.blur, shadow.blur + shadow.offset_y)


@lru_cache(maxsize=8)
def corner_mask(width: int, height: int, radius: int) -> QRegion:
    """Return the pixels of a rounded rectangle that are wholly inside it."""
    region = QRegion(0, radius, width, max(0, height - 2 * radius))
    for row in range(radius):
        # A pixel counts if its outermost corner lies within the circle.
        rise = radius - row
        inset = radius - int(max(0.0, radius**2 - rise**2) ** 0.5)
        line = QRect(inset, row, width - 2 * inset, 1)
        region += QRegion(line)
        region += QRegion(line.translated(0, height - 1 - 2 * row))
    return region


@lru_cache(maxsize=8)
def shadow_patch(theme: str, ratio: float, floor: str = "") -> QPixmap:
    """Return the nine-patch picture of a theme at a density of ``ratio``, its lower corners in ``floor`` where that is not ""."""
    from aether_desktop.theme.tokens import DARK, LIGHT

    tokens = DARK if theme == DARK.name else LIGHT
    margins = shadow_margins(tokens)
    inner = 2 * CORNER_RADIUS_PX + _CENTRE_PX
    # The stretched middle must lie beyond the reach of the corners' blur, or the sides would show a slope.
    inner += 2 * tokens.shadow.blur
    width, height = inner + margins.left() + margins.right(), inner + margins.top() + margins.bottom()
    patch = QPixmap(round(width * ratio), round(height * ratio))
    patch.setDevicePixelRatio(ratio)
    patch.fill(Qt.GlobalColor.transparent)
    painter = QPainter(patch)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    window = QRectF(margins.left(), margins.top(), inner, inner)
    _paint_blur(painter, window, QSize(width, height), tokens)
    _paint_body(painter, window, tokens, floor or tokens.surface0)
    painter.end()
    return patch


def _paint_blur(painter: QPainter, window: QRectF, size: QSize, tokens: Tokens) -> None:
    # The Gaussian blur of a rectangle is the product of two blurred steps, one for each axis; the window's own corner
    # radius is far below the blur's reach and makes no visible difference.
    shadow = tokens.shadow
    box = window.translated(0, shadow.offset_y)
    columns = _blurred_step(size.width(), box.left(), box.right(), shadow.blur)
    rows = _blurred_step(size.height(), box.top(), box.bottom(), shadow.blur)
    stride = (size.width() + 3) // 4 * 4
    columns += [0.0] * (stride - size.width())
    pixels = bytearray()
    for row in rows:
        strength = row * shadow.opacity
        pixels += bytes([int(strength * column + 0.5) for column in columns])
    mask = QImage(bytes(pixels), size.width(), size.height(), stride, QImage.Format.Format_Alpha8)
    tinted = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    tinted.fill(QColor(shadow.colour))
    blend = QPainter(tinted)
    blend.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    blend.drawImage(0, 0, mask)
    blend.end()
    painter.drawImage(0, 0, tinted)


def _blurred_step(length: int, start: float, end: float, reach: int) -> list[float]:
    # ``reach`` is two standard deviations: beyond it less than 3 % of the shadow is left.
    scale = reach / 2 * sqrt(2)
    return [(erf((at + 0.5 - start) / scale) - erf((at + 0.5 - end) / scale)) / 2 for at in range(length)]


def _paint_body(painter: QPainter, window: QRectF, tokens: Tokens, floor: str) -> None:
    outline = QPainterPath()
    outline.addRoundedRect(window.adjusted(-0.5, -0.5, 0.5, 0.5), CORNER_RADIUS_PX + 0.5, CORNER_RADIUS_PX + 0.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens.line_strong if tokens.dark else tokens.line), 1))
    painter.drawPath(outline)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setClipRect(QRectF(0, 0, window.right() + 99, window.center().y()))
    painter.setBrush(QColor(tokens.surface1))
    painter.drawRoundedRect(window, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
    painter.setClipRect(QRectF(0, window.center().y(), window.right() + 99, window.bottom()))
    painter.setBrush(QColor(floor))
    painter.drawRoundedRect(window, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
    painter.setClipping(False)


def _patch_edges(tokens: Tokens) -> QMargins:
    inset = CORNER_RADIUS_PX + tokens.shadow.blur
    return shadow_margins(tokens) + QMargins(inset, inset, inset, inset)


def _logical_size(patch: QPixmap) -> QRect:
    ratio = patch.devicePixelRatio()
    return QRect(0, 0, round(patch.width() / ratio), round(patch.height() / ratio))


def _scaled(rect: QRect, ratio: float) -> QRectF:
    return QRectF(rect.x() * ratio, rect.y() * ratio, rect.width() * ratio, rect.height() * ratio)


def _nine_parts(source: QRect, target: QRect, edge: QMargins) -> list[tuple[QRect, QRect]]:
    def cuts(start: int, length: int, low: int, high: int) -> list[tuple[int, int]]:
        if low + high > length:
            low, high = length // 2, length - length // 2
        return [(start, low), (start + low, length - low - high), (start + length - high, high)]

    parts = []
    source_columns = cuts(source.x(), source.width(), edge.left(), edge.right())
    target_columns = cuts(target.x(), target.width(), edge.left(), edge.right())
    source_rows = cuts(source.y(), source.height(), edge.top(), edge.bottom())
    target_rows = cuts(target.y(), target.height(), edge.top(), edge.bottom())
    for row in range(3):
        for column in range(3):
            if row == 1 and column == 1:
                continue
            (source_x, source_width), (target_x, target_width) = source_columns[column], target_columns[column]
            (source_y, source_height), (target_y, target_height) = source_rows[row], target_rows[row]
            if target_width > 0 and target_height > 0:
                parts.append(
                    (
                        QRect(source_x, source_y, source_width, source_height),
                        QRect(target_x, target_y, target_width, target_height),
                    )
                )
    return parts
