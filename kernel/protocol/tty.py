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
    """Start a shell: in the agent's sandbox, or on this machine for pid 0 (a person's own terminal)."""

    pid: int
    cols: Columns = 120
    rows: Lines = 36


class TtyInput(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.input"):
    """Type into a terminal; `data` is UTF-8 text."""

    tty_id: str
    data: Annotated[str, Meta(max_length=1_000_000)]


class TtyResize(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.resize"):
    """Tell a terminal its size in cells; its programs get SIGWINCH."""

    tty_id: str
    cols: Columns
    rows: Lines


class TtyClose(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="tty.close"):
    """End a terminal and its whole process group."""

    tty_id: str


class TtyOpened(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="tty.opened"):
    """A terminal runs."""

    tty_id: str


class TtyClosed(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="tty.closed"):
    """A terminal ended."""

    tty_id: str
    exit_code: int = 0
