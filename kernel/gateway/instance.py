"""One instance for each root folder: the lock, and raising the window of the one that runs.

Plain blocking code without asyncio or Qt, since it runs before either is imported.
"""

import hashlib
import os
import socket
import stat
import tempfile
import time
from pathlib import Path

import msgspec

from kernel.errors import ConflictError, PermissionDeniedError, UnavailableError
from kernel.store.place import has_room

RAISE = b'{"type":"desktop.raise","id":"raise"}\n'
MAX_SOCKET_BYTES = 100
RETRIES = 40
RETRY_S = 0.05
ANSWER_S = 8.0


def control_socket(runtime: Path) -> Path:
    """Where the control socket of a runtime folder is: in it, or, where that name is too long for a socket, in a short private
    folder of this user that is derived from it. Raises PermissionDeniedError when that folder is somebody else's."""
    path = runtime / "control.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(runtime)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"aether-{os.geteuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) != 0o700 or not stat.S_ISDIR(status.st_mode):
        raise PermissionDeniedError(f"{folder} is not this user's own.", "Remove it, or set AETHER_FS_ROOT to a shorter path.")
    return folder / "control.sock"


class InstanceLock:
    """Who owns a root folder: held from `acquire` until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def acquire(self) -> bool:
        """Whether this process is now the one instance. Raises PermissionDeniedError where the lock cannot be opened."""
        import fcntl

        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            hint = "Remove it, mend its permissions, or set AETHER_FS_ROOT to a folder that is your own."
            raise PermissionDeniedError(f"Aether cannot use its lock {self._path}: {error.strerror}.", hint) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """Let another instance start, also while a process that is just being started still has a copy of the descriptor."""
        import fcntl

        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)
            self._fd = -1


def silence_of(root: Path, state: Path) -> UnavailableError:
    """What to say of an instance that holds the folder `root` (its own files in `state`) and does not answer."""
    if not has_room(state):
        return UnavailableError(
            f"The Aether that runs on {root} cannot start: the disk that holds {state} is full.",
            "Free some space: it goes on by itself as soon as there is room.",
        )
    return UnavailableError(f"The Aether that runs on {root} does not answer.", "Wait a moment, or end it and try again.")


def raise_running(control_socket: Path) -> bool:
    """Ask the running instance to show its window; retries while it is still starting. False when it does not answer
    within `ANSWER_S`.

    Raises ConflictError with what it says where it has none.
    """
    until = time.monotonic() + ANSWER_S
    for _ in range(RETRIES):
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(left_s)
                client.connect(str(control_socket))
                client.sendall(RAISE)
                answer = client.recv(4096)
        except OSError:
            time.sleep(RETRY_S)
            continue
        return _is_raised(answer)
    return False


def _is_raised(answer: bytes) -> bool:
    """Whether the answer says so. Raises ConflictError where it says why not."""
    try:
        said = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b"response.ok" in answer
    if isinstance(said, dict) and said.get("type") == "response.error":
        raise ConflictError(str(said.get("error", "")), str(said.get("hint", "")))
    return b"response.ok" in answer
