"""Terminals that people open: shells of this machine (pid 0), and shells inside an agent's sandbox.

Answers the tty.* commands. The agent's first terminal (`tty-<pid>-0`) is its `Console`: what its commands print, read-only; a shell beside
it is opened with tty.open. The bytes flow through channels, never over the bus.
"""

import asyncio
import base64
import os
import posixpath
from collections.abc import Callable
from typing import Protocol

from kernel.agents.console import Consoles
from kernel.agents.console_screen import ConsoleScreen
from kernel.agents.supervisor import Supervisor
from kernel.bus import EventBus
from kernel.errors import ConflictError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from kernel.principal import Principal
from kernel.protocol.base import Empty
from kernel.protocol.ids import KERNEL_PID
from kernel.protocol.process import ProcessReaped
from kernel.protocol.tty import (
    TtyClose,
    TtyClosed,
    TtyForeground,
    TtyForegroundReply,
    TtyInput,
    TtyList,
    TtyListReply,
    TtyOpen,
    TtyOpened,
    TtyOpenReply,
    TtyRecord,
    TtyResize,
)
from kernel.sandbox.backend import ExecRequest
from kernel.tasks import Scope
from kernel.term import Terminal
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyEvent, TtyInfo, TtyManager, default_backend
from kernel.tty.posix import AdoptedPty
from kernel.tty.screen import SCROLLBACK
from kernel.tty.shell_integration import SANDBOX_SHELL
from kernel.tty.shell_sessions import ShellSessions

#: Exit code told for a terminal that was closed while its program ran: as by SIGHUP.
HUNG_UP = 129


class ScreenSource(Protocol):
    """A terminal's screen for its one owner, who may be on another thread than the kernel's loop."""

    @property
    def terminal(self) -> Terminal:
        """The screen and its history; touched by the owner's thread alone."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        ...

    def parse(self, max_bytes: int) -> int:
        """Bring the screen up to date by at most `max_bytes`; how many there were, 0 when none wait. Never blocks."""
        ...

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the screen in cells."""
        ...

    def clear_history(self) -> None:
        """Forget the lines that scrolled off."""
        ...

    def reset(self) -> None:
        """Begin anew, as with RIS."""
        ...

    def release(self) -> None:
        """Give it back. On the kernel's loop."""
        ...


