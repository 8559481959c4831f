"""A kernel that is only an answer book: for desktop tests that must not start one.

``FakeKernelClient`` records every command, answers from what a test put in (processes, history, models, settings), and delivers
events at once through ``publish``. Terminals are byte strings that a test feeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from PySide6.QtCore import QTimer

from kernel.errors import AetherError, NotFoundError
from kernel.protocol.base import Command, Empty, Event, reply_type
from kernel.protocol.process import (
    ProcessInfoGet,
    ProcessInfoReply,
    ProcessList,
    ProcessListReply,
    ProcessSpawn,
    RunCounts,
    SpawnReply,
)
from kernel.protocol.records import (
    Approval,
    MetricsSample,
    ModelInfo,
    ProcessInfo,
    ProviderInfo,
    SystemCheck,
)
from kernel.protocol.system import (
    HistoryLogs,
    HistoryLogsReply,
    HistoryProcesses,
    HistoryProcessesReply,
    KernelStatus,
    KernelStatusReply,
    LlmChoose,
    LlmList,
    LlmListReply,
    SettingsGet,
    SettingsReply,
    SettingsSet,
)
from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect
from kernel.term import Terminal

R = TypeVar("R")
Answer = Callable[[Any], Any]
NOW = 1_795_171_260.0


def make_info(pid: int = 1, **changes: Any) -> ProcessInfo:
    """A running Coder; ``changes`` are fields of ProcessInfo."""
    fields: dict[str, Any] = {
        "pid": pid,
        "uid": f"agent_{pid}",
        "owner_uid": "local",
        "name": "Coder",
        "command": "agent --role Coder",
        "state": "running",
        "agent_phase": "thinking",
        "cwd": f"/home/agent_{pid}",
        "created_at": NOW - 600 + pid,
        "tty_id": f"tty-{pid}-0",
        "role": "Coder",
        "goal": "Make the router keep the order of commands",
        "step": 17,
        "max_steps": 50,
        "cpu_percent": 3.1,
        "memory_mb": 61.0,
        "confinement": "bubblewrap",
    }
    return ProcessInfo(**{**fields, **changes})


def make_approval(pid: int = 1, **changes: Any) -> Approval:
    """A command that waits for an answer."""
    fields: dict[str, Any] = {
        "approval_id": f"approval-{pid}",
        "pid": pid,
        "call_id": "call-1",
        "tool": "run_command",
        "kind": "command",
        "action": "Coder wants to run a command",
        "details": {"command": "rm -rf build/ && make clean all"},
        "risk": "deletes files",
        "always": "rm in its sandbox",
        "created_at": NOW,
    }
    return Approval(**{**fields, **changes})


class FakeTerminalFeed:
    """A screen over bytes that a test feeds; counts how often they were taken and keeps what the terminal answered."""

    def __init__(self, on_readable: Callable[[], None], data: bytes = b"") -> None:
        self._on_readable = on_readable
        self._data = data
        self.terminal = Terminal(100, 30)
        self.takes = 0
        self.replies = b""
        self.closed = False
        self.ended = False
        self.changed_by_hand: list[str] = []

    def parse(self, max_bytes: int) -> int:
        """See ``TerminalFeed.parse``."""
        self.takes += 1
        taken, self._data = self._data[:max_bytes], self._data[max_bytes:]
        self.terminal.feed(taken)
        self.replies += self.terminal.take_reply()
        return len(taken)

    def resize(self, columns: int, lines: int) -> None:
        """See ``TerminalFeed.resize``."""
        self.terminal.resize(columns, lines)

    def clear_history(self) -> None:
        """See ``TerminalFeed.clear_history``."""
        self.changed_by_hand.append("clear_history")
        self.terminal.history.clear()

    def reset(self) -> None:
        """See ``TerminalFeed.reset``."""
        self.changed_by_hand.append("reset")
        self.terminal.feed(b"\x1bc")

    def close(self) -> None:
        """See ``TerminalFeed.close``."""
        self.closed = True

    def feed(self, data: bytes) -> None:
        """Let ``data`` arrive."""
        waiting = bool(self._data)
        self._data += data
        if not waiting and not self.closed:
            self._on_readable()

    def wake(self) -> None:
        """Say that bytes wait, as a kernel does after opening."""
        if self._data and not self.closed:
            self._on_readable()


class FakeDesktopFeed:
    """A desktop whose screen a test draws; keeps what was typed and pointed at."""

    def __init__(self, on_changed: Callable[[], None]) -> None:
        self._on_changed = on_changed
        self._damage: tuple[Rect, ...] = ()
        self._told = False
        self.picture: Framebuffer | None = None
        self.cursor: Cursor | None = None
        self.problem = ""
        self.ended = False
        self.watched = True
        self.closed = False
        self.takes = 0
        self.input: list[tuple[int, ...]] = []

    def take_damage(self) -> tuple[Rect, ...]:
        """See ``DesktopFeed.take_damage``."""
        self.takes += 1
        self._told = False
        taken, self._damage = self._damage, ()
        return taken

    def set_watched(self, watched: bool) -> None:
        """See ``DesktopFeed.set_watched``."""
        self.watched = watched

    def point(self, x: int, y: int, buttons: int) -> None:
        """See ``DesktopFeed.point``; a triple of ``input``."""
        self.input.append((x, y, buttons))

    def press(self, keysym: int, down: bool) -> None:
        """See ``DesktopFeed.press``; a pair of ``input``."""
        self.input.append((keysym, down))

    def close(self) -> None:
        """See ``DesktopFeed.close``."""
        self.closed = True

    def show(self, picture: Framebuffer, *damage: Rect) -> None:
        """Let the screen be this picture, with these parts changed; all of it where none is named."""
        self.picture = picture
        self._damage += damage or (picture.whole,)
        self.tell()

    def tell(self, problem: str | None = None) -> None:
        """Say that something changed; ``problem``: what the feed tells from now on."""
        if problem is not None:
            self.problem = problem
        if not self._told and not self.closed:
            self._told = True
            self._on_changed()


class FakeKernelClient:
    """A ``KernelClient`` without a kernel.

    Change ``processes``, ``approvals``, ``past`` (newest first), ``journals`` (pid -> encoded events), ``models``, ``settings``...
    before or between commands. ``answer(type, reply)`` replaces one answer: a value, an AetherError or a callable.
    """

    def __init__(self) -> None:
        self.commands: list[Command[Any]] = []
        self.processes: list[ProcessInfo] = []
        self.approvals: list[Approval] = []
        self.past: list[ProcessInfo] = []
        self.journals: dict[int, list[dict[str, Any]]] = {}
        self.models: list[ModelInfo] = []
        self.providers: list[ProviderInfo] = []
        self.chosen = ""
        self.recommended = "gemma4:e2b"
        self.settings: dict[str, Any] = {
            "desktop.theme": "dark",
            "desktop.wallpaper": "aurora",
            "desktop.reduced_motion": False,
            "desktop.first_run_done": False,
            "desktop.deploy": {},
            "agents.max_steps": 50,
            "agents.pacing_s": 0.0,
            "agents.process_limit": 4096,
            "agents.token_budget": 0,
            "agents.time_budget_s": 0.0,
            "agents.repeat_limit": 5,
            "agents.resume_at_start": False,
            "agents.command_timeout_s": 120.0,
            "approvals.mode": "ask",
            "approvals.timeout_s": 300.0,
            "sandbox.memory_mb": 1024,
            "sandbox.cpu_cores": 2.0,
            "sandbox.disk_mb": 2048,
            "sandbox.max_processes": 512,
            "providers.ollama_url": "http://127.0.0.1:11434",
            "providers.lmstudio_url": "http://127.0.0.1:1234/v1",
            "providers.vllm_url": "",
            "providers.llamacpp_url": "http://127.0.0.1:8080/v1",
            "providers.openai_url": "https://api.openai.com/v1",
            "providers.anthropic_url": "https://api.anthropic.com",
            "providers.gemini_url": "https://generativelanguage.googleapis.com",
            "providers.model": "",
            "providers.temperature": 0.0,
            "providers.context_size": 32768,
            "providers.max_tokens": 0,
            "providers.top_p": 1.0,
        }
        self.checks: tuple[SystemCheck, ...] = ()
        self.metrics = MetricsSample(
            timestamp=NOW, process_count=0, cpu_percent=4.0, memory_mb=375.0, uptime=8040.0, tokens_today=1_200_000
        )
        self.terminals: dict[str, FakeTerminalFeed] = {}
        self.screens: dict[str, bytes] = {}
        self.desktops: dict[int, FakeDesktopFeed] = {}
        self.desktop_begins: Callable[[FakeDesktopFeed], None] = lambda feed: None
        self.connected = True
        self.absence: AetherError | None = None
        self._answers: dict[type, Any] = {}
        self._listeners: list[tuple[Callable[[Sequence[Event]], None], Callable[[], None] | None]] = []
        self._seq = itertools.count(1)
        self._last_seq = 0

    def answer(self, command: type[Command[Any]], reply: Any) -> None:
        """Answer ``command`` with ``reply``; an AetherError is raised, a callable is called with the command (and awaited)."""
        self._answers[command] = reply

    def sent(self, command: type[Command[Any]]) -> list[Any]:
        """The commands of a type that were sent, oldest first."""
        return [sent for sent in self.commands if isinstance(sent, command)]

    async def execute(self, command: Command[R]) -> R:
        """See ``KernelClient.execute``."""
        self.commands.append(command)
        if type(command) in self._answers:
            reply = self._answers[type(command)]
            if isinstance(reply, AetherError):
                raise reply
            if callable(reply):
                reply = reply(command)
                if hasattr(reply, "__await__"):
                    reply = await reply
            return reply
        return self._default(command)

    def subscribe(
        self, listener: Callable[[Sequence[Event]], None], on_gap: Callable[[], None] | None = None
    ) -> Callable[[], None]:
        """See ``KernelClient.subscribe``."""
        entry = (listener, on_gap)
        self._listeners.append(entry)

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return unsubscribe

    @property
    def listeners(self) -> int:
        """How many subscriptions there are."""
        return len(self._listeners)

    def open_terminal(
        self, tty_id: str, on_readable: Callable[[], None], *, recent_bytes: int = 0
    ) -> FakeTerminalFeed:
        """See ``KernelClient.open_terminal``; the bytes of ``screens`` wait in it, told a moment later."""
        feed = FakeTerminalFeed(on_readable, self.screens.get(tty_id, b""))
        self.terminals[tty_id] = feed
        QTimer.singleShot(0, feed.wake)
        return feed

    def open_desktop(self, pid: int, on_changed: Callable[[], None]) -> FakeDesktopFeed:
        """See ``KernelClient.open_desktop``; ``desktop_begins`` is told of it a moment later."""
        feed = FakeDesktopFeed(on_changed)
        self.desktops[pid] = feed
        QTimer.singleShot(0, lambda: self.desktop_begins(feed))
        return feed

    def publish(self, *events: Event) -> None:
        """Deliver one batch of events, stamped."""
        stamped = []
        for event in events:
            self._last_seq = next(self._seq)
            stamp = event.timestamp or NOW
            stamped.append(msgspec.structs.replace(event, seq=self._last_seq, timestamp=stamp))
        for listener, _ in tuple(self._listeners):
            listener(stamped)

    def lose_events(self) -> None:
        """Tell every listener that events were lost."""
        for _, on_gap in tuple(self._listeners):
            if on_gap is not None:
                on_gap()

    def _default(self, command: Any) -> Any:
        match command:
            case ProcessList():
                ended = RunCounts()
                for info in (*self.past, *self.processes):
                    ended = ended.after(info.exit_code) if info.state in ("zombie", "dead") else ended
                return ProcessListReply(
                    processes=tuple(self.processes), approvals=tuple(self.approvals), seq=self._last_seq, ended=ended
                )
            case HistoryProcesses():
                return self._page(command)
            case HistoryLogs():
                return self._logs(command)
            case ProcessInfoGet():
                return self._info(command.pid)
            case ProcessSpawn():
                pid = max((info.pid for info in (*self.processes, *self.past)), default=0) + 1
                return SpawnReply(pid=pid, tty_id=f"tty-{pid}-0")
            case KernelStatus():
                return KernelStatusReply(
                    version="0.1.0",
                    uptime=self.metrics.uptime,
                    metrics=self.metrics,
                    root="/tmp/aether",
                    checks=self.checks if command.checks else (),
                )
            case LlmList():
                return LlmListReply(
                    models=tuple(self.models),
                    providers=tuple(self.providers),
                    chosen=self.chosen,
                    recommended=self.recommended,
                )
            case LlmChoose():
                self.chosen = command.model
                return Empty()
            case SettingsGet():
                return SettingsReply(values=dict(self.settings))
            case SettingsSet():
                self.settings[command.name] = command.value
                return SettingsReply(values=dict(self.settings))
        if reply_type(type(command)) is Empty:
            return Empty()
        raise NotFoundError(f"The fake kernel has no answer to {type(command).__name__}.")

    def _page(self, command: HistoryProcesses) -> HistoryProcessesReply:
        words = command.query.casefold().split()
        runs = sorted((*self.past, *self.processes), key=lambda info: -info.pid)
        found = [run for run in runs if all(word in f"{run.pid} {run.role} {run.goal}".casefold() for word in words)]
        page = [run for run in found if not command.before_pid or run.pid < command.before_pid]
        return HistoryProcessesReply(processes=tuple(page[: command.limit]), total=len(found))

    def _logs(self, command: HistoryLogs) -> HistoryLogsReply:
        events = self.journals.get(command.pid, [])
        if command.index is not None:
            first = command.index
        else:
            end = len(events)
            if command.before_log_id:
                end = sum(1 for event in events if event["logId"] < command.before_log_id)
            first = max(0, end - command.limit)
            return HistoryLogsReply(events=tuple(events[first:end]), total=len(events), first_index=first)
        return HistoryLogsReply(
            events=tuple(events[first : first + command.limit]), total=len(events), first_index=first
        )

    def _info(self, pid: int) -> ProcessInfoReply:
        for info in (*self.processes, *self.past):
            if info.pid == pid:
                waiting = tuple(approval for approval in self.approvals if approval.pid == pid)
                return ProcessInfoReply(info=info, approvals=waiting)
        raise NotFoundError(f"There was never a process {pid}.")
