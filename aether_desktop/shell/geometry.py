"""Where windows go: snapping, cascade, resizing and staying within reach. Pure functions over rectangles.

Called by the window frame and the window manager. All lengths are in px; ``work`` is the area between menu bar and dock.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Flag, StrEnum, auto

from PySide6.QtCore import QPoint, QRect, QSize

MIN_SIZE = QSize(300, 200)
DEFAULT_SIZE = QSize(900, 650)
CASCADE_STEP_PX = 30
SNAP_DISTANCE_PX = 14
REACHABLE_WIDTH_PX = 96
TITLE_BAR_HEIGHT_PX = 44
_CORNER_SHARE = 4


class Zone(StrEnum):
    """Where a window is fastened; FREE is nowhere."""

    FREE = "free"
    MAXIMISED = "maximised"
    LEFT = "left"
    RIGHT = "right"
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


class Direction(StrEnum):
    """A key's direction."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class Edge(Flag):
    """Which edges a resize moves."""

    NONE = 0
    LEFT = auto()
    TOP = auto()
    RIGHT = auto()
    BOTTOM = auto()


_NEXT_ZONE: dict[tuple[Zone, Direction], Zone] = {
    (Zone.FREE, Direction.LEFT): Zone.LEFT,
    (Zone.FREE, Direction.RIGHT): Zone.RIGHT,
    (Zone.FREE, Direction.UP): Zone.MAXIMISED,
    (Zone.MAXIMISED, Direction.LEFT): Zone.LEFT,
    (Zone.MAXIMISED, Direction.RIGHT): Zone.RIGHT,
    (Zone.MAXIMISED, Direction.DOWN): Zone.FREE,
    (Zone.LEFT, Direction.RIGHT): Zone.FREE,
    (Zone.LEFT, Direction.UP): Zone.TOP_LEFT,
    (Zone.LEFT, Direction.DOWN): Zone.BOTTOM_LEFT,
    (Zone.RIGHT, Direction.LEFT): Zone.FREE,
    (Zone.RIGHT, Direction.UP): Zone.TOP_RIGHT,
    (Zone.RIGHT, Direction.DOWN): Zone.BOTTOM_RIGHT,
    (Zone.TOP_LEFT, Direction.RIGHT): Zone.TOP_RIGHT,
    (Zone.TOP_LEFT, Direction.DOWN): Zone.LEFT,
    (Zone.TOP_LEFT, Direction.UP): Zone.MAXIMISED,
    (Zone.TOP_RIGHT, Direction.LEFT): Zone.TOP_LEFT,
    (Zone.TOP_RIGHT, Direction.DOWN): Zone.RIGHT,
    (Zone.TOP_RIGHT, Direction.UP): Zone.MAXIMISED,
    (Zone.BOTTOM_LEFT, Direction.RIGHT): Zone.BOTTOM_RIGHT,
    (Zone.BOTTOM_LEFT, Direction.UP): Zone.LEFT,
    (Zone.BOTTOM_LEFT, Direction.DOWN): Zone.FREE,
    (Zone.BOTTOM_RIGHT, Direction.LEFT): Zone.BOTTOM_LEFT,
    (Zone.BOTTOM_RIGHT, Direction.UP): Zone.RIGHT,
    (Zone.BOTTOM_RIGHT, Direction.DOWN): Zone.FREE,
}


def next_zone(zone: Zone, direction: Direction) -> Zone:
    """Return where a window fastened at ``zone`` goes when a key asks for ``direction``."""
    return _NEXT_ZONE.get((zone, direction), zone)


def zone_rect(zone: Zone, work: QRect) -> QRect:
    """Return the rectangle of ``zone``; for FREE an empty one."""
    half_width, half_height = work.width() // 2, work.height() // 2
    right = QRect(work.x() + half_width, work.y(), work.width() - half_width, work.height())
    left = QRect(work.x(), work.y(), half_width, work.height())
    if zone is Zone.FREE:
        return QRect()
    if zone is Zone.MAXIMISED:
        return QRect(work)
    side = left if zone in (Zone.LEFT, Zone.TOP_LEFT, Zone.BOTTOM_LEFT) else right
    if zone in (Zone.TOP_LEFT, Zone.TOP_RIGHT):
        return QRect(side.x(), work.y(), side.width(), half_height)
    if zone in (Zone.BOTTOM_LEFT, Zone.BOTTOM_RIGHT):
        return QRect(side.x(), work.y() + half_height, side.width(), work.height() - half_height)
    return side


