"""Commands and events of terminals. The bytes themselves are no events: they flow through a bounded channel per terminal."""

from typing import Annotated

from msgspec import Meta

from kernel.protocol.base import Command, Empty, ProcessEvent, Record

Columns = Annotated[int, Meta(ge=1, le=2000)]
Lines = Annotated[int, Meta(ge=1, le=2000)]


class TtyOpenReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The new terminal."""

    tty_id: str


class TtyOpen(Command[TtyOpenReply], frozen=True, kw_only=True, rename="camel", tag="tty.open"):
    """Start a shell: in the agent's sandbox, or on this machine for pid 0 (a person's own terminal).

    cwd: where it starts. On this machine a folder; one that does not exist means the person's home. In a sandbox a folder of
    the agent's home, from there or from the root. Empty is the home.
    """

    pid: int
    cols: Columns = 120
    rows: Lines = 36
    cwd: Annotated[str, Meta(max_length=4096)] = ""


class TtyRecord(Record, frozen=True, kw_only=True, rename="camel"):
    """A shell that was opened. host: it runs on this machine, outside of every sandbox. exit_code: None while it runs."""

    tty_id: str
    pid: int
    title: str
    cols: int
    rows: int
    host: bool
    running: bool = True
    exit_code: int | None = None


class TtyListReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The shells, oldest first."""

    terminals: tuple[TtyRecord, ...] = ()


class TtyList(Command[TtyListReply], frozen=True, kw_only=True, rename="camel", tag="tty.list"):
    """The shells that one may see; `pid` for those of one process, 0 for those of this machine."""

    pid: int | None = None


class TtyForegroundReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The program in the foreground; `name` is empty where it is not known. shell: the shell itself waits for a command.

    background: how many other programs the shell has running.
    """

    name: str = ""
    command: str = ""
    shell: bool = False
    background: int = 0


class TtyForeground(Command[TtyForegroundReply], frozen=True, kw_only=True, rename="camel", tag="tty.foreground"):
    """Ask which program a terminal's closing would interrupt."""

    tty_id: str


class TtyInput(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.input"):
    """Type into a terminal; `data` is text, sent as UTF-8, or with `base64` the bytes in that form (RFC 4648)."""

    tty_id: str
    data: Annotated[str, Meta(max_length=1_000_000)]
    base64: bool = False


class TtyResize(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.resize"):
    """Tell a terminal its size in cells; its programs get SIGWINCH."""

    tty_id: str
    cols: Columns
    rows: Lines


class TtyClose(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.close"):
    """End a terminal and its whole process group."""

    tty_id: str


class TtyOpened(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="tty.opened"):
    """A terminal runs. host: a shell of this machine, outside of every sandbox."""

    tty_id: str
    title: str = ""
    cols: int = 0
    rows: int = 0
    host: bool = False


class TtyClosed(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="tty.closed"):
    """A terminal ended. exit_code: that of its program, 128 + n by signal n; 129 where it was closed."""

    tty_id: str
    exit_code: int = 0
    title: str = ""
    host: bool = False
