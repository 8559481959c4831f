"""The pointer over a remote screen: the shape that its server tells, as the window takes it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QCursor, QImage, QPainter, QPixmap

from kernel.rfb.framebuffer import BYTES_A_PIXEL, Cursor

LARGEST_PX = 256
_DOT_PX = 7


def pointer_of(cursor: Cursor | None) -> QCursor:
    """What to point with: an arrow while the server has not said, a dot where it hides its pointer or paints it itself."""
    if cursor is None:
        return QCursor(Qt.CursorShape.ArrowCursor)
    width, height = cursor.width, cursor.height
    fits = 0 < width <= LARGEST_PX and 0 < height <= LARGEST_PX and len(cursor.pixels) == width * height * BYTES_A_PIXEL
    if not fits or not any(cursor.pixels[3::BYTES_A_PIXEL]):
        return _dot()
    image = QImage(cursor.pixels, width, height, width * BYTES_A_PIXEL, QImage.Format.Format_ARGB32)
    return QCursor(QPixmap.fromImage(image.copy()), min(cursor.hot_x, width - 1), min(cursor.hot_y, height - 1))


def _dot() -> QCursor:
    """Where the person points is to be seen although the picture shows another pointer, or none."""
    picture = QPixmap(_DOT_PX, _DOT_PX)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor("#000000"))
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(1, 1, _DOT_PX - 3, _DOT_PX - 3)
    painter.end()
    return QCursor(picture, _DOT_PX // 2, _DOT_PX // 2)
