"""`aether`: alone it opens the desktop; with a subcommand it works in the terminal.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 129 its terminal was closed. Each subcommand is a file with
`add_arguments(parser)` and `run(arguments) -> int`, imported when it is used.
"""

import argparse
import errno
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kernel.cli.marked_text import marked
from kernel.cli.refusal import say_refused
from kernel.cli.standard_streams import OutputError, discard_output, prepare
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
    except OutputError as error:
        if error.errno != errno.EPIPE:  # whoever read it has seen enough
            reason = "its disk is full" if error.errno == errno.ENOSPC else error.strerror
            print(f"aether: the output could not be written: {reason}", file=sys.stderr)
        discard_output()
        return 1
    except OSError as error:
        _say_system_refused(error)
        return 1


def _say_system_refused(error: OSError) -> None:
    """What nobody below has put into words, such as a temporary file or a descriptor too many."""
    place = f" {marked(visible(str(error.filename)))}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        print(f"aether: a file{place} could not be written: its disk is full", file=sys.stderr)
        print("        Free some space and try again; many small files may take all room too (`df -i`).", file=sys.stderr)
        return
    print(f"aether: the system refused{place}: {marked(visible(error.strerror or str(error)))}", file=sys.stderr)
    print("        Mend that and try again; `aether doctor` says what else is missing.", file=sys.stderr)


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
    prepare()
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
