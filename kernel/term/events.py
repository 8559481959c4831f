"""What a terminal tells its owner besides its rows: frozen events, collected by ``Terminal.take_events``.

Every text in them comes from a program and is untrusted: it is bounded and free of control characters, nothing more.
"""

from __future__ import annotations

import msgspec


class TermEvent(msgspec.Struct, frozen=True):
    """Base of all terminal events."""


class Bell(TermEvent, frozen=True):
    """The program rang the bell."""


class TitleChanged(TermEvent, frozen=True):
    """The window title is now ``title``."""

    title: str


class CwdChanged(TermEvent, frozen=True):
    """OSC 7: the shell's working directory, as the program wrote it (mostly ``file://host/path``)."""

    uri: str


class PromptMark(TermEvent, frozen=True):
    """OSC 133: ``kind`` A prompt, B command, C output, D end, on the absolute line ``line``; D may carry ``exit_code``.

    ``last_line``: A said that for another size of the screen the shell draws only the last line of this prompt again.
    """

    kind: str
    line: int
    exit_code: int | None = None
    last_line: bool = False


class Hyperlink(TermEvent, frozen=True):
    """OSC 8: text drawn from now on links to ``uri``; cells of one ``link_id`` belong together."""

    uri: str
    link_id: str


class ClipboardRequest(TermEvent, frozen=True):
    """OSC 52: the program asks to put ``text`` into the clipboards ``targets`` (``c``, ``p``, ...); ask the person."""

    targets: str
    text: str


class Notification(TermEvent, frozen=True):
    """OSC 9 or 777: the program asks to show a notification."""

    title: str
    body: str


class SizeChanged(TermEvent, frozen=True):
    """The program changed the size of the screen (DECCOLM, XTWINOPS); the owner tells the pty or changes it back."""

    columns: int
    lines: int


class WindowRequest(TermEvent, frozen=True):
    """XTWINOPS: a wish about the window (``iconify``, ``restore``, ``raise``, ``lower``, ``move``, ``maximize``, ...)."""

    action: str
    args: tuple[int, ...] = ()


class PaletteChanged(TermEvent, frozen=True):
    """Colours of ``Terminal.palette`` changed."""
