"""Terminals on Linux and macOS: shells of the host, and masters that somebody else opened.

A shell starts through `Popen` (vfork) in a new session; a small `sh` opens the terminal's slave, which so becomes its
controlling terminal. No `preexec_fn`, no `forkpty`: both stall or deadlock a large process with threads.
"""

import asyncio
import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import struct
import termios
import time

from kernel.errors import InvalidArgumentError, NotFoundError, UnavailableError
from kernel.tty.backend import DirectOutput, OnData, OnExit, Pty, RunningCommand, ShellSpec
from kernel.tty.exit_watch import watch_exit
from kernel.tty.foreground import Foreground
from kernel.tty.master import Master
from kernel.tty.shell_integration import login_shell

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
    """Implements `PtyBackend` with the standard library."""

    async def open(self, spec: ShellSpec) -> Pty:
        """A program on a new terminal; its own session, its own process group."""
        argv, folder, environment = _resolve(spec)
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
        return HostPty(process, Master(master), slave)


class HostPty:
    """Implements `Pty` for a program that we started; owns it until it is reaped.

    The program stays unreaped while anything of its session lives, so that the session's number cannot become another's.
    slave: kept open while the program lives, since a master whose other side nobody has open yet reads as ended.
    """

    def __init__(self, process: "Child", master: Master, slave: int) -> None:
        self._process = process
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
        """SIGHUP to the whole session, SIGKILL to what is left of it after 0.3 s."""
        if self._looking is not None:
            await asyncio.wait([self._looking])
        if self._process.returncode is None:
            await asyncio.to_thread(_signal_session, self._process.pid, (signal.SIGHUP, signal.SIGCONT))
            self._master.close()
            if not await asyncio.to_thread(_session_over, self._process.pid, HANGUP_GRACE_S):
                await asyncio.to_thread(_signal_session, self._process.pid, (signal.SIGKILL,))
                await asyncio.to_thread(_session_over, self._process.pid, END_WAIT_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_WAIT_S):
                    await self._ended.wait()
            self._process.poll()
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
            self._process.poll()

    def _tell_exit(self) -> None:
        self._master.drain()
        self._master.pause_reading()
        on_exit, self._on_exit = self._on_exit, None
        if on_exit is not None:
            on_exit(self._code)


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
        self._master.drain()
        self._master.pause_reading()
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


def session_members(session: int) -> tuple[int, ...]:
    """Living processes of a session, and everything below its leader. Blocks for one look at the process table."""
    table: dict[int, tuple[int, int, bytes]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return _members_by_group(session)
    for name in names:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as source:
            fields = source.read().rpartition(b")")[2].split()
            table[int(name)] = (int(fields[1]), int(fields[3]), fields[0])
    found = {pid for pid, (_, own, _) in table.items() if own == session}
    grown = True
    while grown:
        more = {pid for pid, (parent, _, _) in table.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return tuple(pid for pid in found if table[pid][2] not in (b"Z", b"X"))


def _members_by_group(session: int) -> tuple[int, ...]:
    """Where there is no /proc: the process group alone, if anybody is in it."""
    try:
        os.killpg(session, 0)
    except OSError:
        return ()
    return (-session,)


def _signal_session(session: int, signals: tuple[int, ...]) -> None:
    """Signal every member. Blocks for a look at the process table."""
    members = session_members(session)
    for signum in signals:
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signum)


def _session_over(session: int, timeout_s: float) -> bool:
    """Wait until no member lives; False after `timeout_s`. Blocks."""
    end = time.monotonic() + timeout_s
    while session_members(session):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


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


class Child:
    """A process that we started, until it is reaped. returncode: None before that."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> None:
        """Reap it where it has ended."""
        if self.returncode is None:
            try:
                reaped, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                reaped, status = self.pid, 0
            if reaped:
                self.returncode = os.waitstatus_to_exitcode(status)


def _start(slave: str, argv: tuple[str, ...], environment: dict[str, str], folder: str) -> Child:
    """In a session of its own, with no descriptor of ours and every signal as a new terminal has it.

    Whoever started us in the background or with nohup ignores signals that a shell's programs must be able to be ended by.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)
    ]
    actions += [(os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _handed_on()]
    signals = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    words = ["/bin/sh", "-c", OPEN_SLAVE, "sh", slave, os.path.abspath(folder), *argv]
    return Child(os.posix_spawn("/bin/sh", words, environment, file_actions=actions, setsid=True, setsigmask=(), setsigdef=signals))


def _handed_on() -> tuple[int, ...]:
    """Descriptors that a new process would get; Python makes none, libraries may."""
    found = []
    for name in os.listdir("/dev/fd"):
        descriptor = int(name)
        with contextlib.suppress(OSError):
            if descriptor > 2 and os.get_inheritable(descriptor):
                found.append(descriptor)
    return tuple(found)
