"""Mission Control's filters and figures: who is counted where, and that both say the same."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.mission_control import paint_parts
from aether_desktop.shell.title_bar import TitleBar
from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.process import (
    ApprovalAnswered,
    ProcessExited,
    ProcessList,
    ProcessListReply,
    ProcessSpawned,
    RunCounts,
)
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle
from tests.unit.aether_desktop.apps.mission_control.conftest import Page

CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


@pytest.mark.feature("MC02")
async def test_the_figures_count_what_there_is(page: Page) -> None:
    shown = {figure.label: figure.value for figure in page.view.metrics.shown}
    assert shown == {
        "agents": "6", "active": "2", "needs you": "1", "idle": "1", "completed": "1", "failed": "1",
        "uptime": "2 h 14 m", "memory": "375 MB", "tokens today": "1.2 M",
    }  # fmt: skip
    page.world.client.publish(ProcessExited(pid=5, code=0))
    page.world.client.publish(ProcessExited(pid=4, code=143))
    assert "6 agents, 0 active, 1 needs you, 1 idle, 2 completed, 1 failed, 1 stopped" in page.view.metrics.accessibleName()
    page.window.resize(360, 700)
    await settle()
    assert "needs you" in [figure.label for figure in page.view.metrics.shown]
    assert len(page.view.metrics.shown) < 8


@pytest.mark.feature("MC02")
async def test_runs_that_are_not_listed_are_counted_too(page: Page) -> None:
    page.world.client.answer(
        ProcessList,
        ProcessListReply(
            processes=tuple(page.world.client.processes), ended=RunCounts(completed=1200, failed=30, stopped=4), seq=10_000
        ),
    )
    await page.world.stores.processes.attach()
    assert "1238 agents" in page.view.metrics.accessibleName()
    assert "1200 completed, 30 failed, 4 stopped" in page.view.metrics.accessibleName()


@pytest.mark.feature("MC03")
async def test_filters_are_clicked_and_searches_typed(page: Page) -> None:
    filters = page.view.filters
    assert [segment.label for segment in filters._segments] == ["All 6", "Active 2", "Needs you 1", "Idle 1", "Done 1", "Failed 1"]
    page.click(filters, filters.segment_rect("failed").center().toPoint())
    assert page.view.model.rowCount() == 1
    page.click(filters, filters.segment_rect("all").center().toPoint())
    page.view.grid.setFocus()
    page.press(Key.Key_Slash)
    assert page.view.search.hasFocus()
    page.type("p95")
    assert [page.view.model.view_at(0).pid] == [4]  # type: ignore[union-attr] # found
    page.type("zebra")
    assert page.view.stack.currentWidget() is page.view.nothing
    page.press(Key.Key_Escape)
    assert page.view.model.rowCount() == 6


@pytest.mark.feature("MC02", "MC03")
async def test_a_filter_has_the_number_of_its_figure_whatever_happens(page: Page) -> None:
    world = page.world

    def numbers() -> tuple[list[str], list[str]]:
        told = {figure.label: int(figure.value) for figure in page.view.metrics._figures if figure.value.isdigit()}
        told["completed"] += told.pop("stopped", 0)
        labels = ("agents", "active", "needs you", "idle", "completed", "failed")
        return [str(segment.count) for segment in page.view.filters.segments], [str(told[label]) for label in labels]

    happenings = (
        ProcessExited(pid=5, code=143),
        ProcessSpawned(pid=9, info=make_info(9, state="stopped", interrupted=True)),
        ProcessSpawned(pid=10, info=make_info(10, state="created", agent_phase="booting")),
        ApprovalAnswered(pid=6, approval_id="approval-6", call_id="call-1", approved=True),
        ProcessExited(pid=4, code=1),
    )
    seen = {tuple(numbers()[0])}
    for event in happenings:
        world.client.publish(event)
        filters, figures = numbers()
        assert filters == figures, event
        assert sum(map(int, filters[1:])) == int(filters[0])
        seen.add(tuple(filters))
    assert len(seen) > 4


@pytest.mark.feature("MC03")
async def test_who_stands_still_has_a_filter(page: Page) -> None:
    page.world.client.publish(ProcessSpawned(pid=9, info=make_info(9, state="stopped", interrupted=True)))
    page.click(page.view.filters, page.view.filters.segment_rect("idle").center().toPoint())
    assert [page.view.model.view_at(row).pid for row in range(page.view.model.rowCount())] == [9, 3]  # type: ignore[union-attr] # there


@pytest.mark.feature("DS01", "MC03")
async def test_the_smallest_window_shows_every_filter_and_way_in(page: Page, qapp: QApplication) -> None:
    bar = TitleBar(page.window, "Mission Control")
    bar.set_widgets([page.view.filters, page.view.search, page.view.deploy])
    for width in (300, 330, 456, 700, 1000):
        # A window's frame gives its page this width, whatever the page would like.
        page.view.resize(width, 360)
        bar.setGeometry(0, 0, width, bar.height_for(width))
        bar.place()
        areas = [widget.geometry() for widget in (page.view.filters, page.view.search, page.view.deploy)]
        assert all(bar.rect().contains(area) for area in areas), (width, areas)
        assert not any(one.intersects(other) for one, other in combinations(areas, 2)), (width, areas)


@pytest.mark.feature("MC03")
async def test_runs_that_only_the_history_lists_are_counted_and_said(page: Page) -> None:
    labels = [segment.label for segment in page.view.filters._segments]
    assert labels == ["All 6", "Active 2", "Needs you 1", "Idle 1", "Done 1", "Failed 1"] and page.view.older.isHidden()
    reply = await page.world.client.execute(ProcessList())
    page.world.client.answer(ProcessList, msgspec.structs.replace(reply, ended=RunCounts(completed=40, failed=30, stopped=3)))
    await page.world.stores.processes.attach()
    labels = [segment.label for segment in page.view.filters._segments]
    assert labels == ["All 77", "Active 2", "Needs you 1", "Idle 1", "Done 43", "Failed 30"]
    assert "77 agents" in page.view.metrics.accessibleName()
    assert page.view.older.isVisible()
    assert "newest 2 of 73" in page.view.older.text()
    page.click(page.view.filters, page.view.filters.segment_rect("active").center().toPoint())
    assert page.view.older.isHidden()
    page.click(page.view.filters, page.view.filters.segment_rect("failed").center().toPoint())
    page.click(page.view.older)
    assert page.view.history.isVisible()


@pytest.mark.parametrize(
    ("step", "most", "memory", "texts"),
    [
        (17, 50, 61.4, ("17/50", "3 %", "61 MB")),
        (9_999, 10_000, 999.4, ("9999/10k", "3 %", "999 MB")),
        (99_999, 100_000, 999.6, ("99k/100k", "3 %", "1.0 GB")),
        (0, 50, 10_190.0, ("0/50", "3 %", "10 GB")),
        (0, 50, 900_000.0, ("0/50", "3 %", "879 GB")),
    ],
)
def test_large_figures_stay_in_their_columns(
    qapp: QApplication, step: int, most: int, memory: float, texts: tuple[str, str, str]
) -> None:
    usual = ProcessView(info=make_info(1, step=1, max_steps=50, memory_mb=1.0))
    large = ProcessView(info=make_info(2, step=step, max_steps=most, memory_mb=memory, cpu_percent=3.0))
    assert paint_parts.usage_texts(large) == texts
    assert paint_parts.usage_width(large) == paint_parts.usage_width(usual)
