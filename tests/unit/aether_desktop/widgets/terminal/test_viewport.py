"""Which lines a view shows, of the screen and of the history."""

from __future__ import annotations

import pytest

from aether_desktop.widgets.terminal import view as view_module
from aether_desktop.widgets.terminal.viewport import Viewport
from kernel.term import Terminal
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

pytestmark = pytest.mark.feature("TT02")


def shown(viewport: Viewport, terminal: Terminal) -> list[str]:
    return [row.text.strip() for row in viewport.rows(terminal)]


@pytest.mark.parametrize("back", [1, 3, 4, 7, 95, 96, 200])
def test_as_many_lines_as_the_screen_has_from_the_history_and_the_screen(back: int) -> None:
    terminal = Terminal(10, 4, scrollback=1000)
    terminal.feed(b"".join(b"%d\r\n" % number for number in range(99)) + b"99")
    viewport = Viewport()
    assert shown(viewport, terminal) == ["96", "97", "98", "99"]
    viewport.scroll_by(terminal, back)
    first = max(0, 96 - back)
    assert shown(viewport, terminal) == [str(number) for number in range(first, first + 4)]
    assert viewport.rows(terminal) == [terminal.absolute_row(first + line) for line in range(4)]


def test_where_there_is_no_history_it_goes_on_to_follow() -> None:
    viewport, terminal = Viewport(), Terminal(10, 4, scrollback=5)
    viewport.scroll_by(terminal, 1)
    assert viewport.following


def test_what_the_history_has_lost_is_not_shown() -> None:
    terminal = Terminal(10, 4, scrollback=5)
    terminal.feed(b"".join(b"%d\r\n" % number for number in range(20)) + b"20")
    viewport = Viewport()
    viewport.scroll_by(terminal, 100)
    assert shown(viewport, terminal) == ["12", "13", "14", "15"]
    terminal.feed(b"\r\nnew" * 3)
    assert shown(viewport, terminal) == ["15", "16", "17", "18"]
    terminal.feed(b"\x1b[3J")
    assert shown(viewport, terminal) == ["20", "new", "new", "new"]


@pytest.mark.parametrize("columns", [6, 9, 14, 40, 80])
def test_a_change_of_width_leaves_the_text_that_was_read_at_the_top(columns: int) -> None:
    terminal = Terminal(20, 4, scrollback=1000)
    terminal.feed(b"".join(b"%02d " % number + b"abcdefgh " * (number % 5) + b"\r\n" for number in range(60)))
    viewport = Viewport()
    viewport.scroll_by(terminal, 60)
    while not viewport.rows(terminal)[0].text[:2].isdigit():
        viewport.scroll_by(terminal, 1)
    top = viewport.rows(terminal)[0].text[:3]
    terminal.resize(columns, 6)
    assert viewport.rows(terminal)[0].text[:3] == top
    terminal.feed(b"more\r\n" * 9)
    assert viewport.rows(terminal)[0].text[:3] == top
    terminal.resize(20, 4)
    assert viewport.rows(terminal)[0].text[:3] == top


def test_a_view_whose_lines_came_to_the_screen_shows_new_lines_as_they_come() -> None:
    terminal = Terminal(10, 4, scrollback=1000)
    terminal.feed(b"".join(b"%d\r\n" % number for number in range(20)) + b"20")
    viewport = Viewport()
    viewport.scroll_by(terminal, 2)
    terminal.resize(10, 12)
    assert shown(viewport, terminal)[-1] == "20"
    terminal.feed(b"\r\n" * 30 + b"new")
    assert viewport.following and shown(viewport, terminal)[-1] == "new"


def test_a_view_that_is_scrolled_back_is_painted_to_its_end_whatever_its_lines_were_made_of(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Clusters compare as different wherever the row is another object; as many frames as there are rows.
    rig.feed("".join(f"e\u0301 {number}\r\n" for number in range(300)))
    terminal = rig.view.terminal
    terminal.resize(terminal.columns + 5, terminal.lines)
    rig.view.scroll_by(100)
    rig.view.refresh(patient=True)
    monkeypatch.setattr(view_module, "FRAME_BUDGET_S", 0)
    frames: list[int] = []
    rig.view.rows_shown.connect(lambda: frames.append(1))
    rig.view.scroll_by(50)
    wait_for(lambda: not rig.view._again.isActive())
    assert 1 < len(frames) <= terminal.lines + 1
