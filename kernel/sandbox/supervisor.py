"""The program that starts and ends commands inside a sandbox.

It runs inside the confinement under the system's Python with `-I -S` and imports nothing but the standard library; the
kernel speaks to it over a SOCK_SEQPACKET socket whose messages `supervisor_link.py` describes. For every call it forks a
"shim", which becomes the subreaper of the call's command: whatever a command leaves behind, even after setsid and a double
fork, stays below its shim, and so can be found and ended. When the kernel goes away the socket ends, and so does it.

Its own messages are JSON written by hand, and requests come in `marshal` (format 2, which every Python reads): importing
`json` would make every start slower by 8 ms.

Usage: supervisor.py SOCKET_FD NICENESS RLIMIT_NAME=VALUE ... [SOCKETS_COVERED=FD]

Behind FD is who covers the sockets in mounted folders (`launcher.py`), now that all is mounted: nothing is started before it answers.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import marshal
import os
import resource
import select
import signal
import socket
import struct
import sys
import termios
import time

TYPE_CHECKING = False  # as in `typing`, whose import alone costs 10 ms at every start of a sandbox
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

MAX_MESSAGE_BYTES = 192 * 1024
MAX_DESCRIPTORS = 3
TICK_S = 0.01
STOP_ROUNDS = 12
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
COMMANDS_ONLY = "RLIMIT_CPU="  # a supervisor may live for weeks
SOCKETS_COVERED = "SOCKETS_COVERED="
IGNORED_SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTSTP",
                   "SIGTTIN", "SIGTTOU", "SIGVTALRM", "SIGPROF", "SIGXFSZ", "SIGWINCH")  # fmt: skip


class Call:
    """A command that was started: its shim, the reading end kept for discarding output, and whether it is being ended.

    lone: its shim could not fork and became the command itself.
    """

    def __init__(self, number: int, shim: int, drain: int | None) -> None:
        self.number = number
        self.shim = shim
        self.drain = drain
        self.ending = False
        self.lone = False

    def processes(self) -> list[int]:
        """The command and what it left behind; a shim that became its command is one of them."""
        return [self.shim, *descendants(self.shim)] if self.lone else descendants(self.shim)


class Supervisor:
    """Reads requests, keeps the table of calls, reaps shims."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.calls: dict[int, Call] = {}
        self.draining: dict[int, Call] = {}
        self.poll = select.poll()
        self.poll.register(control.fileno(), select.POLLIN)
        self.lone_calls, self.tell_lone = os.pipe()
        os.set_blocking(self.lone_calls, False)

    def run(self) -> None:
        """Serve until the kernel goes away."""
        wake = self.install_signals()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        os.close(null)
        self.send('{"op":"ready"}')
        gc.freeze()
        self.poll.register(self.lone_calls, select.POLLIN)
        while True:
            ending = any(call.ending for call in self.calls.values())
            for descriptor, _ in self.poll.poll(TICK_S * 1000 if ending else None):
                if descriptor == wake:
                    drain_signals(wake)
                elif descriptor == self.lone_calls:
                    self.note_lone()
                elif descriptor == self.control.fileno():
                    if not self.receive():
                        return
                else:
                    self.discard(descriptor)
            self.reap()
            self.end_calls()

    def install_signals(self) -> int:
        """Ignore what a command may send, and turn SIGCHLD into a readable descriptor."""
        for name in IGNORED_SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.poll.register(reading, select.POLLIN)
        return reading

    def send(self, message: str, descriptors: Sequence[int] = ()) -> None:
        """Send one message; a kernel that does not read any more ends this program."""
        ancillary = []
        if descriptors:
            packed = struct.pack(f"{len(descriptors)}i", *descriptors)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)]
        self.control.sendmsg([message.encode()], ancillary)

    def receive(self) -> bool:
        """Handle one request; False at the end of the conversation."""
        space = socket.CMSG_SPACE(MAX_DESCRIPTORS * 4)
        data, ancillary, flags, _ = self.control.recvmsg(MAX_MESSAGE_BYTES, space, socket.MSG_CMSG_CLOEXEC)
        if not data:
            return False
        descriptors: list[int] = []
        for _, _, packed in ancillary:
            descriptors.extend(struct.unpack(f"{len(packed) // 4}i", packed[: len(packed) // 4 * 4]))
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise SystemExit("a request was cut off")
        request = marshal.loads(data)
        operation = request["op"]
        if operation == "start":
            self.start(request, descriptors)
        elif operation == "kill":
            self.kill(request["id"], request["signal"])
        elif operation == "release":
            self.release(request["id"])
        elif operation == "signal_all":
            self.signal_all(request["signal"])
        elif operation == "ping":
            self.send(f'{{"op":"pong","token":{request["token"]:d}}}')
        return True

    def start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Fork a shim for a command; answers `started` (with the terminal's master) or `failed`."""
        number: int = request["id"]
        master: int | None = None
        drain: int | None = None
        try:
            if request["pty"] is not None:
                master, slave = open_terminal(*request["pty"])
                standard = (slave, slave, slave)
            else:
                source, sink, drain = descriptors
                standard = (source, sink, sink)
            shim = os.fork()
            if shim == 0:
                run_shim(self.control, request, standard, master is not None, self.tell_lone)
        except OSError as error:
            self.send(f'{{"op":"failed","id":{number:d},"errno":{error.errno or 0:d}}}')
            for descriptor in [*descriptors, *([] if master is None else [master, slave])]:
                os.close(descriptor)
            return
        for descriptor in set(standard):
            os.close(descriptor)
        self.calls[number] = Call(number, shim, drain)
        self.send(f'{{"op":"started","id":{number:d}}}', () if master is None else (master,))
        if master is not None:
            os.close(master)

    def kill(self, number: int, signum: int) -> None:
        """Signal every process of a call; SIGKILL goes on at every tick until none is left."""
        call = self.calls.get(number)
        if call is None:
            return
        if signum == signal.SIGKILL:
            call.ending = True
            self.end_calls()
        else:
            send_signals(call.processes(), signum)

    def release(self, number: int) -> None:
        """The kernel reads this call's output no more: from now on it is thrown away here."""
        call = self.calls.get(number)
        if call is not None and call.drain is not None and call.drain not in self.draining:
            self.draining[call.drain] = call
            self.poll.register(call.drain, select.POLLIN)

    def discard(self, descriptor: int) -> None:
        """Throw away a piece of output that nobody reads."""
        try:
            if os.read(descriptor, 65536):
                return
        except BlockingIOError:
            return
        self.forget_drain(self.draining[descriptor])

    def forget_drain(self, call: Call) -> None:
        """Close the kept reading end of a call."""
        if call.drain is None:
            return
        if self.draining.pop(call.drain, None) is not None:
            self.poll.unregister(call.drain)
        os.close(call.drain)
        call.drain = None

    def signal_all(self, signum: int) -> None:
        """Signal all commands of all calls, but no shim."""
        for call in self.calls.values():
            send_signals(call.processes(), signum)

    def note_lone(self) -> None:
        """A shim is about to become its command."""
        try:
            told = os.read(self.lone_calls, 8 * 512)
        except BlockingIOError:
            return
        for (number,) in struct.iter_unpack("q", told):
            if number in self.calls:
                self.calls[number].lone = True

    def reap(self) -> None:
        """Notice shims that ended: all processes of their call are gone."""
        while True:
            try:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.note_lone()
            for number, call in tuple(self.calls.items()):
                if call.shim == pid:
                    self.forget_drain(call)
                    if call.lone:
                        status = os.waitstatus_to_exitcode(wait_status)
                        self.send(f'{{"op":"exit","id":{number:d},"status":{status:d}}}')
                    del self.calls[number]
                    self.send(f'{{"op":"gone","id":{number:d}}}')
            self.end_strays()

    def end_strays(self) -> None:
        """A child that is no shim lost its shim to somebody's SIGKILL: it goes too."""
        shims = {call.shim for call in self.calls.values()}
        own = os.getpid()
        table = process_table()
        for pid, (parent, _) in table.items():
            if parent == own and pid not in shims:
                end_tree(pid, include_root=True)

    def end_calls(self) -> None:
        """One pass of SIGKILL over the calls that are being ended."""
        for call in self.calls.values():
            if call.ending:
                end_tree(call.shim, include_root=call.lone)


def run_shim(
    control: socket.socket, request: dict[str, Any], standard: tuple[int, int, int], on_terminal: bool, tell_lone: int
) -> NoReturn:
    """The per-call process: adopts whatever the command leaves behind; reports the command's end. Never returns.

    Where no process can be had any more it becomes the command, so that one that ends others (`kill` needs no process) can run.
    """
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        keep = sorted({control.fileno(), *standard})
        try:
            command = os.fork()
        except OSError:
            os.write(tell_lone, struct.pack("q", request["id"]))
            run_command(request, standard, on_terminal, leads=True)
        if command == 0:
            run_command(request, standard, on_terminal)
        close_except([0, 1, 2, control.fileno()], max(keep) + 64)
        while True:
            pid, wait_status = os.waitpid(-1, 0)
            if pid == command:
                status_code = os.waitstatus_to_exitcode(wait_status)
                report = f'{{"op":"exit","id":{request["id"]:d},"status":{status_code:d}}}'
                control.sendmsg([report.encode()])
    except ChildProcessError:
        status = 0
    finally:
        os._exit(status)


def run_command(
    request: dict[str, Any], standard: tuple[int, int, int], on_terminal: bool, *, leads: bool = False
) -> NoReturn:
    """Become the command. Never returns; what hinders it is printed where its output goes, as a shell does.

    leads: this process leads a session already.
    """
    code = 126
    try:
        if not leads:
            os.setsid()
        if on_terminal:
            fcntl.ioctl(standard[0], termios.TIOCSCTTY, 0)
        moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 3) for descriptor in standard]
        for target, descriptor in enumerate(moved):
            os.dup2(descriptor, target)
        os.closerange(3, 1 << 16)
        for number in range(1, signal.NSIG):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                restore_default(number)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        apply_limits([limit for limit in sys.argv[3:] if limit.startswith(COMMANDS_ONLY)])
        name = request["cwd"]
        os.chdir(name)
        argv = request["argv"]
        name = argv[0]
        os.execvpe(argv[0], argv, request["env"])
    except FileNotFoundError as error:
        code = 127
        os.write(2, f"{name}: {error.strerror}\n".encode(errors="replace"))
    except OSError as error:
        os.write(2, f"{name}: {error.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(code)


def restore_default(number: int) -> None:
    """Undo an ignored signal, which exec would otherwise hand on; numbers that the C library reserves are skipped."""
    try:
        if signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
    except (ValueError, OSError):
        return


def close_except(kept: Iterable[int], highest: int) -> None:
    """Close every descriptor from 0 to `highest` (and beyond) that is not in `kept`."""
    previous = -1
    for descriptor in sorted(kept):
        if descriptor > previous + 1:  # an empty range closes everything on some versions
            os.closerange(previous + 1, descriptor)
        previous = descriptor
    os.closerange(previous + 1, max(highest, 1 << 16))


def open_terminal(columns: int, lines: int) -> tuple[int, int]:
    """(master, slave) of a new terminal of that size."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    return master, slave


def process_table() -> dict[int, tuple[int, bytes]]:
    """{pid: (parent, state)} of everything that this process can see."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as source:
                    fields = source.read().rpartition(b")")[2].split()
            except OSError:
                continue
            table[int(name)] = (int(fields[1]), fields[0])
    return table


def descendants(root: int) -> list[int]:
    """All living processes below `root`, parents before their children."""
    children: dict[int, list[int]] = {}
    states: dict[int, bytes] = {}
    for pid, (parent, state) in process_table().items():
        children.setdefault(parent, []).append(pid)
        states[pid] = state
    found: list[int] = []
    level = [root]
    while level:
        level = [child for parent in level for child in children.get(parent, ())]
        found.extend(level)
    return [pid for pid in found if states[pid] not in (b"Z", b"X")]


def send_signals(pids: Iterable[int], signum: int) -> None:
    """Signal processes that may already be gone."""
    for pid in pids:
        try:
            os.kill(pid, signum)
        except OSError:
            continue


def end_tree(root: int, include_root: bool = False) -> None:
    """Stop everything below `root` until nothing new is found, so that nothing forks on, then kill it."""
    stopped: set[int] = set()
    for _ in range(STOP_ROUNDS):
        tree = [root, *descendants(root)] if include_root else descendants(root)
        fresh = [pid for pid in tree if pid not in stopped]
        if not fresh:
            break
        send_signals(fresh, signal.SIGSTOP)
        stopped.update(fresh)
    send_signals(stopped, signal.SIGKILL)


def drain_signals(descriptor: int) -> None:
    """Empty the pipe that signals wake us with."""
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        return


def prctl(option: int, value: int) -> None:
    """Change a property of this process; does nothing where the system has no prctl."""
    if sys.platform.startswith("linux"):
        LIBC.prctl(option, value, 0, 0, 0)


def apply_limits(limits: Sequence[str]) -> None:
    """Set resource limits (NAME=VALUE), never above what the system already imposes."""
    for limit in limits:
        name, _, text = limit.partition("=")
        which, value = getattr(resource, name), int(text)
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))


def wait_until_covered(descriptor: int) -> None:
    """Ask for the sockets in mounted folders to be covered; ends this program where that fails, whose reason has been printed."""
    with socket.socket(fileno=descriptor) as covering:
        covering.send(b".")
        if not covering.recv(1):
            raise SystemExit(1)


def main() -> None:
    """Set this process up and serve; at the end take everything along."""
    if sys.argv[-1].startswith(SOCKETS_COVERED):
        wait_until_covered(int(sys.argv.pop()[len(SOCKETS_COVERED) :]))
    descriptor = int(sys.argv[1])
    control = socket.socket(fileno=fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3))
    os.close(descriptor)
    close_except([0, 1, 2, control.fileno()], 1 << 16)
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.nice(int(sys.argv[2]))
    apply_limits([limit for limit in sys.argv[3:] if not limit.startswith(COMMANDS_ONLY)])
    supervisor = Supervisor(control)
    try:
        supervisor.run()
    finally:
        deadline = time.monotonic() + 2
        while descendants(os.getpid()) and time.monotonic() < deadline:
            end_tree(os.getpid())
            time.sleep(TICK_S)


LIBC = ctypes.CDLL(None, use_errno=True)

if __name__ == "__main__":
    main()
