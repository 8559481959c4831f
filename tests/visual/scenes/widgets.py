"""All basic controls in their states."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.theme.manager import ThemeManager
from aether_desktop.theme.tokens import Phase
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import ElidedLabel, Label
from aether_desktop.widgets.notice import Notice, NoticeHost
from aether_desktop.widgets.phase_dot import PhaseDot
from aether_desktop.widgets.progress_bar import ProgressBar
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from aether_desktop.widgets.sheet import Answer, Sheet
from tests.visual.scene import in_both_themes


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def controls(_theme: ThemeManager) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(24, 24, 24, 24)
    column.setSpacing(12)
    off = Button("Not now")
    off.setEnabled(False)
    column.addLayout(
        _row(
            Button("Pause", icon="pause"),
            Button("Deploy agent", "primary"),
            Button("Approve", "attention", key_hint="↵"),
            Button("Stop", "danger"),
            Button("Always for this agent…", "quiet"),
            off,
            IconButton("settings", "Settings"),
        )
    )
    segments = [Segment("all", "All", 6), Segment("active", "Active", 4), Segment("needs", "Needs you", 1)]
    column.addLayout(_row(SegmentedControl("Filter", segments, "active"), SearchField("Search agents")))
    roles = ("body", "secondary", "tertiary", "caption", "lead", "error", "attention", "link")
    column.addLayout(_row(*(Label(role.capitalize(), role) for role in roles)))  # type: ignore[arg-type] # all are roles
    column.addWidget(Label("A title of twenty pixels", "title"))
    column.addWidget(ElidedLabel("A goal that is far too long for the place that it has been given here " * 3))
    phases = QGridLayout()
    for index, phase in enumerate(Phase):
        phases.addWidget(PhaseDot(phase.value, halo=True), index // 4, index % 4 * 3)
        phases.addWidget(Label(phase.value), index // 4, index % 4 * 3 + 1)
        phases.addWidget(ProgressBar(phase.value, 0.2 + index / 10, phase=phase.value), index // 4, index % 4 * 3 + 2)
    column.addLayout(phases)
    entry, choice, text = QLineEdit("typed"), QComboBox(), QPlainTextEdit("Several\nlines")
    entry.setPlaceholderText("Tell 1042 what to do next…")
    choice.addItems(["qwen3:8b", "heuristic"])
    text.setMaximumHeight(64)
    column.addLayout(_row(entry, choice))
    column.addWidget(text)
    column.addStretch(1)
    return page


def boxes(_theme: ThemeManager) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(24, 20, 24, 20)
    for kind in (QCheckBox, QRadioButton):
        for enabled in (True, False):
            first, second = kind("Off"), kind("On")
            second.setChecked(True)
            row = [first, second]
            if kind is QCheckBox:
                third = QCheckBox("In part")
                third.setTristate(True)
                third.setCheckState(Qt.CheckState.PartiallyChecked)
                row.append(third)
            group = QWidget()
            line = QHBoxLayout(group)
            line.setContentsMargins(0, 0, 0, 0)
            for box in row:
                box.setEnabled(enabled)
                line.addWidget(box)
            line.addStretch(1)
            column.addWidget(group)
    return page


def empty(_theme: ThemeManager) -> QWidget:
    return EmptyState(
        "agents", "No agents yet", "Deploy one: give it a role and a goal, and watch it work.", "Deploy agent"
    )


def blank(_theme: ThemeManager) -> QWidget:
    return QWidget()


def open_sheet(surface: QWidget) -> None:
    Sheet(
        surface,
        "Stop all agents?",
        "Four agents are at work. What they did so far stays in their history.",
        content=QLineEdit(),
        answers=(Answer("cancel", "Cancel"), Answer("stop", "Stop all", "attention", default=True)),
    ).open()


def show_long_notices(surface: QWidget) -> None:
    host = NoticeHost(surface)
    kept = "/home/somebody/.local/share/aether/state/aether.db.damaged-20260312-101112"
    host.show(Notice("About this start", f"The database was damaged. It is kept as {kept}, and a new one was started.", "attention"))
    host.show(Notice("The home /home/somebody/aether/home/agent_12 could not be made: No space left on device", kind="error"))


def show_notices(surface: QWidget) -> None:
    host = NoticeHost(surface)
    host.show(Notice("Copied", kind="success"))
    host.show(Notice("Coder needs you", "It wants to run rm -rf build/", "attention", "Review"))
    host.show(Notice("Files could not be opened", "The folder is missing. Choose another in Settings.", "error"))


SCENES = (
    *in_both_themes("controls", controls, (760, 560), feature="DS11"),
    *in_both_themes("boxes", boxes, (300, 170), feature="DS11"),
    *in_both_themes("empty-state", empty, (520, 360)),
    *in_both_themes("sheet", blank, (640, 420), open_sheet),
    *in_both_themes("notices", blank, (480, 420), show_notices),
    *in_both_themes("notices-long", blank, (480, 420), show_long_notices),
)
