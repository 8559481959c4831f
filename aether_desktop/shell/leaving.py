"""The end of the application, asked for by the person or by the session: nothing that is at work ends without a question.

Windows that could lose something are asked first (``MainWindow.ask_to_close``), then the person about agents at work; files that are
being copied are waited for, unless the person will not. Made by the bootstrap, which says what ends the application.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.shell.main_window import MainWindow
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.work_under_way import WorkUnderWay, work_under_way
from kernel.protocol.process import standing_of

_NAME_CHARACTERS = 60
_MOST_LINES = 4


class SessionManager(Protocol):
    """What is used of Qt's QSessionManager."""

    def allowsInteraction(self) -> bool:
        """Ask to talk to the person; True if that is allowed now."""

    def release(self) -> None:
        """Say that the talk is over."""

    def cancel(self) -> None:
        """Stop the session from ending."""


class Leaving(QObject):
    """Asks, and then ends.

    views: the living agents, as they are when it is asked. end: ends the application. hide: takes the window away and lets all work on.
    file_work: the changes to files that are being carried out, as they are when it is asked.
    """

    def __init__(
        self,
        window: MainWindow,
        views: Callable[[], Sequence[ProcessView]],
        end: Callable[[], None],
        hide: Callable[[], None],
        file_work: Callable[[], Sequence[WorkUnderWay]] = work_under_way,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._views = views
        self._end = end
        self._hide = hide
        self._file_work = file_work
        self._sheet: Sheet | None = None

    def ask(self) -> bool:
        """End now if nothing is lost by it; True if so. Otherwise the person is asked, and the answer is followed."""
        if self._sheet is not None:
            # Asked already: another question would lie below this one.
            self._window.come_forward()
            return False
        ended: list[bool] = []

        def agreed() -> None:
            ended.append(self._ask_about_agents())

        self._window.ask_to_close(agreed)
        return bool(ended and ended[-1])

    def end_of_session(self, manager: SessionManager) -> None:
        """The session wants to end: remember the layout; where something would be lost, stop that and ask."""
        self._window.save_layout()
        if not manager.allowsInteraction():
            # Where nobody can be asked agents are interrupted as by a crash: they can be taken up again at the next start.
            return
        if not self.ask():
            manager.cancel()
        manager.release()

    def _ask_about_agents(self) -> bool:
        working = _at_work(self._views())
        if not working:
            return self._end_after_files()
        if self._sheet is None:
            title, text = quit_question(working)
            answers = (
                Answer("quit", "Quit", "danger"),
                Answer("hide", "Close the window only"),
                Answer("stay", "Stay", "primary", default=True),
            )
            self._sheet = Sheet(self._window, title, text, answers=answers, width_px=480)
            self._sheet.finished.connect(self._on_answer)
            self._sheet.open()
        self._window.come_forward()
        return False

    def _on_answer(self, key: str) -> None:
        self._sheet = None
        if key == "quit":
            self._end_after_files()
        elif key == "hide":
            self._window.save_layout()
            self._hide()

    def _end_after_files(self) -> bool:
        """End once nothing is written to files any more; True if that is now."""
        work = self._file_work()
        if not work:
            self._end()
            return True
        if self._sheet is None:
            self._sheet = FileWait(self._window, work)
            self._sheet.finished.connect(self._on_file_answer)
            self._sheet.open()
        self._window.come_forward()
        return False

    def _on_file_answer(self, key: str) -> None:
        self._sheet = None
        if key == "done":
            # Something else may have been begun meanwhile.
            self._end_after_files()
        elif key == "quit":
            self._end()


class FileWait(Sheet):
    """Says what is being done to files, and is answered with ``done`` when all of it is."""

    def __init__(self, parent: QWidget, work: Sequence[WorkUnderWay]) -> None:
        lines = QWidget()
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        labels = [ElidedLabel(mode=Qt.TextElideMode.ElideMiddle) for _ in work[:_MOST_LINES]]
        for label in labels:
            column.addWidget(label)
        super().__init__(
            parent,
            "Files are still being changed",
            "Aether quits as soon as this is done. Quitting now leaves the rest undone.",
            content=lines,
            answers=(Answer("quit", "Quit now", "danger"), Answer("stay", "Stay", "primary", default=True)),
            width_px=480,
        )
        self._work = work
        self._labels = labels
        for one in work:
            one.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        texts = [one.text for one in self._work if not one.over]
        for number, label in enumerate(self._labels):
            label.setText(texts[number] if number < len(texts) else "")
        if not texts:
            self.answer("done")


def quit_question(working: Sequence[ProcessView]) -> tuple[str, str]:
    """The title and the text of the question before the application ends with agents at work, or waiting for an answer."""
    behind = "With only the window closed {} on, and starting Aether again shows it."
    asking = sum(view.approval is not None for view in working)
    if len(working) == 1:
        info = working[0].info
        name = exact_line(info.name, _NAME_CHARACTERS)
        return (
            f"Quit while {name} {info.pid} {'waits for you' if asking else 'works'}?",
            f"It is interrupted at step {info.step} and can be taken up again at the next start. "
            f"{behind.format('it goes' if asking else 'it works')}",
        )
    parts = [f"{len(working) - asking:,} {'agent works' if len(working) - asking == 1 else 'agents work'}"] if asking < len(working) else []
    if asking:
        subject = "" if parts else "agent " if asking == 1 else "agents "
        parts.append(f"{asking:,} {subject}{'waits' if asking == 1 else 'wait'} for you")
    return (
        f"Quit while {' and '.join(parts)}?",
        f"They are interrupted and can be taken up again at the next start. {behind.format('they go' if asking else 'they work')}",
    )


def _at_work(views: Sequence[ProcessView]) -> Sequence[ProcessView]:
    """Those that the end of the application interrupts; who stands still loses nothing by it."""
    return [view for view in views if not view.ended and standing_of(view.info, view.approval is not None) != "idle"]
