"""The model of a folder: sorted, filtered, and changed by as little as differs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from aether_desktop.widgets.file_browser.file_model import Column, FileModel
from kernel.protocol.records import FileStat

pytestmark = pytest.mark.usefixtures("qapp")
DOWN, UP = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


def stat(name: str, size: int = 1, changed: float = 0.0, *, folder: bool = False) -> FileStat:
    return FileStat(
        path=f"/x/{name}", name=name, type="directory" if folder else "file", size=size, mode=0o644, uid="",
        created_at=changed, modified_at=changed, is_hidden=name.startswith("."),
    )  # fmt: skip


def shown(model: FileModel) -> list[str]:
    return [entry.name for row in range(model.rowCount()) if (entry := model.entry(row)) is not None]


def checked(model: FileModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


@pytest.mark.feature("FS06")
def test_folders_come_first_in_every_order() -> None:
    model = FileModel()
    model.set_entries([stat("b", 5, 1), stat("Z", folder=True), stat("a", 9, 3), stat("c", 1, 2)], anew=True)
    assert shown(model) == ["Z", "a", "b", "c"]
    model.sort(Column.NAME, DOWN)
    assert shown(model) == ["Z", "c", "b", "a"]
    model.sort(Column.SIZE, DOWN)
    assert shown(model) == ["Z", "a", "b", "c"]
    model.sort(Column.CHANGED, UP)
    assert shown(model) == ["Z", "b", "c", "a"]


def test_hidden_and_searched() -> None:
    model = FileModel()
    model.set_entries([stat(".config"), stat("Router.py"), stat("notes")], anew=True)
    assert shown(model) == ["notes", "Router.py"]
    model.set_query("ROUT")
    assert shown(model) == ["Router.py"]
    model.set_query("")
    model.set_shows_hidden(True)
    assert shown(model) == [".config", "notes", "Router.py"]


def test_a_row_keeps_its_place_in_the_list_when_others_come_and_go() -> None:
    model = FileModel()
    checks = checked(model)
    model.set_entries([stat(name) for name in "bdf"], anew=True)
    kept = QPersistentModelIndex(model.index(1, 0))
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    model.set_entries([stat(name) for name in "acdeg"], anew=False)
    assert shown(model) == list("acdeg")
    assert kept.data() == "d"
    assert model.row_of("e") == 3
    assert not resets
    del checks


NAMES = st.lists(st.text("abcdé.", min_size=1, max_size=3), unique=True, max_size=12)


@given(NAMES, NAMES, st.sampled_from(list(Column)), st.sampled_from([UP, DOWN]))
@settings(max_examples=60, deadline=None)
def test_changed_bit_by_bit_is_the_same_as_read_anew(
    before: list[str], after: list[str], column: Column, order: Qt.SortOrder
) -> None:
    model, fresh = FileModel(), FileModel()
    checks = checked(model)
    model.sort(column, order)
    fresh.sort(column, order)
    model.set_entries([stat(name, len(name), number) for number, name in enumerate(before)], anew=True)
    entries = [stat(name, number, number * 7 % 5, folder=number % 3 == 0) for number, name in enumerate(after)]
    model.set_entries(entries, anew=False)
    fresh.set_entries(entries, anew=True)
    assert shown(model) == shown(fresh)
    del checks


def test_ten_thousand_entries_are_read_again_within_a_frame_or_two() -> None:
    model = FileModel()
    entries = [stat(f"file-{number:05}.log", number, number) for number in range(10_000)]
    model.set_entries(entries, anew=True)
    started = time.perf_counter()
    model.set_entries([*entries[:5_000], stat("new"), *entries[5_000:]], anew=False)
    assert time.perf_counter() - started < 0.5
    assert model.rowCount() == 10_001
    assert model.row_of("new") == 10_000
