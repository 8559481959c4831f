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
from kernel.cli.refusal import say_refused
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
        say_refused(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        if _was_printing(error):
            print("aether: the output could not be written: its disk is full", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            place = f" {marked(visible(str(error.filename)))}" if error.filename else ""
            print(f"aether: a file{place} could not be written: its disk is full", file=sys.stderr)
            print("        Free some space and try again; many small files may take all room too (`df -i`).", file=sys.stderr)
        return 1


def _was_printing(error: OSError) -> bool:
    """Whether it came up in a line of the command line's own: these print, and write no file."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and os.path.dirname(place.tb_frame.f_code.co_filename) == os.path.dirname(__file__)


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
    sys.stdout.flush()  # what cannot be printed is said here; at the interpreter's end it would be a warning of Python's
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
    if sys.platform.startswith("linux"):
        from kernel.display import NONE, trouble_with

        trouble = trouble_with(os.environ)
        if trouble:
            why = "there is no display here, so the desktop cannot open" if trouble == NONE else marked(visible(trouble.rstrip(".")))
            print(f'aether: {why}; without one, use: aether run --role Coder --goal "..."', file=sys.stderr)
            return 1
    return os.execv(sys.executable, [sys.executable, "-I", "-m", "aether_desktop", *arguments])


if __name__ == "__main__":
    sys.exit(main())
