"""Names and paths of the virtual file system, and how they are written for people. Pure.

A name is hostile: it may hold line breaks, bidirectional controls, 255 bytes of anything. ``shown_name`` makes it one visible line; what
is hostile in it is judged where all shown text is, in ``widgets.shown_text``.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from aether_desktop.widgets.shown_text import exact
from kernel.protocol.ids import FileType

NAME_LIMIT_BYTES: Final = 255
ROOT: Final = "/"
_SIZES: Final = ((2**30, "GB"), (2**20, "MB"), (2**10, "KB"))
_BREAKS: Final = str.maketrans({"\t": "␉", "\n": "␊"})
_LOST: Final = "\ufffd"
_KINDS: Final[dict[FileType, str]] = {
    "directory": "folder",
    "file": "file",
    "symlink": "link",
    "pipe": "pipe",
    "device": "device",
}


def join(folder: str, name: str) -> str:
    """The path of ``name`` in ``folder``."""
    return f"{folder.rstrip('/')}/{name}"


def parent_of(path: str) -> str:
    """The folder above; the root is above itself."""
    return path.rstrip("/").rpartition("/")[0] or ROOT


def name_of(path: str) -> str:
    """The last part; the root's is ``/``."""
    return path.rstrip("/").rpartition("/")[2] or ROOT


def lies_in(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def crumbs(path: str, top: str) -> Sequence[tuple[str, str]]:
    """Name and path of each folder from ``top`` down to ``path``."""
    found = [(shown_name(name_of(top)) if top != ROOT else "Aether", top)]
    rest = path[len(top.rstrip("/")) :].strip("/")
    here = top
    for part in rest.split("/") if rest else ():
        here = join(here, part)
        found.append((shown_name(part), here))
    return found


def problem_with(name: str) -> str:
    """Why ``name`` cannot be a file's, in a sentence; "" where it can."""
    if not name.strip():
        return "Type a name."
    if name in (".", ".."):
        return "“.” and “..” mean folders; choose another name."
    if "/" in name:
        return "A name cannot hold a slash."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "A name typed here cannot hold control characters."
    if len(name.encode()) > NAME_LIMIT_BYTES:
        return f"The name has {len(name.encode())} bytes; at most {NAME_LIMIT_BYTES} are possible."
    return ""


def is_lost(name: str) -> bool:
    """Whether the name's bytes are no text: the file is there and cannot be named from here."""
    return _LOST in name


def free_name(wish: str, taken: Collection[str]) -> str:
    """``wish``, or ``wish 2`` and so on where that is taken; the ending stays and 255 bytes are kept."""
    if wish not in taken:
        return wish
    stem, dot, ending = wish.rpartition(".")
    if not stem or len(ending) > 8:
        stem, dot, ending = wish, "", ""
    number = 2
    while True:
        tail = f" {number}{dot}{ending}"
        name = _cut(stem, NAME_LIMIT_BYTES - len(tail.encode())) + tail
        if name not in taken:
            return name
        number += 1


def copy_name(name: str, taken: Collection[str]) -> str:
    """The name of a copy beside its original: ``notes copy.txt``."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 8:
        stem, dot, ending = name, "", ""
    tail = f" copy{dot}{ending}"
    return free_name(_cut(stem, NAME_LIMIT_BYTES - len(tail.encode())) + tail, taken)


def shown_name(name: str) -> str:
    """One line in which everything can be seen: tabs and line breaks as their pictures, other unseen characters by their numbers."""
    if name.isascii() and name.isprintable():
        return name
    return exact(name).translate(_BREAKS)


def size_text(count: int) -> str:
    """A size for people."""
    for limit, unit in _SIZES:
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"


def kind_text(kind: FileType) -> str:
    """The word for a kind of entry."""
    return _KINDS.get(kind, "file")


def moment_text(moment: float, now: float) -> str:
    """``14:05`` today, ``20 Nov 14:05`` within half a year, else ``2026-11-20``. Both in seconds since the epoch."""
    then, today = time.localtime(moment), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if abs(now - moment) < 180 * 86_400:
        return f"{then.tm_mday} {time.strftime('%b %H:%M', then)}"
    return time.strftime("%Y-%m-%d", then)


def count_text(count: int, word: str) -> str:
    """``1 item``, ``2,000 items``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _cut(text: str, limit_bytes: int) -> str:
    return text.encode()[: max(0, limit_bytes)].decode(errors="ignore")
