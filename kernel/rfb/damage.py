"""Which parts of a picture changed: a few rectangles that cover them all, whatever and however much is added."""

from kernel.rfb.framebuffer import Rect

MAX_RECTS = 8


class Damage:
    """At most `MAX_RECTS` rectangles; false while nothing was added. Not safe to use from two threads at once."""

    def __init__(self) -> None:
        self._rects: list[Rect] = []

    def __bool__(self) -> bool:
        return bool(self._rects)

    def add(self, rect: Rect) -> None:
        """Cover one more rectangle; joined with another where that covers nothing else, or where there is no room for one more."""
        if not _area(rect):
            return
        kept: list[Rect] = []
        for other in self._rects:
            joined = _union(rect, other)
            if _area(joined) <= _area(rect) + _area(other):
                rect = joined
            else:
                kept.append(other)
        if len(kept) == MAX_RECTS:
            nearest = min(kept, key=lambda other: _area(_union(rect, other)) - _area(other))
            kept.remove(nearest)
            rect = _union(rect, nearest)
        kept.append(rect)
        self._rects = kept

    def replace(self, rect: Rect) -> None:
        """Forget the others: the picture is another one."""
        self._rects = [rect]

    def take(self) -> tuple[Rect, ...]:
        """All of them; there are none afterwards."""
        taken, self._rects = tuple(self._rects), []
        return taken


def _area(rect: Rect) -> int:
    return rect.width * rect.height


def _union(one: Rect, other: Rect) -> Rect:
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Rect(left, top, right - left, bottom - top)