def zone_at(pointer: QPoint, work: QRect) -> Zone:
    """Return the zone that a window dragged to ``pointer`` would snap to.

    The sides give halves, their upper and lower quarters give quarters, the upper edge maximises.
    """
    at_left = pointer.x() <= work.left() + SNAP_DISTANCE_PX
    at_right = pointer.x() >= work.right() - SNAP_DISTANCE_PX
    corner = max(SNAP_DISTANCE_PX, work.height() // _CORNER_SHARE)
    upper, lower = pointer.y() < work.top() + corner, pointer.y() > work.bottom() - corner
    if at_left:
        return Zone.TOP_LEFT if upper else Zone.BOTTOM_LEFT if lower else Zone.LEFT
    if at_right:
        return Zone.TOP_RIGHT if upper else Zone.BOTTOM_RIGHT if lower else Zone.RIGHT
    return Zone.MAXIMISED if pointer.y() <= work.top() + SNAP_DISTANCE_PX // 2 else Zone.FREE


def cascade(size: QSize, work: QRect, taken: list[QPoint]) -> QRect:
    """Return the place of a new window of ``size``: centred at first, then 30 px right and down of those in its way.

    Where it would pass an edge, and so lie below the dock, it starts over at the upper left corner of ``work``, the next time 30 px
    right of it. ``taken`` holds the upper left corners of the open windows. The size is kept even where it does not fit: ``fitted``
    makes it smaller for as long as the work area is small.
    """
    shown = size.boundedTo(work.size())
    room = QRect(work.topLeft(), work.size() - shown + QSize(1, 1))  # where the corner of a window may be that shows whole
    start = QPoint(
        work.x() + max(0, (work.width() - size.width()) // 2),
        work.y() + max(0, (work.height() - size.height()) // 3),
    )
    corner = QPoint(start)
    occupied = {(point.x(), point.y()) for point in taken}
    begun = 0
    while (corner.x(), corner.y()) in occupied:
        corner += QPoint(CASCADE_STEP_PX, CASCADE_STEP_PX)
        if not room.contains(corner):
            corner = work.topLeft() + QPoint(begun * CASCADE_STEP_PX, 0)
            begun += 1
        if not room.contains(corner):  # every place is taken
            corner = QPoint(start)
            break
    return keep_reachable(QRect(corner, size), work)


def keep_reachable(rect: QRect, work: QRect) -> QRect:
    """Move ``rect`` so that enough of its title bar stays on ``work`` to take hold of it."""
    visible = min(REACHABLE_WIDTH_PX, rect.width())
    x = min(max(rect.x(), work.left() - rect.width() + visible), work.right() + 1 - visible)
    y = min(max(rect.y(), work.top()), max(work.top(), work.bottom() + 1 - TITLE_BAR_HEIGHT_PX))
    return QRect(QPoint(x, y), rect.size())


def fitted(rect: QRect, work: QRect, *, whole: bool = False) -> QRect:
    """Return ``rect`` as it is shown on ``work``: no larger than it, and within reach; all of it where it is to be ``whole``."""
    size = rect.size().boundedTo(work.size()).expandedTo(MIN_SIZE)
    x = rect.x() if size.width() == rect.width() else work.x()
    y = rect.y() if size.height() == rect.height() else work.y()
    if whole:
        x = max(work.x(), min(x, work.right() + 1 - size.width()))
        y = max(work.y(), min(y, work.bottom() + 1 - size.height()))
    return keep_reachable(QRect(QPoint(x, y), size), work)


def on_a_screen(rect: QRect, screens: Sequence[QRect]) -> QRect:
    """Return where a native window is shown that was at ``rect``: as it was, or on the nearest of ``screens`` where that is gone.

    ``screens`` are the usable areas of the present ones, at least one.
    """
    middle = rect.center()
    work = next((screen for screen in screens if screen.contains(middle)), None)
    if work is None:
        work = min(screens, key=lambda screen: (screen.center() - middle).manhattanLength())
    size = rect.size().boundedTo(work.size()).expandedTo(MIN_SIZE)
    x = min(max(rect.x(), work.left()), max(work.left(), work.right() + 1 - size.width()))
    y = min(max(rect.y(), work.top()), max(work.top(), work.bottom() + 1 - size.height()))
    return QRect(QPoint(x, y), size)


def resized(start: QRect, edges: Edge, moved: QPoint, work: QRect, minimum: QSize = MIN_SIZE) -> QRect:
    """Return ``start`` with ``edges`` moved by ``moved``, not smaller than ``minimum`` and not above ``work``."""
    rect = QRect(start)
    if Edge.LEFT in edges:
        rect.setLeft(min(start.left() + moved.x(), start.right() + 1 - minimum.width()))
    if Edge.RIGHT in edges:
        rect.setRight(max(start.right() + moved.x(), start.left() - 1 + minimum.width()))
    if Edge.TOP in edges:
        rect.setTop(max(work.top(), min(start.top() + moved.y(), start.bottom() + 1 - minimum.height())))
    if Edge.BOTTOM in edges:
        rect.setBottom(max(start.bottom() + moved.y(), start.top() - 1 + minimum.height()))
    return rect


def edges_at(position: QPoint, size: QSize, thickness: int, corner: int) -> Edge:
    """Return which edges a press at ``position`` inside a window of ``size`` takes hold of.

    ``thickness`` is how far inside an edge it can be taken, ``corner`` how far along from a corner both are.
    """
    x, y, width, height = position.x(), position.y(), size.width(), size.height()
    near_x = Edge.LEFT if x < thickness else Edge.RIGHT if x >= width - thickness else Edge.NONE
    near_y = Edge.TOP if y < thickness else Edge.BOTTOM if y >= height - thickness else Edge.NONE
    if near_x is Edge.NONE and near_y is Edge.NONE:
        return Edge.NONE
    if near_x is Edge.NONE:
        near_x = Edge.LEFT if x < corner else Edge.RIGHT if x >= width - corner else Edge.NONE
    elif near_y is Edge.NONE:
        near_y = Edge.TOP if y < corner else Edge.BOTTOM if y >= height - corner else Edge.NONE
    return near_x | near_y
