"""How a command that was refused is told of: on standard error, what happened, and below it what to do."""

import sys

from kernel.cli.marked_text import marked
from kernel.errors import AetherError
from kernel.protocol.shown_text import visible


def say_refused(error: AetherError) -> None:
    """Print the two sentences; the exit code is the caller's."""
    print(f"aether: {marked(visible(error.message))}", file=sys.stderr)
    if error.hint:
        print(f"        {marked(visible(error.hint))}", file=sys.stderr)
