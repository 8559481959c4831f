"""What a person does to one or several agents: pause, go on, stop, kill; asked before anything is lost.

Sends commands and says what could not be done. Called by the page for keys, buttons and menus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.processes import ProcessStore
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.shown_text import exact_line
from kernel.errors import AetherError
from kernel.protocol.ids import Signal
from kernel.protocol.process import ProcessResume, ProcessSignal

_NAME_CHARACTERS = 60


class AgentActions:
    """Commands to agents on a person's behalf.

    surface: the widget over which questions are asked. notify: shows what went wrong.
    """

    def __init__(
        self, client: KernelClient, store: ProcessStore, surface: QWidget, notify: Callable[[Notice], None]
    ) -> None:
        self._client = client
        self._store = store
        self._surface = surface
        self._notify = notify
        self._tasks = TaskOwner(surface, self._on_error)
        self._sheet: Sheet | None = None

    def living(self, pids: Sequence[int]) -> tuple[ProcessView, ...]:
        """Those of ``pids`` that have not ended."""
        return tuple(view for pid in pids if (view := self._store.get(pid)) is not None and not view.ended)

    def toggle_pause(self, pids: Sequence[int]) -> None:
        """Pause; where all of them stand still, let them go on."""
        living = self.living(pids)
        if living and all(view.info.state == "stopped" for view in living):
            self.resume(pids)
        else:
            self.pause(pids)

    def pause(self, pids: Sequence[int]) -> None:
        """Freeze agents and all they run, where they stand."""
        for view in self.living(pids):
            if view.info.state != "stopped":
                self._send(view, "SIGSTOP")

    def resume(self, pids: Sequence[int]) -> None:
        """Let paused agents go on, and take up interrupted ones at their step."""
        for view in self.living(pids):
            if view.info.interrupted:
                self._tasks.spawn(self._run(view, ProcessResume(pid=view.pid)), name=f"resume-{view.pid}")
            elif view.info.state == "stopped":
                self._send(view, "SIGCONT")

    def ask_stop(self, pids: Sequence[int]) -> None:
        """Ask, then end agents so that they can say goodbye."""
        living = self.living(pids)
        if not living:
            if pids:
                self._notify(Notice("Nothing to stop", "What you selected has ended already.", "info"))
            return
        if self._sheet is not None:
            return
        title, text = stop_question(living)
        keep = Answer("keep", "Let it work" if len(living) == 1 else "Let them work", "primary", default=True)
        answers = (Answer("stop", "Stop", "danger"), keep)
        self._sheet = Sheet(self._surface, title, text, answers=answers)
        self._tasks.spawn(self._stop_if_agreed(self._sheet, living), name="ask-stop")

    async def _stop_if_agreed(self, sheet: Sheet, views: Sequence[ProcessView]) -> None:
        try:
            answer = await sheet.wait_answer()
        finally:
            self._sheet = None
        if answer == "stop":
            for view in self.living([view.pid for view in views]):
                self._send(view, "SIGTERM")

    def _send(self, view: ProcessView, signal: Signal) -> None:
        command = ProcessSignal(pid=view.pid, signal=signal)
        self._tasks.spawn(self._run(view, command), name=f"{signal}-{view.pid}")

    async def _run(self, view: ProcessView, command: ProcessSignal | ProcessResume) -> None:
        try:
            await self._client.execute(command)
        except AetherError as error:
            self._notify(Notice(f"{_name(view)} {view.pid}: {error.message}", error.hint, "error"))

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._notify(Notice(error.message, error.hint, "error"))
        else:
            raise error


def stop_question(living: Sequence[ProcessView]) -> tuple[str, str]:
    """The title and the text of the question before agents are stopped."""
    if len(living) == 1:
        info = living[0].info
        where = f"It is at step {info.step}" + (f" of {info.max_steps}." if info.max_steps else ".")
        return f"Stop {_name(living[0])} {info.pid}?", f"{where} Its files and its history stay; the run cannot be taken up again."
    return (
        f"Stop {len(living)} agents?",
        "Their files and their histories stay; the runs cannot be taken up again.",
    )


def _name(view: ProcessView) -> str:
    return exact_line(view.info.name, _NAME_CHARACTERS)
