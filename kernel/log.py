"""Logging for the kernel and its clients: one place that formats, redacts and remembers.

Every record carries the agent's pid where one is bound (`bound_pid`), secrets are redacted before a handler sees them,
and the last records stay in memory for a crash report. Called by everybody; imports nothing of Aether but what opens its files.
"""

import contextvars
import logging
import logging.handlers
import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from kernel.own_file import open_file

RECENT_RECORDS = 500
_current_pid: contextvars.ContextVar[int | None] = contextvars.ContextVar("aether_pid", default=None)
_SECRET = re.compile(
    r"(?i)\b(sk-[A-Za-z0-9_-]{8,}|AIza[0-9A-Za-z_-]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abp]-[A-Za-z0-9-]{10,}"
    r"|(?:bearer|api[-_]?key|x-api-key|x-goog-api-key|token|password|secret)[\"'\s:=]+[^\s\"',;]{6,})"
)


def redact(text: str) -> str:
    """The text with everything that looks like a key, token or password replaced."""
    return _SECRET.sub("[redacted]", text)


def get_logger(name: str) -> logging.Logger:
    """The standard logger of that dotted name, below `aether`."""
    return logging.getLogger(f"aether.{name}")


def current_pid() -> int | None:
    """The agent that the running code works for, where one is bound."""
    return _current_pid.get()


@contextmanager
def bound_pid(pid: int) -> Iterator[None]:
    """Put this agent's pid in every record written inside the block (follows tasks through context variables)."""
    token = _current_pid.set(pid)
    try:
        yield
    finally:
        _current_pid.reset(token)


class _Context(logging.Filter):
    """Adds `pid` and redacts the finished message and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        pid = _current_pid.get()
        record.pid = "-" if pid is None else pid
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


class RecentRecords(logging.Handler):
    """Keeps the last formatted records for a crash report."""

    def __init__(self, capacity: int = RECENT_RECORDS) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=capacity)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def lines(self) -> tuple[str, ...]:
        """Oldest first."""
        return tuple(self._lines)


class _LogFile(logging.handlers.RotatingFileHandler):
    """The file on disk. Whatever takes its place while Aether runs, writing a line never waits for it."""

    def _open(self) -> TextIOWrapper:
        fd = open_file(Path(self.baseFilename), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")


def unusable(path: Path) -> str:
    """A sentence about why nothing can be logged there, "" where it can or where only trying will tell."""
    try:
        os.close(open_file(path, os.O_WRONLY | os.O_APPEND))
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"The log {path} cannot be written ({error.strerror}), so nothing is logged. Move it elsewhere and start Aether again."
    return ""


def configure(path: Path | None, *, level: int = logging.INFO) -> RecentRecords:
    """Send Aether's records to a rotating file (where given) and to memory; the last five files of 1 MB are kept.

    Returns the in-memory handler. Where the file is `unusable`, memory is all there is. Safe to call again: handlers of the earlier call
    are closed first.
    """
    # A full disk must not put tracebacks of the log itself between the lines of a terminal.
    logging.raiseExceptions = False
    root = logging.getLogger("aether")
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    recent = RecentRecords()
    handlers: list[logging.Handler] = [recent]
    if path is not None and not unusable(path):
        handlers.append(_LogFile(path, maxBytes=1_000_000, backupCount=5, delay=True))
    for handler in handlers:
        handler.addFilter(_Context())
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s pid=%(pid)s %(name)s: %(message)s"))
        root.addHandler(handler)
    return recent
