"""Standard input, output and error as the subcommands use them: there is always one of each, and a failing output says that it is one.

`main` prepares them before a subcommand runs.
"""

import io
import os
import sys
from typing import Any


class OutputError(OSError):
    """Standard output could not be written: its disk is full, its reader or its terminal is gone."""


class _Output(io.FileIO):
    """The descriptor of standard output. Any other file fails with a plain OSError, so the two can be told apart."""

    def write(self, data: Any) -> int:
        """Raises OutputError."""
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error


def prepare() -> None:
    """Open what a caller has closed, on the empty device; a sign that a terminal cannot show must not end a run either."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # for the life of the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        # Python keeps that one; the descriptor of another would be closed together with what is replaced here.
        sys.stdout.flush()
        sys.stdout = _telling(sys.stdout)


def discard_output() -> None:
    """What is still to be written goes nowhere: at its end Python would try once more, and warn."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _telling(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same stream, buffered or not as it was, whose failures are an OutputError."""
    raw: Any = _Output(stream.fileno(), "w", closefd=False)
    buffered = isinstance(stream.buffer, io.BufferedWriter)
    return io.TextIOWrapper(
        io.BufferedWriter(raw) if buffered else raw,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
