"""Prompt marks: from prompt to prompt, what failed, what a command printed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.terminal.prompts import Prompts
from kernel.term import Terminal
from kernel.term.events import PromptMark
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, make_rig, wait_for

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def run(command: str, output: str, code: int = 0) -> str:
    """What a shell that marks its prompts prints for one command."""
    return f"\x1b]133;A\x07$ \x1b]133;B\x07{command}\r\n\x1b]133;C\x07{output}\x1b]133;D;{code}\x07"


def lines(count: int) -> str:
    return "".join(f"output {n}\r\n" for n in range(count))


@pytest.mark.feature("TT01")
def test_keys_jump_from_prompt_to_prompt(rig: Rig) -> None:
    rig.feed(run("one", lines(60)) + run("two", lines(60)) + run("three", lines(60)) + "\x1b]133;A\x07$ ")
    tops = []
    for _ in range(4):
        rig.key(Qt.Key.Key_Up, CTRL_SHIFT)
        tops.append(rig.view.grid.shown()[0])
    assert tops == [122, 61, 0, 0]
    rig.key(Qt.Key.Key_Down, CTRL_SHIFT)
    assert rig.view.grid.shown()[0] == 61
    for _ in range(3):
        rig.key(Qt.Key.Key_Down, CTRL_SHIFT)
    assert rig.view.viewport.following
    assert not rig.typed


def test_the_output_of_the_last_command_is_selected(rig: Rig) -> None:
    rig.feed(run("one", "first\r\n") + run("two", "a\r\nb\r\n") + "\x1b]133;A\x07$ ")
    rig.key(Qt.Key.Key_L, CTRL_SHIFT)
    assert rig.view.selecting.text(rig.view.terminal) == "a\nb"


def test_a_mark_stands_at_what_failed(rig: Rig) -> None:
    rig.feed(run("good", "x\r\n") + run("bad", "y\r\n", 2) + "\x1b]133;A\x07$ ")
    picture = rig.view.grab().toImage()
    ratio = picture.devicePixelRatio()

    def at(line: int) -> int:
        return picture.pixel(int(3 * ratio), int(rig.cell(0, line).y() * ratio))

    assert at(2) != at(0) == at(4)


def test_prompts_stay_with_their_lines_when_the_width_changes(rig: Rig) -> None:
    rig.feed(run("one", ("w" * 100 + "\r\n") * 40) + run("two", lines(60)) + "\x1b]133;A\x07$ ")
    rig.view.resize(400, 400)
    wait_for(lambda: not rig.view.fitting.waiting)
    for prompt, command in zip(rig.view.parts.prompts.prompts.between(0, 10_000), ("$ one", "$ two", "$"), strict=True):
        row = rig.view.terminal.absolute_row(prompt.line)
        assert row is not None and row.text.rstrip() == command


def test_lines_that_left_the_history_take_their_prompts_along() -> None:
    terminal = Terminal(20, 5, scrollback=10)
    for number in range(6):
        terminal.feed(run(f"c{number}", "x\r\n" * 4).encode())
    prompts = Prompts(terminal.screen.prompt_marks)
    assert 0 < len(prompts) < 6
    assert all(terminal.absolute_row(prompt.line) is not None for prompt in prompts.between(0, 1000))


def test_prompts_that_came_while_nobody_looked_are_there_and_so_are_folder_and_title(
    qtbot: QtBot, theme: ThemeManager, clipboard: None
) -> None:
    told: list[str] = []

    def prepare(rig: Rig) -> None:
        output = run("one", lines(60)) + run("two", lines(60)) + "\x1b]133;A\x07$ "
        rig.source.terminal.feed((output + "\x1b]7;file:///srv\x07\x1b]2;a shell\x07").encode())
        rig.source.terminal.take_events()
        rig.view.parts.moved.connect(told.append)
        rig.view.parts.titled.connect(told.append)

    rig = make_rig(qtbot, prepare=prepare)
    rig.feed("l")
    assert sorted(told) == ["a shell", "file:///srv"]
    rig.key(Qt.Key.Key_Up, CTRL_SHIFT)
    assert rig.view.grid.shown()[0] == 61


def test_a_mark_counts_where_it_came_and_not_where_it_is_heard_of(rig: Rig) -> None:
    rig.feed("\x1b[?1049h\x1b]133;A\x07fake\x1b[?1049l")
    assert len(rig.view.parts.prompts.prompts) == 0
    rig.feed("\x1b]133;A\x07$ vim\r\n\x1b[?1049h")
    rig.feed("\x1b[?1049l")
    assert len(rig.view.parts.prompts.prompts) == 1


def test_marks_without_sense_are_borne() -> None:
    prompts = Prompts(PromptMark(kind, 3) for kind in "DCBDCA")
    assert len(prompts) == 1 and not prompts.running
    prompts = Prompts([*(PromptMark("A", line) for line in range(5000)), PromptMark("A", 10)])
    assert prompts.after(10) is None


def test_a_shell_says_what_runs() -> None:
    marks = [PromptMark("A", 0)]
    assert not Prompts(marks).running
    marks.append(PromptMark("C", 1))
    assert Prompts(marks).running
    marks.append(PromptMark("D", 4, 1))
    assert not Prompts(marks).running and Prompts(marks).last_output() is not None


def test_prompts_that_a_program_moved_are_where_they_went(rig: Rig) -> None:
    def last() -> int | None:
        found = rig.view.parts.prompts.prompts.before(99)
        return found.line if found is not None else None

    rig.feed(run("one", "x\r\n") + "\x1b]133;A\x07$ ")
    assert last() == 2
    rig.feed("\x1b[1;1H\x1b[2L")
    assert last() == 4
