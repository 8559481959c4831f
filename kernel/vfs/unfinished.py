"""What is not whole yet while it is written or copied, noted so that the next start can remove what a kill leaves behind.

One small file for each, in a folder that only Aether enters, made before the temporary one and removed after it: no start has to look
through anybody's files. `Tree` notes, `bootstrap` sweeps. Nothing is removed but what has the noted name in the noted folder.
"""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from kernel.errors import AetherError
from kernel.vfs import removal
from kernel.vfs.confinement import identity_of, open_kept

Kind = Literal["file", "folder"]
MAX_SWEPT = 1_000
MAX_NOTE_BYTES = 8_192
_NAME = re.compile(r"\.aether-[0-9a-f]{16}\.part")


def temporary_name() -> str:
    """A hidden name for what is not whole yet; it stays only where the process is killed, and says whose it was."""
    return f".aether-{secrets.token_hex(8)}.part"


class Unfinished:
    """The notes in one folder, which nobody else may write to. Blocking: used in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def noted(self, folder: int, name: str, kind: Kind) -> Iterator[None]:
        """Note `name` (of `temporary_name`) in the folder `folder` (a descriptor) until the block has ended and nothing has that name.

        Where no note can be made, the block runs without one: what is lost is that a kill in it is cleared up after.
        """
        note = self._folder / name
        with contextlib.suppress(OSError):
            device, inode = identity_of(folder)
            text = f"{kind} {device} {inode}\n".encode() + os.fsencode(os.readlink(f"/proc/self/fd/{folder}"))
            note.write_bytes(text)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                if _type_at(folder, name) is None:
                    note.unlink()

    def left(self) -> tuple[str, ...]:
        """The names of what earlier processes left, as far as noted; to be asked for before anything is written. At most `MAX_SWEPT`."""
        found: list[str] = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name):
                    found.append(entry.name)
                if len(found) == MAX_SWEPT:
                    break
        return tuple(found)

    def sweep(self, names: Collection[str]) -> None:
        """Remove what has these names where it was noted, as far as the system lets us, and forget it."""
        for name in names:
            note = self._folder / name
            with contextlib.suppress(OSError, AetherError, ValueError):
                with note.open("rb") as file:
                    text = file.read(MAX_NOTE_BYTES)
                _remove(name, text)
            with contextlib.suppress(OSError):
                note.unlink()


def _remove(name: str, text: bytes) -> None:
    """Raises OSError, AetherError (another folder is there now), ValueError (no note)."""
    head, _, path = text.partition(b"\n")
    kind, device, inode = head.decode("ascii").split(" ")
    folder = open_kept(Path(os.fsdecode(path)), (int(device), int(inode)))
    try:
        found = _type_at(folder, name)
        if kind == "file" and found == stat.S_IFREG:
            os.unlink(name, dir_fd=folder)
        elif kind == "folder" and found == stat.S_IFDIR:
            removal.remove(folder, name)
    finally:
        os.close(folder)


def _type_at(folder: int, name: str) -> int | None:
    """The kind of thing that has a name, as `stat.S_IFMT` says it; None for nothing."""
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None
