"""How different two pictures are.

A pixel differs if one of its channels is off by more than ``CHANNEL_TOLERANCE``; smoothed edges of glyphs vary by less
between builds of the font library. Pictures differ if more than ``SHARE_TOLERANCE`` of the pixels do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

CHANNEL_TOLERANCE = 24
SHARE_TOLERANCE = 0.0015


@dataclass(frozen=True, slots=True)
class Difference:
    """``share`` of differing pixels (0..1), the ``worst`` channel difference (0..255), and what differs, in red."""

    share: float
    worst: int
    picture: QImage | None
    reason: str = ""

    @property
    def acceptable(self) -> bool:
        """True if the pictures count as equal."""
        return not self.reason and self.share <= SHARE_TOLERANCE


def compare(expected: QImage, actual: QImage) -> Difference:
    """Compare two pictures; different sizes are never acceptable."""
    if expected.size() != actual.size():
        sizes = f"{expected.width()}x{expected.height()} expected, {actual.width()}x{actual.height()} rendered"
        return Difference(1.0, 255, None, sizes)
    first, second = _channels(expected), _channels(actual)
    distance = np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=2)
    differs = distance > CHANNEL_TOLERANCE
    return Difference(float(differs.mean()), int(distance.max(initial=0)), _marked(second, differs))


def _channels(image: QImage) -> np.ndarray:
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : plain.width() * 4].reshape(plain.height(), plain.width(), 4)[:, :, :3].copy()


def _marked(pixels: np.ndarray, differs: np.ndarray) -> QImage:
    height, width = differs.shape
    canvas = np.full((height, width, 4), 255, np.uint8)
    canvas[:, :, :3] = pixels // 4 + 16
    canvas[differs] = (60, 60, 255, 255)
    return QImage(canvas.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32).copy()
