"""Terminals on Linux and macOS: shells of the host, and masters that somebody else opened.

A shell starts through `posix_spawn` (`child`) in a new session; a small `sh` opens the terminal's slave, which so becomes its
controlling terminal. No `preexec_fn`, no `forkpty`: both stall or deadlock a large process with threads.
"""

import asyncio
import contextlib
import fcntl
import os
import pwd
import shutil
import struct
import termios
import uuid
from collections.abc import Callable

from kernel.errors import InvalidArgumentError, NotFoundError, UnavailableError
from kernel.tty.backend import DirectOutput, OnData, OnExit, Pty, RunningCommand, ShellSpec
from kernel.tty.child import Child, start_apart
from kernel.tty.exit_watch import watch_exit
from kernel.tty.foreground import Foreground
from kernel.tty.leftovers import VARIABLE
from kernel.tty.master import Master
from kernel.tty.sessions import HANG_UP, end_session, session_members, session_over, signal_session
from kernel.tty.shell_integration import login_shell
from kernel.tty.shell_sessions import ShellSessions

#: For reading and writing at once, as login does: tmux and pagers read from their output.
OPEN_SLAVE = 'slave=$1 folder=$2; shift 2; exec <>"$slave" >&0 2>&0; cd "$folder" || exit 126; exec "$@"'
#: What belongs to the terminal that Aether itself was started in: tmux would refuse to start, and programs would ask the wrong one.
OTHER_TERMINALS = frozenset(
    {"COLUMNS", "LINES", "TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID", "VTE_VERSION", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
     "TERM_SESSION_ID", "INSIDE_EMACS", "TERMCAP", "GNOME_TERMINAL_SCREEN", "GNOME_TERMINAL_SERVICE"}
)  # fmt: skip
OTHER_TERMINALS_PREFIXES = ("KITTY_", "ALACRITTY_", "WEZTERM_", "GHOSTTY_", "KONSOLE_", "ITERM_", "XTERM_")
HANGUP_GRACE_S = 0.3
END_WAIT_S = 3.0


class PosixPtyBackend:
    """Implements `PtyBackend` with the standard library.

    sessions: takes care that nothing of a shell outlives this process, however that ends; None leaves it to the system's hangup.
    """

    def __init__(self, sessions: ShellSessions | None = None) -> None:
        self._sessions = sessions

    async def open(self, spec: ShellSpec) -> Pty:
        """A program on a new terminal; its own session, its own process group."""
        argv, folder, environment = _resolve(spec)
        token = uuid.uuid4().hex
        environment[VARIABLE] = token
        try:
            master, slave = os.openpty()
        except OSError as error:
            raise UnavailableError(
                f"No terminal could be opened: {error.strerror}.", "Close some terminals."
            ) from error
        try:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", spec.lines, spec.columns, 0, 0))
            process = _start(os.ttyname(slave), argv, environment, folder)
        except OSError as error:
            os.close(master)
            os.close(slave)
            raise UnavailableError(f"{argv[0]} could not be started: {error.strerror}.") from error
        if self._sessions is None:
            return HostPty(process, Master(master), slave)
        sessions = self._sessions
        pty = HostPty(process, Master(master), slave, lambda: sessions.release(token))
        try:
            await sessions.keep(process.pid, token)
        except BaseException:
            await pty.close()
            raise
        return pty


