"""Where windows go, without any window."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize

from aether_desktop.shell.geometry import (
    MIN_SIZE,
    REACHABLE_WIDTH_PX,
    Direction,
    Edge,
    Zone,
    cascade,
    edges_at,
    fitted,
    keep_reachable,
    next_zone,
    resized,
    zone_at,
    zone_rect,
)

WORK = QRect(0, 36, 1400, 780)
START = QRect(100, 100, 600, 400)


@pytest.mark.feature("DS02")
def test_new_windows_cascade_by_thirty_px() -> None:
    taken: list[QPoint] = []
    for _ in range(4):
        taken.append(cascade(QSize(900, 600), WORK, taken).topLeft())
    steps = {(b - a).toTuple() for a, b in itertools.pairwise(taken)}
    assert steps == {(30, 30)}


@pytest.mark.feature("DS02")
@pytest.mark.parametrize("size", [QSize(900, 650), QSize(300, 200), QSize(1300, 300), QSize(500, 780), QSize(1000, 760)])
def test_new_windows_stay_above_the_dock_and_start_over_at_the_upper_left(size: QSize) -> None:
    taken: list[QPoint] = []
    for _ in range(12):
        rect = cascade(size, WORK, taken)
        assert WORK.contains(rect) and rect.size() == size
        assert rect.topLeft() not in taken
        taken.append(rect.topLeft())
    falls = [after for before, after in itertools.pairwise(taken) if (after - before).toTuple() != (30, 30)]
    assert not falls or falls[0] == WORK.topLeft()
    assert all(corner.y() == WORK.y() for corner in falls)


def test_where_every_place_is_taken_a_window_lies_over_the_first() -> None:
    taken: list[QPoint] = []
    for _ in range(4):
        taken.append(cascade(QSize(1370, 780), WORK, taken).topLeft())
    assert taken[0] == taken[-1] and all(WORK.contains(QRect(corner, QSize(1370, 780))) for corner in taken)
    assert cascade(QSize(1400, 780), WORK, [WORK.topLeft()]) == WORK


def test_a_window_larger_than_the_desktop_is_made_to_fit() -> None:
    wish = cascade(QSize(3000, 3000), WORK, [])
    assert wish.size() == QSize(3000, 3000)
    assert fitted(wish, WORK) == WORK
    assert fitted(START, WORK) == START


def test_a_hundred_windows_all_find_a_reachable_place() -> None:
    taken: list[QPoint] = []
    for _ in range(100):
        rect = cascade(QSize(900, 650), WORK, taken)
        assert keep_reachable(rect, WORK) == rect
        taken.append(rect.topLeft())


@pytest.mark.feature("DS01")
@pytest.mark.parametrize(
    ("edges", "moved", "expected"),
    [
        (Edge.LEFT, QPoint(-20, 5), QRect(80, 100, 620, 400)),
        (Edge.RIGHT, QPoint(20, 5), QRect(100, 100, 620, 400)),
        (Edge.TOP, QPoint(5, -20), QRect(100, 80, 600, 420)),
        (Edge.BOTTOM, QPoint(5, 20), QRect(100, 100, 600, 420)),
        (Edge.LEFT | Edge.TOP, QPoint(-20, -20), QRect(80, 80, 620, 420)),
        (Edge.RIGHT | Edge.TOP, QPoint(20, -20), QRect(100, 80, 620, 420)),
        (Edge.LEFT | Edge.BOTTOM, QPoint(-20, 20), QRect(80, 100, 620, 420)),
        (Edge.RIGHT | Edge.BOTTOM, QPoint(20, 20), QRect(100, 100, 620, 420)),
    ],
)
def test_each_of_the_eight_handles_moves_its_edges(edges: Edge, moved: QPoint, expected: QRect) -> None:
    assert resized(START, edges, moved, WORK) == expected


@given(
    edges=st.sampled_from(
        [a | b for a in (Edge.NONE, Edge.LEFT, Edge.RIGHT) for b in (Edge.NONE, Edge.TOP, Edge.BOTTOM)]
    ),
    x=st.integers(-3000, 3000),
    y=st.integers(-3000, 3000),
)
def test_resizing_never_goes_below_the_minimum_nor_moves_the_other_edge(edges: Edge, x: int, y: int) -> None:
    rect = resized(START, edges, QPoint(x, y), WORK)
    assert rect.width() >= MIN_SIZE.width()
    assert rect.height() >= MIN_SIZE.height()
    assert rect.top() >= WORK.top()
    if Edge.LEFT in edges:
        assert rect.right() == START.right()
    else:
        assert rect.left() == START.left()
    if Edge.TOP in edges:
        assert rect.bottom() == START.bottom()
    else:
        assert rect.top() == START.top()


@given(
    x=st.integers(-5000, 5000),
    y=st.integers(-5000, 5000),
    width=st.integers(300, 2000),
    height=st.integers(200, 2000),
    desktop=st.tuples(st.integers(480, 3000), st.integers(300, 2000)),
)
def test_a_hands_breadth_of_the_title_bar_always_stays_on_the_desktop(
    x: int, y: int, width: int, height: int, desktop: tuple[int, int]
) -> None:
    work = QRect(0, 36, *desktop)
    rect = keep_reachable(QRect(x, y, width, height), work)
    bar = QRect(rect.x(), rect.y(), rect.width(), 44).intersected(work)
    assert bar.width() >= REACHABLE_WIDTH_PX
    assert bar.height() >= 44
    assert rect.size() == QSize(width, height)


@pytest.mark.feature("DS01")
@pytest.mark.parametrize(
    ("pointer", "zone"),
    [
        (QPoint(2, 400), Zone.LEFT),
        (QPoint(1398, 400), Zone.RIGHT),
        (QPoint(2, 50), Zone.TOP_LEFT),
        (QPoint(1398, 50), Zone.TOP_RIGHT),
        (QPoint(2, 800), Zone.BOTTOM_LEFT),
        (QPoint(1398, 800), Zone.BOTTOM_RIGHT),
        (QPoint(700, 38), Zone.MAXIMISED),
        (QPoint(700, 400), Zone.FREE),
        (QPoint(700, 812), Zone.FREE),
    ],
)
def test_the_pointer_finds_halves_and_quarters(pointer: QPoint, zone: Zone) -> None:
    assert zone_at(pointer, WORK) is zone


def test_halves_and_quarters_tile_the_work_area_without_gap() -> None:
    work = QRect(3, 36, 1401, 779)
    halves = [zone_rect(Zone.LEFT, work), zone_rect(Zone.RIGHT, work)]
    quarters = [zone_rect(zone, work) for zone in (Zone.TOP_LEFT, Zone.TOP_RIGHT, Zone.BOTTOM_LEFT, Zone.BOTTOM_RIGHT)]
    for parts in (halves, quarters):
        assert sum(part.width() * part.height() for part in parts) == work.width() * work.height()
        assert all(not a.intersects(b) for a, b in itertools.combinations(parts, 2))
        assert all(work.contains(part) for part in parts)


def test_every_zone_is_reached_with_the_keys_and_left_again() -> None:
    reached = {Zone.FREE}
    frontier = [Zone.FREE]
    while frontier:
        zone = frontier.pop()
        for direction in Direction:
            following = next_zone(zone, direction)
            if following not in reached:
                reached.add(following)
                frontier.append(following)
    assert reached == set(Zone)
    assert next_zone(next_zone(Zone.FREE, Direction.LEFT), Direction.RIGHT) is Zone.FREE


def test_the_middle_of_a_window_is_no_handle() -> None:
    assert edges_at(QPoint(100, 100), QSize(400, 300), 8, 20) is Edge.NONE
    assert edges_at(QPoint(2, 2), QSize(400, 300), 8, 20) == Edge.LEFT | Edge.TOP
    assert edges_at(QPoint(15, 2), QSize(400, 300), 8, 20) == Edge.LEFT | Edge.TOP
    assert edges_at(QPoint(200, 2), QSize(400, 300), 8, 20) == Edge.TOP
    assert edges_at(QPoint(398, 150), QSize(400, 300), 8, 20) == Edge.RIGHT
