"""The kernel's end of the conversation with a supervisor.

One SOCK_SEQPACKET socket; a datagram is one message. To the supervisor, in `marshal`: start, kill, release, signal_all, ping.
From it, in JSON: ready, started (with the terminal's master), failed, exit, gone, pong. The other end sits inside the sandbox, so every
message and every descriptor is checked here, and anything unexpected ends the link.
"""

import asyncio
import marshal
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from kernel.errors import InvalidArgumentError, UnavailableError

MAX_REQUEST_BYTES = 160 * 1024
MAX_REPORT_BYTES = 4096
REPORTS_PER_TURN = 64
MAX_PENDING_REQUESTS = 4096

Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Status = Annotated[int, msgspec.Meta(ge=-64, le=255)]


class Ready(msgspec.Struct, frozen=True, tag_field="op", tag="ready", forbid_unknown_fields=True):
    """The supervisor can take requests."""


class Started(msgspec.Struct, frozen=True, tag_field="op", tag="started", forbid_unknown_fields=True):
    """A command's processes exist; a terminal's master comes along."""

    id: Number


class Failed(msgspec.Struct, frozen=True, tag_field="op", tag="failed", forbid_unknown_fields=True):
    """A command could not be started."""

    id: Number
    errno: Annotated[int, msgspec.Meta(ge=0, le=4096)]


class Exited(msgspec.Struct, frozen=True, tag_field="op", tag="exit", forbid_unknown_fields=True):
    """A command ended: its exit code, or minus the signal."""

    id: Number
    status: Status


class Gone(msgspec.Struct, frozen=True, tag_field="op", tag="gone", forbid_unknown_fields=True):
    """No process of a call is left."""

    id: Number


class Pong(msgspec.Struct, frozen=True, tag_field="op", tag="pong", forbid_unknown_fields=True):
    """Answer to a ping."""

    token: Number


Report = Ready | Started | Failed | Exited | Gone | Pong
_decoder: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
OnReport = Callable[[Report, int | None], None]
OnBroken = Callable[[str], None]


class SupervisorLink:
    """Owns the kernel's socket. Reports arrive through `on_report` with the descriptor that came along, if any.

    on_broken: told once, with a reason, when the other end is gone ("") or does not keep to the protocol.
    """

    def __init__(self, on_report: OnReport, on_broken: OnBroken) -> None:
        self._on_report = on_report
        self._on_broken = on_broken
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[bytes, list[int]]] = []

    def open(self) -> socket.socket:
        """Make the pair, listen on one end and return the other, which the caller hands to the supervisor and closes."""
        kind = socket.SOCK_SEQPACKET if sys.platform.startswith("linux") else socket.SOCK_DGRAM
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        ours.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            ours.setsockopt(socket.SOL_SOCKET, option, 2 * MAX_REQUEST_BYTES)
            theirs.setsockopt(socket.SOL_SOCKET, option, 2 * MAX_REQUEST_BYTES)
        self._socket = ours
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(ours.fileno(), self._on_readable)
        return theirs

    def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send a request; descriptors are duplicated, the caller keeps its own.

        Raises InvalidArgumentError when it is too long for one message and UnavailableError when the link is closed.
        """
        data = marshal.dumps(message, 2)  # the other end would need 8 ms to import a JSON parser
        if len(data) > MAX_REQUEST_BYTES:
            raise InvalidArgumentError(
                f"The command with its environment is {len(data)} bytes long; {MAX_REQUEST_BYTES} are possible.",
                "Write the text to a file first and run that.",
            )
        if self._socket is None:
            raise UnavailableError("The sandbox has ended.", "Run the command again; a fresh sandbox is started.")
        if self._waiting:
            self._enqueue(data, descriptors)
            return
        try:
            self._send_now(self._socket, data, descriptors)
        except (BlockingIOError, InterruptedError):
            self._enqueue(data, descriptors)
        except OSError as error:
            raise UnavailableError(f"The sandbox does not answer: {error.strerror}.") from error

    def close(self) -> None:
        """Close the socket; the supervisor ends, and its sandbox with it."""
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        for _, descriptors in self._waiting:
            _close_all(descriptors)
        self._waiting.clear()

    def _enqueue(self, data: bytes, descriptors: Sequence[int]) -> None:
        if len(self._waiting) >= MAX_PENDING_REQUESTS or self._socket is None or self._loop is None:
            raise UnavailableError("The sandbox does not take any more requests.", "Stop the agent or wait.")
        self._waiting.append((data, [os.dup(descriptor) for descriptor in descriptors]))
        self._loop.add_writer(self._socket.fileno(), self._on_writable)

    def _on_writable(self) -> None:
        while self._waiting and self._socket is not None:
            data, descriptors = self._waiting[0]
            try:
                self._send_now(self._socket, data, descriptors)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._break("")
                return
            self._waiting.pop(0)
            _close_all(descriptors)
        if self._socket is not None and self._loop is not None:
            self._loop.remove_writer(self._socket.fileno())

    @staticmethod
    def _send_now(target: socket.socket, data: bytes, descriptors: Sequence[int]) -> None:
        ancillary = []
        if descriptors:
            packed = struct.pack(f"{len(descriptors)}i", *descriptors)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)]
        target.sendmsg([data], ancillary)

    def _on_readable(self) -> None:
        for _ in range(REPORTS_PER_TURN):
            if self._socket is None or not self._receive(self._socket):
                return

    def _receive(self, source: socket.socket) -> bool:
        """Handle one report; False when there is nothing more to do now."""
        try:
            data, ancillary, flags, _ = source.recvmsg(MAX_REPORT_BYTES, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self._break("")
            return False
        descriptors = _descriptors(ancillary)
        if not data:
            _close_all(descriptors)
            self._break("")
            return False
        problem = _problem(flags, descriptors)
        try:
            report = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            problem = "it sent a message that is not of the protocol"
        else:
            if descriptors and not isinstance(report, Started):
                problem = "it sent a descriptor that nobody asked for"
        if problem:
            _close_all(descriptors)
            self._break(problem)
            return False
        self._on_report(report, descriptors[0] if descriptors else None)
        return True

    def _break(self, reason: str) -> None:
        if self._socket is not None:
            self.close()
            self._on_broken(reason)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found: list[int] = []
    for level, kind, packed in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            count = len(packed) // 4
            found.extend(struct.unpack(f"{count}i", packed[: count * 4]))
    return found


def _problem(flags: int, descriptors: list[int]) -> str:
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        return "it sent a message that is too long"
    if len(descriptors) > 1:
        return "it sent more descriptors than one"
    if descriptors and not is_terminal_master(descriptors[0]):
        return "it sent a descriptor that is no terminal"
    return ""


def is_terminal_master(descriptor: int) -> bool:
    """Whether a descriptor is the master of a pseudo-terminal and nothing else."""
    import fcntl

    try:
        found = os.fstat(descriptor)
        if not stat.S_ISCHR(found.st_mode) or not os.isatty(descriptor):
            return False
        if os.uname().sysname == "Linux":
            is_multiplexer = (os.major(found.st_rdev), os.minor(found.st_rdev)) == (5, 2)
            return is_multiplexer and fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR
    except OSError:
        return False
    return True


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
