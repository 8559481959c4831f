"""Finding a desktop's Unix socket in a folder in which an agent may put what it likes, and connecting to it.

Called for viewers by the owner of the desktops. It follows no link and opens nothing but a socket; who listens there is the agent's
sandbox, whatever program it is, so everything that comes out of the socket is hostile.
"""

import asyncio
import contextlib
import errno
import os
import socket
import stat
from pathlib import Path

from kernel.errors import AetherError, NotFoundError, UnavailableError

TRIES = 5
TRY_AGAIN_S = 0.1


async def connect(folder: Path, name: str) -> socket.socket:
    """A non-blocking connection to the socket `name` right in `folder`. The path to it may be of any length.

    Raises NotFoundError where nothing has that name, UnavailableError where it is no socket or nobody answers there.
    """
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        raise NotFoundError("A desktop's socket cannot have such a name.")
    with contextlib.ExitStack() as held:
        found = _opened(folder, name, held)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            await _connect(made, f"/proc/self/fd/{found}")
        except BaseException:
            made.close()
            raise
    return made


def _opened(folder: Path, name: str, held: contextlib.ExitStack) -> int:
    """A descriptor that stands for the socket itself; it stays what it is, whoever renames or replaces what."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        place = os.open(folder, flags | os.O_DIRECTORY)
        held.callback(os.close, place)
        found = os.open(name, flags, dir_fd=place)
        held.callback(os.close, found)
        mode = os.fstat(found).st_mode
    except OSError as error:
        raise _translated(error) from error
    if not stat.S_ISSOCK(mode):
        raise UnavailableError("The desktop cannot be reached: something else is in the place of its socket.")
    return found


async def _connect(made: socket.socket, address: str) -> None:
    """A server with a full queue is asked again a few times: a Unix socket does not say when there is room."""
    for _ in range(TRIES):
        try:
            made.connect(address)
        except BlockingIOError:
            await asyncio.sleep(TRY_AGAIN_S)
        except OSError as error:
            raise _translated(error) from error
        else:
            return
    raise UnavailableError("The desktop cannot be reached: too many wait for an answer there.")


def _translated(error: OSError) -> AetherError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return NotFoundError("There is no desktop: its socket is not there.")
    if error.errno == errno.ECONNREFUSED:
        return UnavailableError("The desktop cannot be reached: nobody answers at its socket.")
    return UnavailableError(f"The desktop cannot be reached: {error.strerror or error}.")
