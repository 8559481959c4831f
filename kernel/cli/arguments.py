"""What stands on the command line, judged before a kernel is asked. The subcommands give these to their parsers as `type`."""

import argparse

from kernel.errors import NotFoundError

LARGEST_PID = (1 << 53) - 1


def process_id(text: str) -> int:
    """A number that a process can have. Raises NotFoundError where none has it, ArgumentTypeError for what is no number."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:100]!r} is not the number of a process") from None
    if not 0 <= number <= LARGEST_PID:
        raise NotFoundError(f"There is no process {text[:100]}.", "`aether ps -a` lists all runs.")
    return number


def message(text: str) -> str:
    """What an agent is told. Raises ArgumentTypeError where that is nothing."""
    if not text.strip():
        raise argparse.ArgumentTypeError("The message is empty.")
    return text
