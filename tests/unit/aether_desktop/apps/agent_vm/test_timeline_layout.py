"""Where the lines of a timeline row go."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.apps.agent_vm.timeline_layout import lay_out
from aether_desktop.stores.reducers.timeline import Row

ARABIC = "\u0633\u0623\u0642\u0631\u0623; rm -rf ~"


def _ends_at_the_right(row: Row) -> bool:
    layout = lay_out(row, 600, expanded=False).blocks[0].layout
    line = layout.lineAt(0)
    end, _ = line.cursorToX(len(ARABIC))
    return float(end) > line.naturalTextWidth() - 1


@pytest.mark.feature("AP05")
def test_a_command_runs_from_left_to_right_and_a_thought_as_its_words_do(qtbot: QtBot) -> None:
    command = Row(key="c", kind="tool", word="executing", title="run_command", text=ARABIC)
    asked = Row(key="a", kind="waiting", word="waiting", title="Waiting for you", text=ARABIC)
    thought = Row(key="t", kind="thought", word="thinking", title="Thought", text=ARABIC)
    assert _ends_at_the_right(command) and _ends_at_the_right(asked)
    assert not _ends_at_the_right(thought)
