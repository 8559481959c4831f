"""`aether`: alone it opens the desktop; with a subcommand it works in the terminal.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 129 its terminal was closed. Each subcommand is a file with
`add_arguments(parser)` and `run(arguments) -> int`, imported when it is used.
"""

import argparse
import errno
import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kernel.cli.marked_text import marked
from kernel.errors import AetherError
from kernel.protocol.shown_text import visible
from kernel.version import VERSION

SUBCOMMANDS: dict[str, str] = {
    "run": "deploy one agent and print what it does, without a screen",
    "ps": "list the agents",
    "logs": "print what an agent did",
    "kill": "send a signal to an agent",
    "send": "tell an agent something",
    "approve": "let a waiting agent go on",
    "reject": "refuse what a waiting agent asks",
    "resume": "take up an interrupted agent",
    "serve": "run the kernel without a window until it is ended",
    "doctor": "say what was found on this machine and how to get what is missing",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point. Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] == "desktop":
        return _desktop(words[1:])
    try:
        return _subcommand(words)
    except AetherError as error:
        print(f"aether: {marked(visible(error.message))}", file=sys.stderr)
        if error.hint:
            print(f"        {marked(visible(error.hint))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("aether: the output could not be written: its disk is full", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _subcommand(words: list[str]) -> int:
    parser, parsers = _parser()
    if words[0] in SUBCOMMANDS:
        with _interruptions_held_back():
            module = importlib.import_module(f"kernel.cli.{words[0]}")
            from kernel.cli.arguments import with_formats
        module.add_arguments(parsers[words[0]])
        formats = parsers[words[0]].get_default("formats")
        words = with_formats(words, formats) if formats else words
    parsed = parser.parse_args(words)
    if parsed.subcommand is None:
        parser.print_help()
        return 2
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign must not end a run
    code: int = importlib.import_module(f"kernel.cli.{parsed.subcommand}").run(parsed)
    return code


@contextmanager
def _interruptions_held_back() -> Iterator[None]:
    """Ctrl+C comes behind this block: an interruption within an import may be swallowed there, or leave half a module."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _open_missing_streams() -> None:
    """A caller may have closed them: what reads and writes them then meets the empty device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # for the life of the process


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="aether",
        description="An operating system for AI agents. Without a subcommand the desktop is opened.",
    )
    parser.add_argument("--version", action="version", version=f"aether {VERSION}")
    subparsers = parser.add_subparsers(dest="subcommand", metavar="subcommand")
    subparsers.add_parser("desktop", help="open the desktop")
    made = {
        name: subparsers.add_parser(name, help=text, description=text, allow_abbrev=False) for name, text in SUBCOMMANDS.items()
    }
    return parser, made


def _desktop(arguments: list[str]) -> int:
    """Replace this process by the desktop's own; returns only where there is no display."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    screenless = os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "vnc", "linuxfb", "eglfs")
    if sys.platform.startswith("linux") and not shown and not screenless:
        print(
            "aether: there is no display here, so the desktop cannot open; "
            'without one, use: aether run --role Coder --goal "..."',
            file=sys.stderr,
        )
        return 1
    return os.execv(sys.executable, [sys.executable, "-I", "-m", "aether_desktop", *arguments])


if __name__ == "__main__":
    sys.exit(main())