class HostPty:
    """Implements `Pty` for a program that we started; owns it until it is reaped.

    The program stays unreaped while anything of its session lives, so that the session's number cannot become another's.
    slave: kept open while the program lives, since a master whose other side nobody has open yet reads as ended.
    on_over: told before the program is reaped.
    """

    def __init__(self, process: Child, master: Master, slave: int, on_over: Callable[[], None] = lambda: None) -> None:
        self._process = process
        self._on_over = on_over
        self._slave: int | None = slave
        self._master = master
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._code: int | None = None
        self._on_exit: OnExit | None = None
        self._looking: asyncio.Future[tuple[int, ...]] | None = None
        self._stop_watching = watch_exit(process.pid, self._set_ended)

    @property
    def pid(self) -> int | None:
        """The program's number, which is its session's and process group's too."""
        return self._process.pid

    @property
    def direct(self) -> DirectOutput | None:
        """The master."""
        return self._master

    def start_reading(self, on_data: OnData, on_exit: OnExit) -> None:
        """Begin to hand over output; on_exit comes after the last of it."""
        self._on_exit = on_exit
        self._master.start_reading(on_data, lambda: None)
        if self._ended.is_set():
            self._tell_exit()

    def resume_reading(self) -> None:
        """There is room again."""
        if not self._ended.is_set():
            self._master.resume_reading()

    def write(self, data: bytes) -> None:
        """Queue input."""
        self._master.write(data)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size."""
        self._master.resize(columns, lines)

    def foreground(self) -> Foreground | None:
        """The program in the foreground."""
        return self._master.foreground()

    async def close(self) -> None:
        """SIGHUP to the whole session and to what descends from it, SIGKILL to what is left of them after 0.3 s.

        So a program with a session of its own ends too while its parents live; where Aether died, nobody can know of it any more.
        """
        if self._looking is not None:
            await asyncio.wait([self._looking])
        if self._process.returncode is None:
            await asyncio.to_thread(signal_session, self._process.pid, HANG_UP)
            self._master.close()
            if not await asyncio.to_thread(session_over, self._process.pid, HANGUP_GRACE_S):
                await asyncio.to_thread(end_session, self._process.pid, END_WAIT_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_WAIT_S):
                    await self._ended.wait()
            if self._ended.is_set():
                self._reap()
        self._stop_watching()
        if self._looking is not None:
            await asyncio.wait([self._looking])
        self._master.close()
        self._close_slave()

    def _close_slave(self) -> None:
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def _set_ended(self, status: int) -> None:
        if self._ended.is_set():
            return
        self._code = 128 - status if status < 0 else status
        self._ended.set()
        if self._on_exit is not None:
            self._tell_exit()
        self._close_slave()
        self._looking = self._loop.run_in_executor(None, session_members, self._process.pid)
        self._looking.add_done_callback(self._reap_if_alone)

    def _reap_if_alone(self, looking: "asyncio.Future[tuple[int, ...]]") -> None:
        if not looking.cancelled() and looking.exception() is None and not looking.result():
            self._reap()

    def _reap(self) -> None:
        self._on_over()
        self._process.poll()

    def _tell_exit(self) -> None:
        on_exit, self._on_exit = self._on_exit, None
        if on_exit is not None:
            self._master.end(lambda: on_exit(self._code))


class AdoptedPty:
    """Implements `Pty` for a command whose terminal a sandbox opened; owns the descriptor, not the program.

    Raises InvalidArgumentError when the command runs on no terminal.
    """

    def __init__(self, command: RunningCommand) -> None:
        if command.master_fd is None:
            raise InvalidArgumentError("The command does not run on a terminal.")
        self._master = Master(command.master_fd)
        self._command = command
        self._on_exit: OnExit | None = None
        self._over = False

    @property
    def pid(self) -> int | None:
        """Not ours to know."""
        return None

    @property
    def direct(self) -> DirectOutput | None:
        """The master."""
        return self._master

    def start_reading(self, on_data: OnData, on_exit: OnExit) -> None:
        """Begin to hand over output; `wait_exit` must run beside it."""
        self._on_exit = on_exit
        self._master.start_reading(on_data, lambda: None)

    def resume_reading(self) -> None:
        """There is room again."""
        if not self._over:
            self._master.resume_reading()

    def write(self, data: bytes) -> None:
        """Queue input."""
        self._master.write(data)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size."""
        self._master.resize(columns, lines)

    async def wait_exit(self) -> None:
        """Wait for the command's end and tell it, after the last of its output."""
        outcome = await self._command.wait()
        self._over = True
        drained = asyncio.Event()
        self._master.end(drained.set)
        await drained.wait()
        on_exit, self._on_exit = self._on_exit, None
        if on_exit is not None:
            on_exit(outcome.code)

    def foreground(self) -> Foreground | None:
        """The program in the foreground."""
        return self._master.foreground()

    async def close(self) -> None:
        """End the program's whole tree and give the descriptor back."""
        if not self._master.closed:
            self._master.close()
            await self._command.kill()


def _environment(spec: ShellSpec) -> dict[str, str]:
    person = pwd.getpwuid(os.getuid())
    shell = os.environ.get("SHELL") or person.pw_shell or "/bin/sh"
    base = dict(os.environ) | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "SHELL": shell}
    base.setdefault("HOME", person.pw_dir)
    base.setdefault("LANG", "C.UTF-8")
    for name in tuple(base):
        if name in OTHER_TERMINALS or name.startswith(OTHER_TERMINALS_PREFIXES):
            del base[name]
    base.pop("OLDPWD", None)
    return base | dict(spec.env)


def _resolve(spec: ShellSpec) -> tuple[tuple[str, ...], str, dict[str, str]]:
    """(argv, folder, environment); raises NotFoundError."""
    environment = _environment(spec)
    argv = spec.argv or login_shell(environment["SHELL"])
    folder = spec.cwd or environment["HOME"]
    if not os.path.isdir(folder):
        raise NotFoundError(f"The folder {folder} does not exist.", "Choose another folder.")
    program = spec.argv[0] if spec.argv else environment["SHELL"]
    if shutil.which(program, path=environment.get("PATH", os.defpath)) is None:
        raise NotFoundError(f"The program {program} was not found.", "Check its name or install it.")
    return argv, folder, environment


def _start(slave: str, argv: tuple[str, ...], environment: dict[str, str], folder: str) -> Child:
    """The program on a terminal's slave. Raises OSError."""
    return start_apart(("/bin/sh", "-c", OPEN_SLAVE, "sh", slave, os.path.abspath(folder), *argv), environment)
