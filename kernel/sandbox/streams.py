"""What a command is started with: a checked request, an input that cannot block, an output that only we can read.

Used by `SupervisedSandbox` for each command; owns nothing.
"""

import os
import tempfile

from kernel.errors import InvalidArgumentError
from kernel.sandbox.backend import ExecRequest

MAX_STDIN_BYTES = 16 << 20
MAX_TERMINAL_SIDE = 2000


def check_request(request: ExecRequest) -> None:
    """Raise InvalidArgumentError, with what is wrong, for a request that cannot be run."""
    if not request.argv or not request.argv[0]:
        raise InvalidArgumentError("A command needs a program to run.")
    texts = (*request.argv, request.cwd, *request.env, *request.env.values())
    if any("\0" in text for text in texts):
        raise InvalidArgumentError("A command cannot contain a NUL character.")
    if any("=" in name or not name for name in request.env):
        raise InvalidArgumentError("The name of an environment variable cannot be empty or contain '='.")
    if not request.cwd.startswith("/"):
        raise InvalidArgumentError(f"{request.cwd[:200]!r} is not an absolute path.")
    if request.pty and request.stdin:
        raise InvalidArgumentError("Input for a command on a terminal is written to the terminal.")
    if len(request.stdin) > MAX_STDIN_BYTES:
        raise InvalidArgumentError(f"Standard input is limited to {MAX_STDIN_BYTES >> 20} MiB.", "Use a file.")
    if not (1 <= request.columns <= MAX_TERMINAL_SIDE and 1 <= request.lines <= MAX_TERMINAL_SIDE):
        raise InvalidArgumentError(f"A terminal has 1 to {MAX_TERMINAL_SIDE} columns and lines.")
    if request.deadline_s is not None and not request.deadline_s > 0:
        raise InvalidArgumentError("A deadline must be more than 0 seconds.")


def output_pipe(owner: int | None) -> tuple[int, int, int]:
    """(our reading end, the command's writing end, the supervisor's own reading end).

    owner: uid of the commands where it is not ours, so that they can open /dev/stdout.
    The supervisor's end is opened anew, so that its flags are not shared with ours: nobody inside can make our read block.
    """
    reading, writing = os.pipe()
    drain = os.open(f"/dev/fd/{reading}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(reading, False)
    if owner is not None:
        os.fchown(writing, owner, owner)
    return reading, writing, drain


def input_file(content: bytes) -> int:
    """A descriptor from which exactly `content` can be read, and nothing can be written."""
    if not content:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(os.memfd_create("stdin"), "wb") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return os.open(f"/dev/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
