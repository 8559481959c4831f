"""Prompt marks: from prompt to prompt, what failed, what a command printed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from aether_desktop.widgets.terminal.prompts import Prompts
from kernel.term import Terminal
from kernel.term.events import PromptMark
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

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
    prompts = Prompts()
    for number in range(6):
        terminal.feed(run(f"c{number}", "x\r\n" * 4).encode())
        for event in terminal.take_events():
            assert isinstance(event, PromptMark)
            prompts.note(event)
    prompts.trim(terminal)
    assert 0 < len(prompts) < 6
    assert all(terminal.absolute_row(prompt.line) is not None for prompt in prompts.between(0, 1000))


def test_marks_without_sense_are_borne() -> None:
    prompts = Prompts()
    for kind in "DCBDCA":
        prompts.note(PromptMark(kind, 3))
    assert len(prompts) == 1 and not prompts.running
    for line in range(5000):
        prompts.note(PromptMark("A", line))
    assert len(prompts) == 2000
    prompts.note(PromptMark("A", 10))
    assert prompts.after(10) is None


def test_a_shell_says_what_runs() -> None:
    prompts = Prompts()
    prompts.note(PromptMark("A", 0))
    assert not prompts.running
    prompts.note(PromptMark("C", 1))
    assert prompts.running
    prompts.note(PromptMark("D", 4, 1))
    assert not prompts.running and prompts.last_output() is not None
