"""The instance's secret: AETHER_SECRET where it is set, else made once and kept where only this user reads it.

`bootstrap` reads it at the start, so that a wrong one is said then and not when a session of the gateway is first signed with it. It is
in no configuration file, no environment of an agent and no log.
"""

import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from kernel.errors import DiskFullError, InvalidArgumentError, StorageError

VARIABLE = "AETHER_SECRET"
MIN_CHARACTERS = 16
MAX_CHARACTERS = 1024
GENERATED_BYTES = 32


class Secret:
    """A value that shows itself to nobody who does not ask for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The secret as key bytes."""
        return self._value.encode()

    def __repr__(self) -> str:
        return "Secret(...)"


def load(file: Path, environ: Mapping[str, str]) -> Secret:
    """The secret of this instance; `file` keeps a generated one. Raises InvalidArgumentError (what is set is too weak), StorageError."""
    chosen = environ.get(VARIABLE, "")
    if chosen:
        _check(chosen, f"{VARIABLE}", f"Set at least {MIN_CHARACTERS} characters, or unset it to have one made.")
        return Secret(chosen)
    try:
        kept = _read(file) or _make(file)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError(f"The disk that holds {file.parent} is full; nothing can be saved.", "Free some space.") from error
        raise StorageError(f"{file} cannot be used: {error.strerror or error}.", "Mend its permissions or remove it.") from error
    _check(kept, str(file), "Remove it to have a new one made; sessions that it signed end.")
    return Secret(kept)


def _check(value: str, where: str, hint: str) -> None:
    if not MIN_CHARACTERS <= len(value) <= MAX_CHARACTERS or not value.isprintable() or not value.isascii():
        raise InvalidArgumentError(f"{where} holds no usable secret ({len(value)} characters).", hint)


def _read(file: Path) -> str:
    """What is kept, "" where nothing is; its mode is mended."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    with os.fdopen(fd, "rb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        return stream.read(4 * MAX_CHARACTERS).decode(errors="replace").strip()


def _make(file: Path) -> str:
    """A new one, whole on disk before its name is there; where another start was first, that one's."""
    value = secrets.token_urlsafe(GENERATED_BYTES)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(fd, "w") as stream:
            stream.write(value + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, file)
    except FileExistsError:
        return _read(file)
    finally:
        os.unlink(temporary)
    return value
