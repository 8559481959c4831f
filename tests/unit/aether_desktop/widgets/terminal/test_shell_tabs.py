"""What every window with shells in tabs does: go from one to the next, and close nothing that runs without a question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.terminal.closing import Running
from aether_desktop.widgets.terminal.shell_tabs import ShellTabs


class FakeShell(QWidget):
    """A shell as far as tabs ask."""

    def __init__(self, program: str = "", over: bool = False) -> None:
        super().__init__()
        self.program_over = over
        self.found = Running(program)

    async def running(self) -> Running:
        return self.found


class Tabs(ShellTabs[Any]):
    """A page that is no shell, then shells."""

    def __init__(self, over: QWidget | None, *shells: FakeShell) -> None:
        super().__init__(over, "The rest goes on.")
        self.dropped: list[FakeShell] = []
        self._shells = list(shells)
        for page in (QWidget(), *shells):
            self.pages.addWidget(page)
            self.bar.addTab("a tab")

    @property
    def shells(self) -> tuple[FakeShell, ...]:
        return tuple(self._shells)

    def shell_at(self, index: int) -> FakeShell | None:
        return self._shells[index - 1] if 0 < index <= len(self._shells) else None

    def drop(self, shell: FakeShell) -> None:
        self.dropped.append(shell)


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWidget]:
    made = QWidget()
    made.resize(600, 400)
    made.show()
    yield made
    made.close()
    made.deleteLater()


async def settle() -> None:
    for _ in range(6):
        QApplication.processEvents()
        await asyncio.sleep(0)


def questions(widget: QWidget) -> list[Sheet]:
    return [sheet for sheet in widget.findChildren(Sheet) if sheet.isVisible()]


def made(window: QWidget, *shells: FakeShell, over: QWidget | None = None) -> Tabs:
    tabs = Tabs(over, *shells)
    tabs.setParent(window)
    tabs.resize(600, 400)
    tabs.show()
    return tabs


async def test_steps_go_round_at_the_ends(window: QWidget) -> None:
    tabs = made(window, FakeShell(), FakeShell())
    seen = []
    for step in (-1, -1, 1, 1, 1):
        tabs.step(step)
        seen.append(tabs.bar.currentIndex())
    assert seen == [2, 1, 2, 0, 1]
    while tabs.bar.count():
        tabs.bar.removeTab(0)
    tabs.step(1)
    assert tabs.bar.currentIndex() == -1


async def test_an_idle_shell_goes_at_once_and_what_is_no_shell_stays(window: QWidget) -> None:
    idle, other = FakeShell(), FakeShell("vim")
    tabs = made(window, idle, other)
    tabs.close_tab(0)
    tabs.close_tab(9)
    tabs.close_tab(-1)
    await settle()
    assert not tabs.dropped
    tabs.bar.setCurrentIndex(1)
    tabs.close_tab()
    await settle()
    assert tabs.dropped == [idle]
    assert not questions(window)


@pytest.mark.parametrize(("key", "goes"), [("end", True), ("keep", False)])
async def test_what_runs_ends_after_the_answer_only(window: QWidget, key: str, goes: bool) -> None:
    busy = FakeShell("make")
    tabs = made(window, busy)
    tabs.bar.close_wanted.emit(1)
    await settle()
    (sheet,) = questions(tabs)
    assert sheet.accessibleName() == "make is running"
    assert not tabs.dropped
    sheet.answer(key)
    await settle()
    assert tabs.dropped == ([busy] if goes else [])


async def test_a_second_question_takes_the_place_of_the_first(window: QWidget) -> None:
    tabs = made(window, FakeShell("one"), FakeShell("two"), over=window)
    closed: list[bool] = []
    tabs.close_tab(1)
    await settle()
    assert not tabs.may_close(lambda: closed.append(True))
    await settle()
    (sheet,) = questions(window)
    assert sheet.parent() is window
    assert sheet.accessibleName() == "2 programs are running"
    sheet.answer("end")
    await settle()
    assert closed == [True]
    assert not tabs.dropped, "they end with the window itself"


async def test_a_window_closes_at_once_where_every_shell_is_over_and_soon_where_they_are_idle(window: QWidget) -> None:
    closed: list[bool] = []
    assert made(window, FakeShell("x", over=True)).may_close(lambda: closed.append(True))
    assert made(window).may_close(lambda: closed.append(True))
    assert not closed
    assert not made(window, FakeShell(), FakeShell("x", over=False)).may_close(lambda: closed.append(True))
    await settle()
    assert not closed
    assert not made(window, FakeShell()).may_close(lambda: closed.append(True))
    await settle()
    assert closed == [True]


async def test_a_shell_that_goes_while_another_is_asked_is_passed_over(window: QWidget) -> None:
    gone, busy = FakeShell("gone"), FakeShell("busy")
    tabs = made(window, busy, gone)

    async def slow() -> Running:
        from shiboken6 import delete

        delete(gone)
        return Running("busy")

    busy.running = slow  # type: ignore[method-assign]  # it takes its time
    assert not tabs.may_close(lambda: None)
    await settle()
    (sheet,) = questions(window)
    assert sheet.accessibleName() == "busy is running"
