"""Where a remote screen lies in a widget, pure: whole where it fits, else made smaller with its proportions, in the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kernel.rfb.framebuffer import Rect


@dataclass(frozen=True, slots=True)
class Placing:
    """A screen in a widget. scale: widget pixels a screen pixel, at most 1. left, top: widget pixels before the screen begins."""

    width: int
    height: int
    scale: float
    left: int
    top: int

    @classmethod
    def of(cls, screen: tuple[int, int], widget: tuple[int, int]) -> Placing:
        """A screen of (width, height) in a widget of (width, height), in pixels."""
        scale = min(1.0, widget[0] / screen[0], widget[1] / screen[1])
        left, top = (max(0, int(room - size * scale) // 2) for room, size in zip(widget, screen, strict=True))
        return cls(screen[0], screen[1], scale, left, top)

    def shown(self, rect: Rect) -> Rect:
        """The pixels of the widget that a part of the screen touches; smoothing spreads it by one."""
        spread = 0 if self.scale == 1 else 1
        left, top = math.floor(rect.x * self.scale) - spread, math.floor(rect.y * self.scale) - spread
        right = math.ceil((rect.x + rect.width) * self.scale) + spread
        bottom = math.ceil((rect.y + rect.height) * self.scale) + spread
        return Rect(self.left + left, self.top + top, right - left, bottom - top)

    def contains(self, x: float, y: float) -> bool:
        """Whether the screen is at a point of the widget, not what is beside it."""
        return 0 <= (x - self.left) / self.scale < self.width and 0 <= (y - self.top) / self.scale < self.height

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """The pixel of the screen at a point of the widget, the nearest one where it lies beside."""
        column, row = math.floor((x - self.left) / self.scale), math.floor((y - self.top) / self.scale)
        return min(max(column, 0), self.width - 1), min(max(row, 0), self.height - 1)
