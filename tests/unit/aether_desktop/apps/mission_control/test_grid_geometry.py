"""Cells, hits and arrow keys."""

from __future__ import annotations

import pytest

from aether_desktop.apps.mission_control.grid_geometry import EDGE_PX, Move, geometry_for

GRID = geometry_for(False, 1100, 500, 8)


def test_cards_fill_the_width_and_every_point_of_a_cell_hits_it() -> None:
    assert GRID.columns == 3
    for row in range(8):
        cell = GRID.cell(row)
        assert GRID.row_at(cell.center().x(), cell.center().y()) == row
    assert GRID.row_at(2, 2) == -1
    assert GRID.row_at(GRID.cell(7).right() + 40, GRID.cell(7).center().y()) == -1


def test_a_narrow_view_has_one_column_and_a_list_always() -> None:
    assert geometry_for(False, 200, 400, 5).columns == 1
    assert geometry_for(True, 2000, 400, 5).columns == 1
    assert geometry_for(False, 1, 1, 5).cell_width == 1


def test_only_visible_rows_are_asked_for() -> None:
    big = geometry_for(False, 1100, 500, 1000)
    assert big.rows_between(0, 500) == range(9)
    middle = big.rows_between(10_000, 10_500)
    assert len(middle) <= 12
    assert big.cell(middle[0]).bottom() >= 10_000
    assert geometry_for(False, 1100, 500, 0).rows_between(0, 500) == range(0)
    assert big.height == -(-1000 // 3) * big.cell_height + 2 * EDGE_PX


@pytest.mark.parametrize(
    ("row", "move", "target"),
    [
        (-1, Move.DOWN, 0), (0, Move.ON, 1), (0, Move.BACK, 0), (1, Move.DOWN, 4), (5, Move.DOWN, 7), (7, Move.DOWN, 7),
        (4, Move.UP, 1), (1, Move.UP, 1), (3, Move.FIRST, 0), (0, Move.LAST, 7), (0, Move.PAGE_DOWN, 6),
        (7, Move.PAGE_UP, 1), (2, Move.NONE, 2),
    ],
)  # fmt: skip
def test_arrow_keys_lead_where_eyes_expect(row: int, move: Move, target: int) -> None:
    assert GRID.moved(row, move) == target


def test_nobody_to_move_to() -> None:
    assert geometry_for(False, 500, 500, 0).moved(-1, Move.DOWN) == -1