class Terminals:
    """Opens, feeds and closes terminals.

    owner_of: the user that owns a pid; a terminal belongs to whom its process belongs. scrollback: lines of history that a
    terminal opened now keeps. shells: takes care that nothing of a shell of this machine outlives the kernel.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        consoles: Consoles,
        bus: EventBus,
        scope: Scope,
        owner_of: Callable[[int], str | None],
        scrollback: Callable[[], int] = lambda: SCROLLBACK,
        shells: ShellSessions | None = None,
    ) -> None:
        self._manager = TtyManager(default_backend(shells), self._on_event, scrollback)
        self._scrollback = scrollback
        self._supervisor = supervisor
        self._consoles = consoles
        self._bus = bus
        self._scope = scope
        self._owner_of = owner_of
        bus.on(ProcessReaped, lambda event: self._forget(event.pid))

    async def open(self, command: TtyOpen, principal: Principal) -> TtyOpenReply:
        """tty.open."""
        if command.pid == KERNEL_PID:
            if not principal.is_admin:
                raise PermissionDeniedError("Only an administrator may open a shell of this machine.")
            exists = os.path.isabs(command.cwd) and await asyncio.to_thread(os.path.isdir, command.cwd)
            spec = ShellSpec(cwd=command.cwd if exists else "", columns=command.cols, lines=command.rows)
            info = await self._manager.open_shell(spec, owner_pid=KERNEL_PID, title="Terminal")
            return TtyOpenReply(tty_id=info.tty_id)
        workplace = self._supervisor.workplace(command.pid)
        if workplace is None:
            raise ConflictError(f"Process {command.pid} does not run.", "Its terminal shows what it printed.")
        cwd = _inside(workplace.home.guest_path, command.cwd)
        sandbox = await workplace.sandbox()
        request = ExecRequest(argv=SANDBOX_SHELL, cwd=cwd, pty=True, columns=command.cols, lines=command.rows)
        execution = await sandbox.execute(request)
        pty = AdoptedPty(execution)
        try:
            info = self._manager.adopt(pty, owner_pid=command.pid, title="Shell", columns=command.cols, lines=command.rows)
        except BaseException:
            await pty.close()
            raise
        self._scope.spawn(pty.wait_exit(), name=f"exit-{info.tty_id}")
        return TtyOpenReply(tty_id=info.tty_id)

    async def input(self, command: TtyInput, principal: Principal) -> Empty:
        """tty.input."""
        self._check(command.tty_id, principal)
        self._manager.input(command.tty_id, _typed(command))
        return Empty()

    async def resize(self, command: TtyResize, principal: Principal) -> Empty:
        """tty.resize."""
        self._check(command.tty_id, principal)
        self._manager.resize(command.tty_id, min(command.cols, 1000), min(command.rows, 1000))
        return Empty()

    async def close_one(self, command: TtyClose, principal: Principal) -> Empty:
        """tty.close."""
        self._check(command.tty_id, principal)
        await self._manager.close(command.tty_id)
        return Empty()

    async def list(self, command: TtyList, principal: Principal) -> TtyListReply:
        """tty.list."""
        found = self._manager.list(command.pid)
        return TtyListReply(terminals=tuple(_record(info) for info in found if self._may_see(info, principal)))

    async def foreground(self, command: TtyForeground, principal: Principal) -> TtyForegroundReply:
        """tty.foreground."""
        self._check(command.tty_id, principal)
        found = await self._manager.foreground(command.tty_id)
        if found is None:
            return TtyForegroundReply()
        return TtyForegroundReply(name=found.name, command=found.command, shell=found.shell, background=found.background)

    def view(self, tty_id: str, on_readable: Callable[[], None], recent_bytes: int = 0) -> ScreenSource:
        """The screen of a terminal, to be owned by the caller; a copy that answers nothing where it has an owner already.

        on_readable: called on this loop when there is something to parse after there was nothing. recent_bytes: begin that
        far before the end of an agent's record, 0 for all of it. Raises NotFoundError or LimitReachedError.
        """
        if is_console(tty_id):
            return ConsoleScreen(self._consoles.get(tty_id), on_readable, recent_bytes, self._scrollback())
        return self._manager.view(tty_id, on_readable)

    async def close(self) -> None:
        """End all terminals."""
        await self._manager.close_all()

    def _check(self, tty_id: str, principal: Principal) -> None:
        if is_console(tty_id):
            raise ConflictError("This terminal shows the agent's own commands.", "Open a shell beside it to type.")
        if not self._may_see(self._manager.get(tty_id), principal):
            raise NotFoundError(f"There is no terminal {tty_id[:64]}.")

    def _may_see(self, info: TtyInfo, principal: Principal) -> bool:
        return principal.may_see(self._owner_of(info.owner_pid or KERNEL_PID) or "")

    def _on_event(self, event: TtyEvent, info: TtyInfo) -> None:
        pid = info.owner_pid or KERNEL_PID
        host = pid == KERNEL_PID
        if event is TtyEvent.OPENED:
            size = (info.columns, info.lines)
            self._bus.publish(
                TtyOpened(pid=pid, tty_id=info.tty_id, title=info.title, cols=size[0], rows=size[1], host=host)
            )
        elif event is TtyEvent.EXITED:
            code = HUNG_UP if info.exit_code is None else info.exit_code
            self._bus.publish(TtyClosed(pid=pid, tty_id=info.tty_id, exit_code=code, title=info.title, host=host))

    def _forget(self, pid: int) -> None:
        if self._manager.list(pid) and not self._scope.closed:
            self._scope.spawn(self._manager.close_owner(pid), name=f"close-{pid}")


def is_console(tty_id: str) -> bool:
    """Whether an id names an agent's own terminal rather than an interactive one."""
    return tty_id.startswith("tty-") and tty_id.endswith("-0")


def _inside(home: str, folder: str) -> str:
    """A folder of the home as the sandbox names it. Raises InvalidArgumentError for one outside."""
    path = posixpath.normpath(posixpath.join(home, folder))
    if path != home and not path.startswith(home + "/"):
        raise InvalidArgumentError(f"{folder[:200]!r} is not inside of the agent's home.", f"Its home is {home}.")
    return path


def _record(info: TtyInfo) -> TtyRecord:
    return TtyRecord(
        tty_id=info.tty_id,
        pid=info.owner_pid or KERNEL_PID,
        title=info.title,
        cols=info.columns,
        rows=info.lines,
        host=(info.owner_pid or KERNEL_PID) == KERNEL_PID,
        running=info.running,
        exit_code=info.exit_code,
    )


def _typed(command: TtyInput) -> bytes:
    if not command.base64:
        return command.data.encode("utf-8", errors="replace")
    try:
        return base64.b64decode(command.data, validate=True)
    except ValueError as error:
        raise InvalidArgumentError("What was typed is not base64.") from error
