"""A table of one column in the place of a list: unlike a list it does not ask for every row of a long journal."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView


def set_up_one_column(table: QTableView, row_px: int) -> None:
    """Make ``table`` look like a list: no headers and no grid, rows of ``row_px``, scrolled by pixels, Tab leaves it."""
    table.horizontalHeader().hide()
    table.horizontalHeader().setStretchLastSection(True)
    rows = table.verticalHeader()
    rows.hide()
    rows.setMinimumSectionSize(row_px)
    rows.setDefaultSectionSize(row_px)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setFrameShape(QTableView.Shape.NoFrame)
