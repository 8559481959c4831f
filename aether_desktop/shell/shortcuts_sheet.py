"""The sheet that lists all key sequences, by group: those of the action registry when it opens, then those of apps and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QWidget

from aether_desktop.shell.shortcuts import Action
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.terminal.key_help import HELP


def open_shortcuts_sheet(surface: QWidget, actions: Sequence[Action]) -> Sheet:
    """Open the sheet over ``surface`` and return it."""
    content = _list_of(actions)
    sheet = Sheet(
        surface,
        "Keyboard shortcuts",
        content=content,
        answers=(Answer("close", "Close", "primary", default=True),),
        width_px=460,
    )
    sheet.open()
    return sheet


def _list_of(actions: Sequence[Action]) -> QWidget:
    content = QWidget()
    grid = QGridLayout(content)
    grid.setContentsMargins(0, 0, SPACE.sm, 0)
    grid.setHorizontalSpacing(SPACE.xl)
    grid.setVerticalSpacing(6)
    row = 0
    for group, members in _groups(actions):
        heading = Label(group, "caption")
        heading.setContentsMargins(0, SPACE.sm if row else 0, 0, 0)
        grid.addWidget(heading, row, 0, 1, 2)
        row += 1
        for text, key_text in members:
            keys = Label(_as_written(key_text), "secondary")
            keys.setFont(mono_font(TYPE.label))
            keys.setAlignment(Qt.AlignmentFlag.AlignRight)
            keys.setMinimumWidth(keys.sizeHint().width())
            grid.addWidget(Label(text, wrap=True), row, 0)
            grid.addWidget(keys, row, 1)
            row += 1
    grid.setColumnStretch(0, 1)
    return content


def _groups(actions: Sequence[Action]) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    keyed = sorted((action for action in actions if action.keys), key=lambda action: action.group)
    for group, members in groupby(keyed, key=lambda action: action.group):
        yield group, [(action.text.replace("&", ""), action.key_text) for action in members]
    # Read only now: an app is not loaded before it is used.
    from aether_desktop.apps.agent_vm.key_help import QUESTION, WINDOW
    from aether_desktop.apps.mission_control.key_help import PAGE

    yield "Mission Control", PAGE
    yield "An agent's window", WINDOW
    yield "A question of an agent", QUESTION
    yield "Terminals", HELP


def _as_written(keys: str) -> str:
    """Keys as this system writes them; what is no single key sequence (a click, two keys to choose from) stays as it is."""
    sequence = QKeySequence(keys)
    known = sequence.toString(QKeySequence.SequenceFormat.PortableText) == keys
    return sequence.toString(QKeySequence.SequenceFormat.NativeText) if known else keys
